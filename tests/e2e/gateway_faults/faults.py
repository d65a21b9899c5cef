"""What upstreams do wrong: one entry each, given to one model of a gateway by `seen.see`."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.e2e.gateway_faults.wire import (
    DONE,
    FIRST,
    HEAD,
    JSON,
    LAST,
    SAYS,
    USED,
    Answer,
    chunk,
    chunked,
    well,
    whole,
)

KEY = "sk-upstream-0123456789"
PASSWORD = "hunter2-of-the-url"
"""What no answer may ever hold. The upstreams quote both wherever they say anything."""

QUOTE = f"no, not with {KEY} and {PASSWORD}"
LIMIT_S = 0.25
Place = Literal["served", "nobody", "no room"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail.

    Attributes:
        name: In the table.
        answer: What the faulty model says.
        place: Whether it listens at all.
        limits: Of its provider, by the names of the configuration.
        kinds: Of answers that it can be seen with: `json`, `stream`.
        fails: Whether the model has failed; else a wrong answer must do no harm.
    """

    name: str
    answer: Answer = well
    place: Place = "served"
    limits: Mapping[str, float] = field(default_factory=dict)
    kinds: tuple[str, ...] = ("json", "stream")
    fails: bool = True


def sends(data: bytes) -> Answer:
    """These bytes, whatever was asked."""

    async def answer(writer: asyncio.StreamWriter, _: bool) -> None:
        writer.write(data)

    return answer


def says(
    status: int, body: bytes | None = None, kind: str = "application/json", **more: str
) -> Answer:
    """An answer of this status; `_` in the name of a header is `-`."""
    said = body if body is not None else b'{"error":{"message":"%b","code":"x"}}' % QUOTE.encode()
    lines = [f"HTTP/1.1 {status} Said", "connection: close", f"content-type: {kind}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    return sends(whole(said, ("\r\n".join(lines) + "\r\n").encode()))


def then_silence(data: bytes) -> Answer:
    """These bytes, and nothing more until the gateway leaves."""

    async def answer(writer: asyncio.StreamWriter, _: bool) -> None:
        writer.write(data)
        await writer.drain()
        await asyncio.Event().wait()

    return answer


def trickles(data: bytes, wait_s: float) -> Answer:
    """One byte at a time."""

    async def answer(writer: asyncio.StreamWriter, _: bool) -> None:
        for n in range(len(data)):
            writer.write(data[n : n + 1])
            await writer.drain()
            await asyncio.sleep(wait_s)

    return answer


def _usage(text: str) -> bytes:
    head, _, _ = SAYS.partition(b'"usage"')
    return head + b'"usage":' + text.encode() + b"}"


def _used(text: str) -> bytes:
    head, _, _ = USED.partition(b'"usage"')
    return head + b'"usage":' + text.encode() + b"}\n\n"


async def _huge(writer: asyncio.StreamWriter, stream: bool) -> None:
    """65 MiB: one more than a whole answer may have; as a stream it passes through."""
    piece = chunk({"content": "x" * 2**20})
    if stream:
        writer.write(chunked(*[piece] * 65, LAST, DONE))
        return
    writer.write(HEAD + JSON + b"content-length: %d\r\n\r\n" % (65 * 2**20))
    for _ in range(65):
        writer.write(b" " * 2**20)
        await writer.drain()


HTML = f"<html><h1>Bad gateway</h1>{QUOTE}</html>".encode()
IN_WORDS = b'data: {"error":{"message":"%b"}}\n\n' % QUOTE.encode()
LATE = {"first_byte_timeout_s": LIMIT_S}
LONG = {"timeout_s": LIMIT_S}

FAULTS = (
    Fault("connection refused", place="nobody"),
    Fault("no connection in time", place="no room", limits={"connect_timeout_s": LIMIT_S}),
    Fault("no first byte in time", then_silence(b""), limits=LATE),
    Fault("head, then silence", then_silence(HEAD + JSON + b"content-length: 99\r\n\r\n"),
          limits=LONG),
    Fault("stops in mid-body", then_silence(HEAD + JSON + b"content-length: 99\r\n\r\n{"),
          limits=LONG, kinds=("json",)),
    Fault("stops after the first chunk", then_silence(chunked(FIRST, ends=False)),
          limits=LONG, kinds=("stream",)),
    Fault("trickles, too slowly", trickles(whole(SAYS), 0.02), limits=LONG, kinds=("json",)),
    Fault("trickles, in time", trickles(whole(SAYS), 0.0), kinds=("json",), fails=False),
    Fault("trickles, in time", trickles(chunked(FIRST, LAST, USED, DONE), 0.0),
          kinds=("stream",), fails=False),
    *(Fault(f"{status}", says(status)) for status in (400, 401, 403, 404, 408, 409, 413, 422)),
    Fault("429", says(429)),
    Fault("429, retry-after: 1", says(429, retry_after="1")),
    Fault("429, retry-after: 60", says(429, retry_after="60")),
    *(Fault(f"{status}", says(status)) for status in (500, 502, 503)),
    Fault("503 with HTML", says(503, HTML, "text/html")),
    Fault("307 to elsewhere", says(307, location="http://127.0.0.1:1/v1")),
    Fault("hangs up at once", sends(b"")),
    Fault("cut in the head", sends(HEAD[:20])),
    Fault("cut in mid-JSON", sends(whole(SAYS)[:-40]), kinds=("json",)),
    Fault("cut before the first chunk", sends(chunked(ends=False)), kinds=("stream",)),
    Fault("cut after the first chunk", sends(chunked(FIRST, ends=False)), kinds=("stream",)),
    Fault("cut in the middle of a chunk", sends(chunked(FIRST, LAST)[:-40]), kinds=("stream",)),
    Fault("not HTTP", sends(b"220 mail.example.org ESMTP " + QUOTE.encode() + b"\r\n\r\n")),
    Fault("200 with HTML", says(200, HTML, "text/html"), kinds=("json",)),
    Fault("JSON that is no object", says(200, b'["a","list"]'), kinds=("json",)),
    Fault("broken JSON", says(200, SAYS.replace(b'"choices"', b"choices")), kinds=("json",)),
    Fault("200 with an error", says(200), kinds=("json",)),
    Fault("empty body", says(200, b"")),
    Fault("a length too short", sends(whole(SAYS)[:-len(SAYS)].replace(
        b"%d" % len(SAYS), b"%d" % (len(SAYS) - 40)) + SAYS), kinds=("json",)),
    Fault("a length too long", sends(whole(SAYS).replace(
        b"%d" % len(SAYS), b"%d" % (len(SAYS) + 40))), kinds=("json",)),
    Fault("a length that is no number", sends(whole(SAYS).replace(b"%d" % len(SAYS), b"many"))),
    Fault("a stream that is HTML", says(200, HTML, "text/html"), kinds=("stream",)),
    Fault("a stream that is JSON", says(200, SAYS), kinds=("stream",)),
    Fault("a stream that begins with an error", sends(chunked(IN_WORDS)), kinds=("stream",)),
    Fault("an error event in mid-stream", sends(chunked(FIRST, IN_WORDS, DONE)),
          kinds=("stream",)),
    Fault("an event of broken JSON in mid-stream",
          sends(chunked(FIRST, b'data: {"choices":\n\n', LAST, USED, DONE)),
          kinds=("stream",), fails=False),
    Fault("no [DONE], but a finish_reason", sends(chunked(FIRST, LAST)), kinds=("stream",),
          fails=False),
    Fault("neither [DONE] nor finish_reason", sends(chunked(FIRST)), kinds=("stream",)),
    Fault("65 MiB", _huge, kinds=("json",)),
    Fault("65 MiB", _huge, kinds=("stream",), fails=False),
    *(
        Fault(f"usage {usage}", sends(data), kinds=(kind,), fails=False)
        for usage in (
            '{"prompt_tokens":-5,"completion_tokens":"many"}',
            '{"prompt_tokens":12,"completion_tokens":18446744073709551615}',
            '{"prompt_tokens":1e300,"completion_tokens":null}',
            "[]",
        )
        for kind, data in (
            ("json", whole(_usage(usage))),
            ("stream", chunked(FIRST, LAST, _used(usage), DONE)),
        )
    ),
)  # fmt: skip
