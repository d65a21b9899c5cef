"""The messages of a chat, as Anthropic's API has them: users and assistants in turn, made of blocks."""

import re
from typing import Final

import orjson

from messplus.gateway.upstreams.dialect import Json, Untranslatable

Blocks = list[Json]

_DATA_URL: Final = re.compile(r"data:([\w.+-]+/[\w.+-]+)(?:;[\w=.-]+)*;base64,", re.ASCII)
_HTTP: Final = ("https://", "http://")


def messages_of(messages: object) -> tuple[Blocks, list[Json]]:
    """The system prompt, and all other messages.

    System messages are taken out wherever they stand. Neighbours of one role become one message, as the
    results of tools called together must be.

    Raises:
        Untranslatable: A message is of an unknown role or shape, or holds what the API does not take.
    """
    if not isinstance(messages, list) or not messages:
        raise Untranslatable("messages must be a list of at least one message")
    system: Blocks = []
    turns: list[Json] = []
    for n, message in enumerate(messages):
        place = f"messages[{n}]"
        if not isinstance(message, dict):
            raise Untranslatable(f"{place} must be an object")
        role = message.get("role")
        match role:
            case "system" | "developer":
                system += _blocks(message.get("content"), place)
                continue
            case "user":
                blocks = _blocks(message.get("content"), place)
            case "assistant":
                blocks = [*_blocks(message.get("content"), place), *_calls(message, place)]
            case "tool":
                role, blocks = "user", [_result(message, place)]
            case _:
                raise Untranslatable(f"{place}.role must be system, user, assistant or tool")
        if not blocks:
            continue  # the API refuses empty messages
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": role, "content": blocks})
    if not turns:
        raise Untranslatable("messages must hold a text or an image")
    return system, turns


def _blocks(content: object, place: str) -> Blocks:
    """The parts of a content; empty texts, which the API refuses, are left out."""
    match content:
        case None | "":
            return []
        case str():
            return [{"type": "text", "text": content}]
        case list():
            parts = [_block(part, f"{place}.content[{n}]") for n, part in enumerate(content)]
            return [part for part in parts if part is not None]
    raise Untranslatable(f"{place}.content must be a text or a list of parts")


def _block(part: object, place: str) -> Json | None:
    match part:
        case {"type": "text", "text": str(text)} | {"type": "refusal", "refusal": str(text)}:
            return {"type": "text", "text": text} if text else None
        case {"type": "image_url", "image_url": {"url": str(url)} | str(url)}:
            return {"type": "image", "source": _source(url, place)}
        case {"type": "file", "file": {"file_data": str(url)}}:
            return {"type": "document", "source": _source(url, place)}
        case {"type": kind}:
            raise Untranslatable(f"{place}: this model takes no {str(kind)[:50]!r}")
    raise Untranslatable(f"{place} must be an object with a type")


def _source(url: str, place: str) -> Json:
    found = _DATA_URL.match(url)
    if found:
        return {"type": "base64", "media_type": found[1], "data": url[found.end() :]}
    if url.startswith(_HTTP):
        return {"type": "url", "url": url}
    raise Untranslatable(f"{place}: must be an http(s) URL or a base64 data URL, got {url[:40]!r}")


def _calls(message: Json, place: str) -> Blocks:
    calls = message.get("tool_calls") or []
    blocks: Blocks = []
    for n, call in enumerate(calls if isinstance(calls, list) else [calls]):
        match call:
            case {"id": str(name_of_call), "function": {"name": str(name), "arguments": str(text)}}:
                pass
            case _:
                raise Untranslatable(
                    f"{place}.tool_calls[{n}] must have an id, a name and arguments"
                )
        try:
            given = orjson.loads(text or "{}")
        except orjson.JSONDecodeError:
            given = None
        if not isinstance(given, dict):
            raise Untranslatable(
                f"{place}.tool_calls[{n}].function.arguments must be a JSON object"
            )
        blocks.append({"type": "tool_use", "id": name_of_call, "name": name, "input": given})
    return blocks


def _result(message: Json, place: str) -> Json:
    name_of_call = message.get("tool_call_id")
    if not isinstance(name_of_call, str):
        raise Untranslatable(f"{place}.tool_call_id must name the call")
    result: Json = {"type": "tool_result", "tool_use_id": name_of_call}
    content = _blocks(message.get("content"), place)
    if content:
        result["content"] = content
    return result
