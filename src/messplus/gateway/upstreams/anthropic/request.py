"""A chat completion's request as one for a message."""

from typing import Any, Final

from messplus.gateway.upstreams.anthropic.messages import messages_of
from messplus.gateway.upstreams.dialect import Fields, Json, Untranslatable

DEFAULT_MAX_TOKENS: Final = 4096
"""Of an answer whose request sets no limit; this API wants one."""

HOTTEST: Final = 1.0
"""Highest temperature that this API takes; OpenAI's goes to 2."""

_ONLY_JSON: Final = "Answer with one JSON object and nothing else."


def messages_request(fields: Fields, *, model: str, stream: bool) -> Json:
    """The body of `POST /v1/messages`.

    Fields that have no counterpart are left out; docs/reference/upstreams.md lists them.

    Args:
        fields: The body of a chat completion.
        model: What the provider calls the model.
        stream: Whether the answer is to come in pieces.

    Raises:
        Untranslatable: It asks for what the API does not have, and what cannot be left out.
    """
    if (fields.get("n") or 1) != 1:
        raise Untranslatable("n must be 1: this model gives one answer")
    if fields.get("functions"):
        raise Untranslatable("functions are not supported by this model: use tools")
    system, messages = messages_of(fields.get("messages"))
    body: Json = {
        "model": model,
        "max_tokens": fields.get("max_completion_tokens")
        or fields.get("max_tokens")
        or DEFAULT_MAX_TOKENS,
        "messages": messages,
    }
    if stream:
        body["stream"] = True
    _sampling(fields, body)
    _tools(fields, body)
    form = fields.get("response_format")
    match form:
        case {"type": "json_schema", "json_schema": {"schema": dict(schema)}}:
            body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
        case {"type": "json_object"}:
            system.append({"type": "text", "text": _ONLY_JSON})
    if system:
        body["system"] = system
    user = fields.get("safety_identifier") or fields.get("user")
    if isinstance(user, str):
        body["metadata"] = {"user_id": user}
    return body


def _sampling(fields: Fields, body: Json) -> None:
    temperature, top_p, stop = fields.get("temperature"), fields.get("top_p"), fields.get("stop")
    if isinstance(temperature, int | float):
        body["temperature"] = min(temperature, HOTTEST)
    elif top_p is not None:  # newer models refuse both at once
        body["top_p"] = top_p
    texts = [stop] if isinstance(stop, str) else stop
    if isinstance(texts, list):
        # The API refuses those of white space alone.
        kept = [text for text in texts if isinstance(text, str) and text.strip()]
        if kept:
            body["stop_sequences"] = kept


def _tools(fields: Fields, body: Json) -> None:
    tools = fields.get("tools")
    if not tools:
        return
    if not isinstance(tools, list):
        raise Untranslatable("tools must be a list")
    body["tools"] = [_tool(tool, n) for n, tool in enumerate(tools)]
    choice = _tool_choice(fields.get("tool_choice"))
    if fields.get("parallel_tool_calls") is False:
        choice = choice or {"type": "auto"}
        if choice["type"] != "none":
            choice["disable_parallel_tool_use"] = True
    if choice:
        body["tool_choice"] = choice


def _tool(tool: object, n: int) -> Json:
    match tool:
        case {"type": "function", "function": {"name": str(name), **rest}}:
            pass
        case _:
            raise Untranslatable(f"tools[{n}] must be a function with a name")
    told: dict[str, Any] = {
        "name": name,
        "input_schema": rest.get("parameters") or {"type": "object", "properties": {}},
    }
    if rest.get("description"):
        told["description"] = rest["description"]
    if rest.get("strict") is True:
        told["strict"] = True
    return told


def _tool_choice(choice: object) -> Json | None:
    match choice:
        case None:
            return None
        case "auto" | "none":
            return {"type": choice}
        case "required":
            return {"type": "any"}
        case {"type": "function", "function": {"name": str(name)}}:
            return {"type": "tool", "name": name}
    raise Untranslatable(
        "tool_choice must be auto, none, required, or name a function, got " + repr(choice)[:100]
    )
