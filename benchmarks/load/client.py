"""Sends requests as a closed loop (so many connections) or an open one (so many per second).

It speaks HTTP/1.1 over plain sockets: a client library would take more of the machine than what is measured.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from time import perf_counter

WORDS = [
    "what",
    "is",
    "the",
    "capital",
    "of",
    "a",
    "country",
    "that",
    "lies",
    "between",
    "two",
    "rivers",
    "and",
    "has",
    "no",
    "coast",
]


def request_bytes(
    port: int,
    model: str,
    key: str,
    n: int,
    *,
    stream: bool = False,
    path: str = "/v1/chat/completions",
) -> bytes:
    """One request; n makes its prompt differ from others, at about 90 tokens."""
    words = [WORDS[(n * 7 + i * (1 + n % 5)) % len(WORDS)] for i in range(70)]
    body = json.dumps(
        {
            "model": model,
            "messages": [{"role": "user", "content": f"{n}: " + " ".join(words)}],
            "max_tokens": 100,
            **({"stream": True} if stream else {}),
        }
    ).encode()
    return raw(port, path, key, body)


def raw(port: int, path: str, key: str, body: bytes) -> bytes:
    """A POST with a JSON body."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer.

    Attributes:
        first_s: Seconds until its first byte of body.
        whole_s: Seconds until its end.
    """

    first_s: float
    whole_s: float


class Connection:
    """One connection, kept alive."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.head = b""
        """Of the latest answer."""

    async def ask(self, request: bytes, since: float | None = None) -> Sample:
        """Send a request and read its answer; times count from `since`, else from now."""
        if self._reader is None or self._writer is None or self._reader.at_eof():
            await self.close()  # the server may have ended one that was idle
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        begun = perf_counter() if since is None else since
        self._writer.write(request)
        self.head = head = await self._reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        length = header(head, b"content-length")
        if length is not None:
            body = await self._reader.readexactly(int(length))
            first = perf_counter()
        else:
            body, first = await self._chunks(self._reader)
        if status >= 300:
            raise RuntimeError(f"status {status}: {body[:300]!r}")
        return Sample(first - begun, perf_counter() - begun)

    async def _chunks(self, reader: asyncio.StreamReader) -> tuple[bytes, float]:
        parts: list[bytes] = []
        first = 0.0
        while True:
            size = int(await reader.readuntil(b"\r\n"), 16)
            part = await reader.readexactly(size + 2)
            first = first or perf_counter()
            if size == 0:
                return b"".join(parts), first
            parts.append(part[:-2])

    async def close(self) -> None:
        """End it."""
        if self._writer is not None:
            self._writer.close()
            await self._writer.wait_closed()
            self._writer = None


def header(head: bytes, name: bytes) -> bytes | None:
    """What a header says, by its name in small letters; None if it is not there."""
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    return None


async def closed_loop(
    port: int, requests: Sequence[bytes], connections: int, total: int
) -> tuple[list[Sample], float]:
    """So many connections, each asking again as soon as it is answered; samples and seconds."""
    samples: list[Sample] = []
    source = cycle(requests)

    async def work(n: int) -> None:
        connection = Connection(port)
        for _ in range(n):
            samples.append(await connection.ask(next(source)))
        await connection.close()

    begun = perf_counter()
    await asyncio.gather(*(work(total // connections) for _ in range(connections)))
    return samples, perf_counter() - begun


async def open_loop(
    port: int, requests: Sequence[bytes], per_s: float, seconds: float, most: int = 200
) -> list[Sample]:
    """So many per second, evenly, whether or not earlier ones are answered.

    Time counts from when a request was due: one that had to wait for a free connection waited.
    """
    idle = [Connection(port) for _ in range(most)]
    source = cycle(requests)
    samples: list[Sample] = []

    async def one(connection: Connection, due: float) -> None:
        samples.append(await connection.ask(next(source), since=due))
        idle.append(connection)

    begun = perf_counter()
    async with asyncio.TaskGroup() as under_way:
        for n in range(int(per_s * seconds)):
            due = begun + n / per_s
            if (wait := due - perf_counter()) > 0:
                await asyncio.sleep(wait)
            if not idle:
                raise RuntimeError(f"more than {most} requests under way: {per_s:g}/s is too much")
            under_way.create_task(one(idle.pop(), due))
    for connection in idle:
        await connection.close()
    return samples
