"""A chat endpoint on this machine that answers from a function of the prompt, or fails by script."""

import asyncio
import socket
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType, TracebackType
from typing import Self

from aiohttp import web

HOST = "127.0.0.1"
_START_S = 30.0


@dataclass(frozen=True)
class Reply:
    """One answer that is not the plain one.

    Attributes:
        status: Of HTTP.
        body: What is sent; None: the prompt in capitals.
        headers: Of HTTP.
        raw: Bytes on the wire in place of HTTP, after which the connection is cut.
        endless: Send a body without end.
        silent: Say nothing until the server stops.
        late_s: Take so long.
    """

    status: int = 200
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    raw: bytes | None = None
    endless: bool = False
    silent: bool = False
    late_s: float = 0.0


@dataclass(frozen=True)
class Asked:
    """What one request said."""

    model: str
    prompt: str
    body: Mapping[str, object]
    authorization: str | None


class ChatServer:
    """Listens while its `with` block runs; everything it was asked is in `asked`, in order.

    Attributes:
        answers: Whom it answers: the first so many requests. The others wait until it stops.
    """

    def __init__(
        self,
        answer: Callable[[str], str | Reply] = str.upper,
        *,
        script: tuple[Reply, ...] = (),
        crowd: int = 1,
        delay_s: float = 0.0,
        port: int = 0,
    ) -> None:
        """Say how it answers.

        Args:
            answer: From a prompt to a text, or to an odd reply.
            script: The first replies, whatever is asked.
            crowd: Nobody is answered before so many requests are under way at once.
            delay_s: Each request is under way for at least this long, so that requests overlap.
            port: Where it listens; 0: wherever there is room.
        """
        self.answer = answer
        self.script = deque(script)
        self.answers = sys.maxsize
        self.crowd = crowd
        self.delay_s = delay_s
        self.port = port
        self.asked: list[Asked] = []
        self.most_at_once: Counter[str] = Counter()
        self._under_way: Counter[str] = Counter()
        self._listens = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    @property
    def url(self) -> str:
        """Base URL."""
        return f"http://{HOST}:{self.port}/v1"

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """How often each prompt was put to each model."""
        return Counter((one.prompt, one.model) for one in self.asked)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listens.wait(_START_S), "the server does not start"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._crowded = asyncio.Event()
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._reply)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, self.port, reuse_address=True).start()
            self.port = runner.addresses[0][1]
            self._listens.set()
            await self._stop.wait()
            self._crowded.set()
        finally:
            await runner.cleanup()

    async def _reply(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        asked = Asked(
            body["model"],
            body["messages"][0]["content"],
            body,
            request.headers.get("Authorization"),
        )
        self.asked.append(asked)
        if len(self.asked) > self.answers:
            await self._stop.wait()
        self._under_way[asked.model] += 1
        self.most_at_once[asked.model] = max(
            self.most_at_once[asked.model], self._under_way[asked.model]
        )
        try:
            if self._under_way.total() >= self.crowd:
                self._crowded.set()
            await self._crowded.wait()
            await asyncio.sleep(self.delay_s)
            return await self._send(request, asked)
        finally:
            self._under_way[asked.model] -= 1

    async def _send(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        found = self.script.popleft() if self.script else self.answer(asked.prompt)
        reply = found if isinstance(found, Reply) else Reply()
        if reply.silent:
            await self._stop.wait()
        await asyncio.sleep(reply.late_s)
        if reply.raw is not None:
            assert request.transport is not None
            request.transport.write(reply.raw)
            request.transport.close()
            return web.Response()
        if reply.endless:
            return await _flood(request)
        if reply.body is not None or reply.status != 200:
            return web.Response(
                status=reply.status, text=reply.body or "sorry", headers=reply.headers
            )
        text = found if isinstance(found, str) else asked.prompt.upper()
        return web.json_response(completion(asked.model, asked.prompt, text))


async def _flood(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    try:
        while True:
            await response.write(b" " * 2**20)
    except ConnectionResetError:  # the client has had enough
        return response


def completion(model: str, prompt: str, text: str) -> dict[str, object]:
    """A chat completion. A token is a word here, so tests can count."""
    return {
        "model": f"{model}-served",
        "choices": [
            {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"},
        ],
        "usage": {
            "prompt_tokens": len(prompt.split()),
            "completion_tokens": len(text.split()),
        },
    }


@contextmanager
def refusing_port() -> Iterator[int]:
    """A port where nobody listens, and which nobody else gets.

    Whoever sets SO_REUSEADDR may begin to listen there meanwhile.
    """
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((HOST, 0))
        yield taken.getsockname()[1]


class Clock:
    """Time that passes when somebody sleeps: nobody waits, and it is known who would have.

    Attributes:
        slept: Seconds of every sleep, in the order in which they began.
        held: While it is set to an event, sleepers wake only after that.
    """

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.held: asyncio.Event | None = None
        self._ahead_s = 0.0

    def now(self) -> float:
        """Seconds since 1970; a full second, so that dates can be written exactly."""
        return 1_800_000_000.0

    def rule(self) -> None:
        """Tell the running loop the time from now on."""
        loop = asyncio.get_running_loop()
        loop.time = lambda: time.monotonic() + self._ahead_s  # type: ignore[method-assign]

    async def sleep(self, seconds: float) -> None:
        """Move the time on."""
        until = time.monotonic() + self._ahead_s + seconds
        self.slept.append(seconds)
        if self.held:
            await self.held.wait()
        self._ahead_s = max(self._ahead_s, until - time.monotonic())
        await asyncio.sleep(0)
