"""A stream of a message's events as chunks of a chat completion."""

from typing import Final

import orjson

from messplus.gateway.upstreams.anthropic.answer import (
    FINISH_REASONS,
    openai_error,
    tool_call,
    usage_of,
)
from messplus.gateway.upstreams.dialect import Json
from messplus.gateway.upstreams.sse import Events, data_of

_DONE: Final = b"data: [DONE]\n\n"


class ChunkStream:
    """Reads events, writes chunks; the last of them tells the usage, and then comes `[DONE]`."""

    def __init__(self, *, created: int) -> None:
        """Nothing has come yet.

        Args:
            created: Seconds since 1970.
        """
        self._events = Events()
        self._created = created
        self._id = ""
        self._model = ""
        self._usage: Json = {}
        self._tools = 0
        self._arguments = False  # whether the call under way has got any
        self._in_call = False

    def feed(self, chunk: bytes) -> bytes:
        """The chunks that these further bytes make whole."""
        return b"".join([self._event(event) for event in self._events.feed(chunk)])

    def end(self) -> bytes:
        """What a last event says that was not ended by a blank line."""
        rest = self._events.end()
        return self._event(rest) if rest else b""

    def _event(self, event: bytes) -> bytes:
        data = data_of(event)
        if data is None:
            return b""
        try:
            said = orjson.loads(data)
        except orjson.JSONDecodeError:
            return b""
        match said:
            case {"type": "message_start", "message": dict(message)}:
                self._id = str(message.get("id") or "")
                self._model = str(message.get("model") or "")
                self._use(message.get("usage"))
                return self._chunk({"role": "assistant", "content": ""})
            case {"type": "content_block_start", "content_block": dict(block)}:
                return self._block(block)
            case {"type": "content_block_delta", "delta": dict(delta)}:
                return self._delta(delta)
            case {"type": "content_block_stop"}:
                return self._stop()
            case {"type": "message_delta", "delta": dict(delta)}:
                self._use(said.get("usage"))
                if delta.get("stop_reason") is None:
                    return b""
                return self._chunk({}, FINISH_REASONS.get(str(delta["stop_reason"]), "stop"))
            case {"type": "message_stop"}:
                return self._send([], usage=usage_of(self._usage)) + _DONE
            case {"type": "error", "error": dict(error)}:
                kind = str(error.get("type") or "api_error")
                return _data(openai_error(kind, str(error.get("message") or kind)))
        return b""  # pings, and what is new

    def _block(self, block: Json) -> bytes:
        match block:
            case {"type": "tool_use", "id": str(name_of_call), "name": str(name)}:
                given = block.get("input")
                arguments = orjson.dumps(given).decode() if given else ""
                self._in_call, self._arguments = True, bool(arguments)
                self._tools += 1
                call = {"index": self._tools - 1, **tool_call(name_of_call, name, arguments)}
                return self._chunk({"tool_calls": [call]})
            case {"type": "text", "text": str(text)} if text:
                return self._chunk({"content": text})
        return b""

    def _delta(self, delta: Json) -> bytes:
        match delta:
            case {"type": "text_delta", "text": str(text)}:
                return self._chunk({"content": text})
            case {"type": "input_json_delta", "partial_json": str(part)} if self._in_call and part:
                self._arguments = True
                return self._argue(part)
            case {"type": "thinking_delta", "thinking": str(thought)}:
                return self._chunk({"reasoning_content": thought})
        return b""

    def _stop(self) -> bytes:
        """A call without arguments is one with an empty object, which is never streamed."""
        lacking = self._in_call and not self._arguments
        self._in_call = False
        return self._argue("{}") if lacking else b""

    def _argue(self, part: str) -> bytes:
        call = {"index": self._tools - 1, "function": {"arguments": part}}
        return self._chunk({"tool_calls": [call]})

    def _use(self, usage: object) -> None:
        """Later counts are of the whole so far; those that are not told again hold."""
        if isinstance(usage, dict):
            self._usage.update({key: value for key, value in usage.items() if value is not None})

    def _chunk(self, delta: Json, finish_reason: str | None = None) -> bytes:
        return self._send([{"index": 0, "delta": delta, "finish_reason": finish_reason}])

    def _send(self, choices: list[Json], **more: Json) -> bytes:
        return _data(
            {
                "id": self._id,
                "object": "chat.completion.chunk",
                "created": self._created,
                "model": self._model,
                "choices": choices,
                **more,
            }
        )


def _data(said: Json) -> bytes:
    return b"data: " + orjson.dumps(said) + b"\n\n"
