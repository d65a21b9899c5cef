"""A server on this machine that answers by script, down to the bytes on the wire."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from messplus.gateway.config.settings import Settings
from messplus.gateway.upstreams import Reply, Upstreams

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]

COMPLETION = orjson.dumps(
    {
        "id": "up-1",
        "object": "chat.completion",
        "model": "gpt",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hi"},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 1},
    }
)


def http(status: int, body: bytes = b"{}", **headers: str) -> Answer:
    """A plain answer; `_` in the name of a header is `-`."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        names = {"content-type": "application/json", "content-length": str(len(body))}
        names |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in names.items())
        writer.write(f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + body)

    return answer


def raw(data: bytes) -> Answer:
    """Bytes on the wire, after which the connection is cut."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return answer


def streamed(*pieces: bytes, ends: bool = True) -> Answer:
    """A stream in chunks; one that does not end is cut."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        for piece in pieces:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        if ends:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        if not ends:
            writer.close()

    return answer


def silent_after(data: bytes = b"") -> Answer:
    """Says this much, and nothing more until the client leaves."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        await asyncio.Event().wait()

    return answer


OK = http(200, COMPLETION)


@dataclass
class Asked:
    """One request that has come."""

    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class Server:
    """What the script still holds, and what was asked."""

    answers: list[Answer]
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            while not writer.is_closing() and (head := await _head(reader)):
                first, *lines = head.split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in lines if line)
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.asked.append(Asked(first.split()[1], headers, orjson.loads(body)))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                await self._until_left(reader, answer(writer))
        except (asyncio.CancelledError, ConnectionError):
            pass  # the test is over
        finally:
            self.tasks.discard(task)
            writer.close()

    async def _until_left(self, reader: asyncio.StreamReader, answer: Awaitable[None]) -> None:
        """Answer; a client that closes the connection meanwhile is noted."""
        answering = asyncio.ensure_future(answer)
        while not answering.done():
            await asyncio.wait({answering}, timeout=0.01)
            if reader.at_eof() or reader.exception() is not None:
                self.left.set()
                answering.cancel()
                await asyncio.wait({answering})
                return
        answering.result()


async def _head(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return ""


@asynccontextmanager
async def serving(*answers: Answer) -> AsyncIterator[Server]:
    """A server that gives these answers in turn, and the last one for ever."""
    server = Server(list(answers))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        tasks = list(server.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listening.wait_closed()


class Observed:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.attempts: list[str] = []
        self.circuits: list[str] = []

    def attempt(self, model: str, kind: str, seconds: float) -> None:
        assert seconds >= 0.0
        self.attempts.append(f"{model} {kind}")

    def circuit(self, model: str, state: str) -> None:
        self.circuits.append(f"{model} {state}")


def settings(port: int, *, model: Mapping[str, Any] | None = None, **provider: Any) -> Settings:  # noqa: ANN401  # as in YAML
    """One model, `small`, at a port of this machine."""
    address = {"base_url": f"http://127.0.0.1:{port}/v1", "retries": 0, **provider}
    return Settings.model_validate(
        {
            "providers": {"local": address},
            "models": {"small": {"provider": "local", "model": "gpt", **(model or {})}},
            "routes": {"chat": {"alpha": 0.9}},
        }
    )


@asynccontextmanager
async def opened(config: Settings, observe: Observed | None = None) -> AsyncIterator[Upstreams]:
    """Upstreams, closed in the end."""
    upstreams = Upstreams(config, rng=random.Random(0), observe=observe)
    await upstreams.start()
    try:
        yield upstreams
    finally:
        await upstreams.close()


async def ask(
    upstreams: Upstreams, *, stream: bool = False, path: str = "/chat/completions"
) -> Reply:
    """A plain request to `small`."""
    fields = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}], "stream": stream}
    return await upstreams.open("small", path, fields, stream=stream, headers={})
