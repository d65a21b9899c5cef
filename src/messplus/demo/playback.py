"""An OpenAI-compatible endpoint that says again what was recorded, at the recorded pace or faster.

It is the upstream of a demo: the gateway in front of it is the real one, and cannot tell.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from typing import Any, Final

import orjson
from aiohttp import web
from anyio.from_thread import start_blocking_portal

from messplus.demo.recording import Recorded, Recording
from messplus.demo.setup import ZooModel
from messplus.errors import require_range

HOST: Final = "127.0.0.1"
_MOST_PIECES = 16
_SHUTDOWN_S = 1.0

Json = dict[str, Any]
"""As it goes over the wire."""


@contextmanager
def playing(recording: Recording, *, speed: float) -> Iterator[str]:
    """Play a recording back from a thread while the `with` block runs.

    Args:
        recording: What is known.
        speed: How many times as fast as recorded, > 0.

    Yields:
        The base URL, which ends in /v1.

    Raises:
        SettingError: `speed` is not above 0.
        OSError: There is no free port.
    """
    require_range("speed", speed, "above 0", ok=speed > 0)
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(_listening(Playback(recording, speed).app())) as url,
    ):
        yield url


@contextmanager
def recorded_zoo(recording: Recording, *, speed: float) -> Iterator[list[ZooModel]]:
    """The models of a recording while it is played back; arguments and errors as of `playing`."""
    with playing(recording, speed=speed) as url:
        yield [ZooModel(name, url, price) for name, price in recording.prices.items()]


@asynccontextmanager
async def _listening(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        yield f"http://{HOST}:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


class Playback:
    """Answers from a recording."""

    def __init__(self, recording: Recording, speed: float) -> None:
        self._recording = recording
        self._speed = speed
        self._ids = count(1)

    def app(self) -> web.Application:
        """The application: `POST /v1/chat/completions` and `GET /v1/models`."""
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/v1/models", self._models)
        return app

    async def _models(self, _: web.Request) -> web.Response:
        listed = [
            {"id": model, "object": "model", "created": 0, "owned_by": "recording"}
            for model in self._recording.outcomes.models
        ]
        return _json({"object": "list", "data": listed})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        try:
            body = orjson.loads(await request.read())
            model, prompt = body["model"], _latest_words(body["messages"])
        except (orjson.JSONDecodeError, LookupError, TypeError) as error:
            return _refused(400, f"model and messages are needed: {error!r}", "invalid_request")
        if model not in self._recording.outcomes.models:
            known = ", ".join(self._recording.outcomes.models)
            return _refused(404, f"there is no recording of {model!r}, only of {known}", "no_model")
        recorded = self._recording.answers.get((prompt, model))
        if recorded is None:
            return _refused(
                404,
                "this upstream only plays back recorded answers, and was never asked this; the "
                "questions it knows are those of the data set that ships (messplus data)",
                "not_recorded",
            )
        head = {
            "id": f"chatcmpl-playback-{next(self._ids)}",
            "created": int(time.time()),
            "model": model,
        }
        if body.get("stream"):
            options = body.get("stream_options") or {}
            return await self._stream(request, head, recorded, bool(options.get("include_usage")))
        await asyncio.sleep(recorded.latency_s / self._speed)
        message = {"role": "assistant", "content": recorded.text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return _json(
            head | {"object": "chat.completion", "choices": [choice], "usage": _usage(recorded)}
        )

    async def _stream(
        self, request: web.Request, head: Json, recorded: Recorded, include_usage: bool
    ) -> web.StreamResponse:
        """The answer in pieces, spread over the time that it took."""
        response = web.StreamResponse(headers={"Cache-Control": "no-cache"})
        response.content_type = "text/event-stream"
        head = head | {"object": "chat.completion.chunk"}

        async def send(choices: list[Json], **more: object) -> None:
            chunk = orjson.dumps(head | {"choices": choices} | more)
            await response.write(b"data: " + chunk + b"\n\n")

        pieces = list(_pieces(recorded.text))
        await response.prepare(request)
        await send([_delta({"role": "assistant", "content": ""})])
        for piece in pieces:
            await asyncio.sleep(recorded.latency_s / self._speed / len(pieces))
            await send([_delta({"content": piece})])
        await send([_delta({}, "stop")])
        if include_usage:
            await send([], usage=_usage(recorded))
        await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response


def _latest_words(messages: list[Mapping[str, Any]]) -> str:
    """The text of the latest message, be it a text or a list of parts."""
    content = messages[-1]["content"]
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part["type"] == "text")


def _pieces(text: str) -> Iterator[str]:
    """The text in at most `_MOST_PIECES` pieces of equal length; an empty text is one piece."""
    size = max(1, -(-len(text) // _MOST_PIECES))
    for start in range(0, max(1, len(text)), size):
        yield text[start : start + size]


def _delta(delta: Json, finish_reason: str | None = None) -> Json:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}


def _usage(recorded: Recorded) -> Json:
    return {
        "prompt_tokens": recorded.prompt_tokens,
        "completion_tokens": recorded.output_tokens,
        "total_tokens": recorded.prompt_tokens + recorded.output_tokens,
    }


def _json(body: Json, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


def _refused(status: int, message: str, code: str) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return _json({"error": error}, status)
