"""An upstream that answers by script over real HTTP, and remembers what it was sent."""

import asyncio
import threading
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web
from anyio.from_thread import start_blocking_portal

Json = dict[str, Any]

Answer = Callable[[web.Request, Json], Awaitable[web.StreamResponse]]
"""Answers a request with this body."""

ANY = "*"
"""A script for whichever model is asked."""

USAGE = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that has come; names of headers in lower case."""

    path: str
    headers: Mapping[str, str]
    body: Json


class Gate:
    """What an answer waits for until the test opens it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._opened = asyncio.Event()

    def open(self) -> None:
        self._loop.call_soon_threadsafe(self._opened.set)

    async def wait(self) -> None:
        await self._opened.wait()


class Upstream:
    """Any number of models behind one address, in the API of OpenAI or of Anthropic.

    Attributes:
        url: The base URL, which ends in /v1.
        asked: What has come.
        begun: Set when a request has come.
        left: Set when a client has gone before its answer was whole.
    """

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self.begun = threading.Event()
        self.left = threading.Event()
        self._loop = loop
        self._script: defaultdict[str, deque[Answer]] = defaultdict(deque)

    def script(self, *answers: Answer, model: str = ANY) -> None:
        """Give these answers next, whichever model is asked or only where this one is.

        When the script has come to its end, every request gets a greeting.
        """
        self._script[model].extend(answers)

    def always(self, answer: Answer, *, model: str = ANY) -> None:
        """Give this answer for ever."""
        self._script[model] = deque([answer], maxlen=1)

    def gate(self) -> Gate:
        return Gate(self._loop)

    def bodies(self) -> list[Json]:
        return [one.body for one in self.asked]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append(Asked(request.path, headers, body))
        self.begun.set()
        try:
            return await self._next(body["model"])(request, body)
        except (asyncio.CancelledError, ConnectionError):
            self.left.set()
            raise

    def _next(self, model: str) -> Answer:
        waiting = self._script[model] or self._script[ANY]
        if not waiting:
            return greeting
        return waiting[0] if waiting.maxlen == 1 else waiting.popleft()


class Server:
    """Listens for one upstream after the other: each test has one of its own at the same address.

    Attributes:
        url: The base URL, which ends in /v1.
    """

    def __init__(self) -> None:
        self.url = ""
        self._loop = asyncio.get_running_loop()
        self._now: Upstream | None = None

    def upstream(self) -> Upstream:
        """Another one, which answers from now on."""
        self._now = Upstream(self.url, self._loop)
        return self._now

    async def answer(self, request: web.Request) -> web.StreamResponse:
        assert self._now is not None
        return await self._now.answer(request)


@contextmanager
def scripted_server() -> Iterator[Server]:
    """A server in a thread of its own."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(_listening()) as server,
    ):
        yield server


@asynccontextmanager
async def _listening() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_post("/v1/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield server
    finally:
        await runner.cleanup()


async def greeting(request: web.Request, body: Json) -> web.StreamResponse:
    """What an upstream says without a script."""
    if request.path.endswith("/embeddings"):
        embedding = {"object": "embedding", "index": 0, "embedding": [0.25, 0.5]}
        usage = {"prompt_tokens": 2, "total_tokens": 2}
        return _json({"object": "list", "model": "e", "data": [embedding], "usage": usage})
    if body.get("stream"):
        return await streams("Hel", "lo")(request, body)
    return await says("Hello")(request, body)


def says(content: str | None = None, **message: Any) -> Answer:  # noqa: ANN401  # any field
    """A whole chat completion of one choice; `finish_reason` goes to the choice, not the message."""
    reason = message.pop("finish_reason", "tool_calls" if "tool_calls" in message else "stop")
    said = {"role": "assistant", "content": content, **message}
    return gives({"index": 0, "message": said, "finish_reason": reason})


def gives(*choices: Json) -> Answer:
    """A whole chat completion of these choices; text where text was asked for."""

    async def answer(request: web.Request, body: Json) -> web.StreamResponse:
        chat = request.path.endswith("/chat/completions")
        shown = choices if chat else [{"index": 0, "text": "Hello", "finish_reason": "stop"}]
        kind = "chat.completion" if chat else "text_completion"
        return _json({**_head(body, kind), "choices": shown, "usage": USAGE})

    return answer


def streams(*contents: str, wait: Gate | None = None, cut: bool = False) -> Answer:
    """A stream of these pieces of text; the last comes only when the gate is open, or never."""
    deltas = [{"content": content} for content in contents]
    return streams_deltas(*deltas, wait=wait, cut=cut)


def streams_deltas(*deltas: Json, wait: Gate | None = None, cut: bool = False) -> Answer:
    """A stream of these deltas, with a finish reason and the usage in the end unless it is cut."""

    async def answer(request: web.Request, body: Json) -> web.StreamResponse:
        response = await _begin_stream(request)
        head = _head(body, "chat.completion.chunk")

        async def send(choices: list[Json], **more: object) -> None:
            data = orjson.dumps({**head, "choices": choices, **more})
            await response.write(b"data: " + data + b"\n\n")

        for n, delta in enumerate(deltas):
            if n == len(deltas) - 1:
                if cut:
                    assert request.transport is not None
                    request.transport.abort()
                    return response
                if wait is not None:
                    await wait.wait()
            await send([{"index": 0, "delta": delta, "finish_reason": None}])
        reason = "tool_calls" if "tool_calls" in deltas[-1] else "stop"
        await send([{"index": 0, "delta": {}, "finish_reason": reason}])
        await send([], usage=USAGE)
        await response.write(b"data: [DONE]\n\n")
        return response

    return answer


def sends_events(*events: Json, wait: Gate | None = None) -> Answer:
    """A stream of events with names, as Anthropic has them, and OpenAI in its API of responses.

    It ends when the gate is open.
    """

    async def answer(request: web.Request, _: Json) -> web.StreamResponse:
        response = await _begin_stream(request)
        for event in events:
            data = orjson.dumps(event)
            await response.write(f"event: {event['type']}\n".encode() + b"data: " + data + b"\n\n")
        if wait is not None:
            await wait.wait()
        return response

    return answer


def sends(body: Json) -> Answer:
    """This JSON, as it is."""

    async def answer(_: web.Request, __: Json) -> web.StreamResponse:
        return _json(body)

    return answer


def sends_bytes(body: bytes, kind: str) -> Answer:
    """What is no JSON, such as sound."""

    async def answer(_: web.Request, __: Json) -> web.StreamResponse:
        return web.Response(body=body, content_type=kind)

    return answer


def fails(status: int, message: str = "no", **headers: str) -> Answer:
    """An error in OpenAI's form; `_` in the name of a header is `-`."""

    async def answer(_: web.Request, __: Json) -> web.StreamResponse:
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": "odd"}
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return _json({"error": error}, status, names)

    return answer


def waits(gate: Gate, then: Answer = greeting) -> Answer:
    """Says nothing until the gate is open."""

    async def answer(request: web.Request, body: Json) -> web.StreamResponse:
        await gate.wait()
        return await then(request, body)

    return answer


async def _begin_stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    return response


def _head(body: Json, kind: str) -> Json:
    return {"id": "up-1", "object": kind, "created": 1, "model": body["model"]}


def _json(
    body: Json, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.StreamResponse:
    return web.Response(
        body=orjson.dumps(body), status=status, headers=headers, content_type="application/json"
    )
