"""The request body: read within bounds, and parsed as far as routing needs. The rest is not touched."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.types import Receive, Scope

from messplus.gateway.errors import invalid, too_large

Json = dict[str, Any]
"""What a client sent, as JSON: of any shape but for the fields that are checked."""

OWN: Final = "messplus"
"""The field of a request body that is for us, and goes no further."""

_IMAGES: Final = ("image_url", "image", "input_image")  # no set: a type may be anything
_TOKENS_OF_AN_IMAGE: Final = 1000
_CHARACTERS_OF_A_TOKEN: Final = 4


class ClientGone(Exception):  # noqa: N818  # nothing is wrong: the client has left
    """The client has closed the connection."""


async def read_body(scope: Scope, receive: Receive, most_bytes: int) -> bytes:
    """The whole body.

    Raises:
        ApiError: It is too large.
        ClientGone: It did not come whole.
    """
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > most_bytes:
            raise too_large(most_bytes)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most_bytes:
            raise too_large(most_bytes)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def parse(body: bytes) -> Json:
    """The body as a JSON object.

    Raises:
        ApiError: It is none.
    """
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise invalid(f"the request body must be JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise invalid(f"the request body must be a JSON object, got {type(parsed).__name__}")
    return parsed


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, as far as routing needs to know.

    Attributes:
        model: Name of a route or model.
        text: What the router reads: the latest words of the user.
        stream: Whether the answer is to come in pieces.
        include_usage: Whether the client asked for the token counts of a stream.
        tokens: Of the prompt at 4 characters each, and of the longest answer that is asked for.
        tools: Whether tools are given.
        images: Whether images are.
        schema: The JSON schema that the answer must obey, if there is one.
        structured: Whether the answer must be JSON of some shape.
        metadata: The fields of `metadata` that are texts.
        own: The field `messplus`.
    """

    model: str
    text: str
    stream: bool
    include_usage: bool
    tokens: int
    tools: bool
    images: bool
    schema: Json | None
    structured: bool
    metadata: Mapping[str, str]
    own: Json


def asked_of_chat(body: Json) -> Asked:
    """What a chat completion asks for.

    Raises:
        ApiError: `model`, `messages` or another field that routing needs is missing or of a wrong type.
    """
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise invalid("messages must be a list of at least one message", "messages")
    text, characters, images = _read_messages(messages)
    return _asked(body, text, characters, images, ("max_completion_tokens", "max_tokens"))


def asked_of_completion(body: Json) -> Asked:
    """What a text completion asks for.

    Raises:
        ApiError: `model` or `prompt` is missing or of a wrong type.
    """
    prompt = body.get("prompt")
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str):
        raise invalid(
            "prompt must be a text to be routed; name a model for anything else", "prompt"
        )
    return _asked(body, prompt, len(prompt), 0, ("max_tokens",))


def named(body: Json) -> str:
    """The field `model`.

    Raises:
        ApiError: It is missing, or no text.
    """
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise invalid("model must name a route or a model; auto is the default route", "model")
    return model


def flag(body: Json, name: str) -> bool:
    """A field that is true, false, null or missing.

    Raises:
        ApiError: It is something else.
    """
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise invalid(f"{name} must be true or false, got {type(value).__name__}", name)
    return bool(value)


def _asked(body: Json, text: str, characters: int, images: int, limits: tuple[str, ...]) -> Asked:
    longest = next((body[name] for name in limits if isinstance(body.get(name), int)), 0)
    form = _mapping(body, "response_format")
    schema = _mapping(form, "json_schema").get("schema")
    own = body.get(OWN, {})
    if not isinstance(own, dict):
        raise invalid(f"{OWN} must be an object, got {type(own).__name__}", OWN)
    metadata = body.get("metadata")
    return Asked(
        model=named(body),
        text=text,
        stream=flag(body, "stream"),
        include_usage=_mapping(body, "stream_options").get("include_usage") is True,
        tokens=characters // _CHARACTERS_OF_A_TOKEN + images * _TOKENS_OF_AN_IMAGE + longest,
        tools=bool(body.get("tools") or body.get("functions")),
        images=images > 0,
        schema=schema if isinstance(schema, dict) else None,
        structured=form.get("type") == "json_schema",
        metadata=_texts(metadata) if isinstance(metadata, dict) else {},
        own=own,
    )


def _mapping(body: Json, name: str) -> Json:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _texts(metadata: Json) -> dict[str, str]:
    return {key: value for key, value in metadata.items() if isinstance(value, str)}


def _read_messages(messages: list[Any]) -> tuple[str, int, int]:
    """The latest words of the user, the characters of all messages, and the number of images."""
    latest, characters, images = "", 0, 0
    for n, message in enumerate(messages):
        if not isinstance(message, dict):
            raise invalid(f"messages[{n}] must be an object", f"messages[{n}]")
        content = message.get("content")
        if isinstance(content, str):
            words = content
        elif isinstance(content, list):
            parts = [part for part in content if isinstance(part, dict)]
            words = "\n".join(part["text"] for part in parts if isinstance(part.get("text"), str))
            images += sum(part.get("type") in _IMAGES for part in parts)
        elif content is None:
            words = ""
        else:
            raise invalid(
                f"messages[{n}].content must be a text or a list of parts", f"messages[{n}].content"
            )
        characters += len(words)
        if message.get("role") == "user" and words:
            latest = words
    return latest, characters, images
