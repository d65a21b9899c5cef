"""An upstream that gives one of its models a fault, down to the bytes on the wire; the others are well."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import orjson
from anyio.from_thread import start_blocking_portal

Answer = Callable[[asyncio.StreamWriter, bool], Awaitable[None]]
"""Writes an answer; told whether a stream was asked for. The connection is closed afterwards."""

HEAD = b"HTTP/1.1 200 OK\r\nconnection: close\r\n"
JSON = b"content-type: application/json\r\n"
EVENTS = b"content-type: text/event-stream\r\n\r\n"

SAYS = orjson.dumps(
    {
        "id": "up-1",
        "object": "chat.completion",
        "created": 1,
        "model": "up",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello"},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
    }
)


def chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    """One event of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    said = {"id": "up-1", "object": "chat.completion.chunk", "created": 1, "model": "up"}
    return b"data: " + orjson.dumps({**said, "choices": [choice]}) + b"\n\n"


FIRST = chunk({"role": "assistant", "content": "Hel"})
LAST = chunk({"content": "lo"}, "stop")
USED = (
    b'data: {"id":"up-1","object":"chat.completion.chunk","model":"up","choices":[],'
    b'"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}\n\n'
)
DONE = b"data: [DONE]\n\n"


def whole(body: bytes, head: bytes = HEAD + JSON) -> bytes:
    """An answer with its length."""
    return head + b"content-length: %d\r\n\r\n" % len(body) + body


async def well(writer: asyncio.StreamWriter, stream: bool) -> None:
    """What a model that is well says."""
    writer.write(chunked(FIRST, LAST, USED, DONE) if stream else whole(SAYS))


def chunked(*pieces: bytes, ends: bool = True) -> bytes:
    """A stream by chunked transfer; one that does not end is cut."""
    sent = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return (
        HEAD + b"transfer-encoding: chunked\r\n" + EVENTS + sent + (b"0\r\n\r\n" if ends else b"")
    )


@dataclass(slots=True)
class Wire:
    """Where the upstream listens, and how often each of its models was asked.

    Attributes:
        port: On the loopback.
        asked: Requests by model, as the upstream calls it.
    """

    port: int
    asked: dict[str, int]


@contextmanager
def upstream(fault: Answer, faulty: str = "faulty") -> Iterator[Wire]:
    """An upstream in a thread of its own, whose model `faulty` answers by `fault`."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(_listening(fault, faulty)) as wire,
    ):
        yield wire


@asynccontextmanager
async def _listening(fault: Answer, faulty: str) -> AsyncIterator[Wire]:
    wire = Wire(0, {})
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            body = orjson.loads(await _body(reader))
            wire.asked[body["model"]] = wire.asked.get(body["model"], 0) + 1
            answer = fault if body["model"] == faulty else well
            await answer(writer, bool(body.get("stream")))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the gateway has hung up, or the scenario is over
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        waiting = list(tasks)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _body(reader: asyncio.StreamReader) -> bytes:
    """The body of the next request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
    return await reader.readexactly(int(lines["content-length"]))


@contextmanager
def nobody() -> Iterator[int]:
    """A port that refuses connections: bound, but not listening."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@contextmanager
def no_room() -> Iterator[int]:
    """A port where connections never come to stand: its queue is full, and nobody takes from it."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port: int = listening.getsockname()[1]
        for _ in range(8):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        yield port
