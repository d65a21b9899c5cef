"""A message as a chat completion, and an error as OpenAI's."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from messplus.gateway.upstreams.dialect import Json, Untranslatable

FINISH_REASONS: Final[Mapping[str, str]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
"""OpenAI's reason for each of Anthropic's; one that is new is `stop`."""


def completion_of(body: bytes, *, created: int) -> bytes:
    """A chat completion with what a message says.

    Args:
        body: The message.
        created: Seconds since 1970.

    Raises:
        Untranslatable: It is no message.
    """
    message = orjson.loads(body)
    if not isinstance(message, dict) or not isinstance(message.get("content"), list):
        raise Untranslatable("no message")
    text, thinking, calls = [], [], []
    for block in message["content"]:
        match block:
            case {"type": "text", "text": str(said)}:
                text.append(said)
            case {"type": "thinking", "thinking": str(thought)}:
                thinking.append(thought)
            case {"type": "tool_use", "id": str(name_of_call), "name": str(name)}:
                arguments = orjson.dumps(block.get("input") or {}).decode()
                calls.append(tool_call(name_of_call, name, arguments))
    answer: Json = {"role": "assistant", "content": "".join(text) if text else None}
    if thinking:
        answer["reasoning_content"] = "".join(thinking)
    if calls:
        answer["tool_calls"] = calls
    reason = FINISH_REASONS.get(str(message.get("stop_reason")), "stop")
    said_usage = message.get("usage")
    return orjson.dumps(
        {
            "id": message.get("id") or "",
            "object": "chat.completion",
            "created": created,
            "model": message.get("model") or "",
            "choices": [{"index": 0, "message": answer, "logprobs": None, "finish_reason": reason}],
            "usage": usage_of(said_usage if isinstance(said_usage, dict) else {}),
        }
    )


def tool_call(name_of_call: str, name: str, arguments: str) -> Json:
    """A call of a tool in OpenAI's terms."""
    function = {"name": name, "arguments": arguments}
    return {"id": name_of_call, "type": "function", "function": function}


def usage_of(said: Mapping[str, Any]) -> Json:
    """OpenAI's usage. Anthropic tells the prompt in three parts, and only the sum is the prompt."""
    cached = _count(said, "cache_read_input_tokens")
    prompt = _count(said, "input_tokens") + _count(said, "cache_creation_input_tokens") + cached
    output = _count(said, "output_tokens")
    return {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": prompt + output,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def error_of(body: bytes) -> bytes:
    """OpenAI's error body; what is no error of Anthropic's stays as it is."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    match said:
        case {"error": {"type": str(kind), "message": str(message)}}:
            return orjson.dumps(openai_error(kind, message))
    return body


def openai_error(kind: str, message: str) -> Json:
    """OpenAI's error. A prompt that is too long gets the code by which others know it."""
    too_long = "prompt is too long" in message or "exceed context limit" in message
    code = "context_length_exceeded" if too_long else kind
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _count(said: Mapping[str, Any], name: str) -> int:
    value = said.get(name)
    return value if isinstance(value, int) and value >= 0 else 0
