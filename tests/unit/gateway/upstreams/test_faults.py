"""Each fault of an upstream: its kind, whether it is asked again, what it does to the circuit."""

import asyncio
import gzip
import socket
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from tests.unit.gateway.upstreams.scripted import (
    COMPLETION,
    OK,
    Answer,
    Observed,
    ask,
    http,
    opened,
    raw,
    serving,
    settings,
    silent_after,
    streamed,
)

from messplus.gateway.upstreams import UpstreamError
from messplus.gateway.upstreams.faults import of_the_network, retry_after_s

CHUNK = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n"


@dataclass(frozen=True)
class Fault:
    """What happened to a request.

    Attributes:
        error: What was raised.
        asked: How often the upstream was asked with one retry allowed.
        counted: Whether the circuit counted it.
    """

    error: UpstreamError
    asked: int
    counted: bool


def fault(answer: Answer, *, stream: bool = False, **provider: Any) -> Fault:  # noqa: ANN401
    async def work() -> Fault:
        async with (
            serving(answer) as server,
            opened(settings(server.port, retries=1, **provider)) as upstreams,
        ):
            with pytest.raises(UpstreamError) as caught:
                await (await ask(upstreams, stream=stream)).read()
            (health,) = upstreams.health()
            assert health.in_flight == 0
            return Fault(caught.value, len(server.asked), health.failures_in_a_row > 0)

    return asyncio.run(work())


@pytest.mark.parametrize(
    ("answer", "kind", "asked", "counted", "retryable"),
    [
        (http(429), "throttled", 2, True, True),
        (http(500), "server_error", 2, True, True),
        (http(503), "server_error", 2, True, True),
        (http(529), "server_error", 2, True, True),
        (http(409), "server_error", 2, True, True),
        (http(408), "timeout", 2, True, True),
        (http(400), "rejected", 1, False, False),
        (http(422), "rejected", 1, False, False),
        (http(413), "rejected", 1, False, True),
        (http(404), "missing", 1, True, True),
        (http(307, location="http://127.0.0.1:1/"), "missing", 1, True, True),
        (http(401), "unauthorised", 1, True, True),
        (http(402), "unauthorised", 1, True, True),
        (http(403), "unauthorised", 1, True, True),
        (raw(b""), "cut", 2, True, True),
        (raw(HEAD + b'{"id"'), "cut", 2, True, True),
        (raw(b"220 mail.example.org ESMTP\r\n\r\n"), "garbage", 1, True, True),
        (raw(b"\x16\x03\x01\x02\x00" * 50), "garbage", 1, True, True),
        (http(200, b"<html>busy</html>", content_type="text/html"), "garbage", 1, True, True),
        (http(200, b'{"error":{"message":"no provider"}}'), "server_error", 2, True, True),
        (http(200, b""), "garbage", 1, True, True),
        (http(200, b'["a list"]'), "garbage", 1, True, True),
        (http(200, b'{"choices": }'), "garbage", 1, True, True),
        (raw(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 10_000 + b"\r\n\r\n"), "garbage", 1, True, True),
    ],
)
def test_faults_of_whole_answers(
    answer: Answer, kind: str, asked: int, counted: bool, retryable: bool
) -> None:
    found = fault(answer)
    assert found.error.kind == kind
    assert (found.asked, found.counted, found.error.retryable) == (asked, counted, retryable)


@pytest.mark.parametrize(
    ("answer", "kind", "asked"),
    [
        (http(500), "server_error", 2),
        (streamed(CHUNK, ends=False), "cut", 1),  # too late: the client has got a part
        (streamed(), "garbage", 1),
        (http(200, b"<html>busy</html>"), "garbage", 1),
        (http(200, COMPLETION), "garbage", 1),
        (streamed(b'data: {"error": {"message": "no memory"}}\n\n'), "server_error", 2),
        (streamed(b'event: error\ndata: {"type":"error"}\n\n'), "server_error", 2),
        (raw(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\nnot gzip"), "cut", 2),
    ],
)
def test_faults_of_streams(answer: Answer, kind: str, asked: int) -> None:
    found = fault(answer, stream=True)
    assert (found.error.kind, found.asked, found.counted) == (kind, asked, True)


def test_nobody_listens() -> None:
    async def work() -> None:
        with socket.socket() as taken:  # bound, but not listening
            taken.bind(("127.0.0.1", 0))
            async with opened(settings(taken.getsockname()[1])) as upstreams:
                with pytest.raises(UpstreamError, match="cannot be reached") as caught:
                    await ask(upstreams)
        assert caught.value.kind == "refused"

    asyncio.run(work())


def test_a_server_that_does_not_speak_tls() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def work() -> None:
        async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with opened(settings(0, base_url=f"https://127.0.0.1:{port}/v1")) as upstreams:
                with pytest.raises(UpstreamError) as caught:
                    await ask(upstreams)
        assert caught.value.kind == "refused"

    asyncio.run(work())


@pytest.mark.parametrize(
    ("answer", "stream", "limits", "text", "asked"),
    [
        (silent_after(), False, {"first_byte_timeout_s": 0.2}, "no answer begun within 0.2 s", 1),
        (silent_after(HEAD.replace(b"500", b"9")), True, {"first_byte_timeout_s": 0.2},
         "no answer begun within 0.2 s", 1),
        (silent_after(HEAD + b"{"), False, {"timeout_s": 0.3}, "no whole answer within 0.3 s", 1),
        (silent_after(HEAD + b":"), True, {"timeout_s": 0.3}, "no whole answer within 0.3 s", 1),
    ],
)  # fmt: skip
def test_each_time_limit_says_which_it_is(
    answer: Answer, stream: bool, limits: dict[str, float], text: str, asked: int
) -> None:
    found = fault(answer, stream=stream, **limits)
    assert found.error.kind == "timeout"
    assert text in found.error.message
    assert (found.asked, found.counted) == (asked, True)


def test_connecting_has_a_limit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    async def work() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", never)
        monkeypatch.setattr("aiohttp.connector.aiohappyeyeballs.start_connection", never)
        config = settings(1, connect_timeout_s=0.1, first_byte_timeout_s=0.05)
        async with opened(config) as upstreams:
            with pytest.raises(UpstreamError) as caught:
                await ask(upstreams)
        assert caught.value.kind == "timeout"
        assert "no connection within 0.1 s" in caught.value.message

    asyncio.run(work())


def test_a_short_wait_is_kept() -> None:
    async def work() -> None:
        observed = Observed()
        async with (
            serving(http(429, retry_after_ms="50"), OK) as server,
            opened(settings(server.port, retries=3), observed) as upstreams,
        ):
            assert (await ask(upstreams)).attempts == 2
        assert observed.attempts == ["small throttled", "small ok"]
        assert observed.circuits == ["small open", "small half-open", "small closed"]

    asyncio.run(work())


def test_a_long_wait_is_left_to_others() -> None:
    async def work() -> None:
        async with (
            serving(http(429, retry_after="30"), OK) as server,
            opened(settings(server.port, retries=3)) as upstreams,
        ):
            with pytest.raises(UpstreamError) as throttled:
                await ask(upstreams)
            assert not upstreams.can_serve("small")
            with pytest.raises(UpstreamError, match="left alone for") as busy:
                await ask(upstreams)
            assert len(server.asked) == 1
        assert throttled.value.retry_after_s == 30.0
        assert busy.value.kind == "busy"
        assert busy.value.retry_after_s == pytest.approx(30.0, abs=10.0)

    asyncio.run(work())


def test_our_key_is_never_shown() -> None:
    key = "sk-secret-1234567890"
    said = b'{"error":{"message":"wrong key sk-secret-1234567890"}}'
    for status in (200, 400, 401, 404, 500):
        error = fault(http(status, said if status > 200 else b"<" + said), api_key=key).error
        shown = f"{error} {error.body!r} {error.__cause__}"
        assert key not in shown
        assert (error.body is not None) == (status in (400, 404))
    streams = streamed(b"data: " + said + b"\n\n")
    assert key not in str(fault(streams, stream=True, api_key=key).error)


def test_a_stream_that_begins_ends_the_trial_of_its_model() -> None:
    async def work() -> None:
        observed = Observed()
        begun = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + CHUNK
        async with (
            serving(http(429, retry_after_ms="1"), silent_after(begun)) as server,
            opened(settings(server.port, retries=1), observed) as upstreams,
        ):
            async with await ask(upstreams, stream=True):
                assert upstreams.can_serve("small")
                assert upstreams.health()[0].circuit == "closed"
            assert observed.circuits == ["small open", "small half-open", "small closed"]

    asyncio.run(work())


def test_what_a_client_did_wrong_comes_back_as_the_upstream_says_it() -> None:
    body = b'{"error": {"message":"max_tokens must be positive","code":"x", "extra": 1.0}}'
    error = fault(http(400, body, content_type="application/json; charset=utf-8")).error
    assert error.body == body
    assert error.status == 400
    assert error.content_type == "application/json; charset=utf-8"
    assert error.message == "HTTP 400: max_tokens must be positive"


def test_a_prompt_that_is_too_long_here_may_fit_elsewhere() -> None:
    body = b'{"error":{"message":"too long","code":"context_length_exceeded"}}'
    error = fault(http(400, body)).error
    assert (error.kind, error.retryable) == ("rejected", True)


def test_a_compressed_answer_is_read() -> None:
    async def work() -> bytes:
        packed = gzip.compress(COMPLETION)
        async with (
            serving(http(200, packed, content_encoding="gzip")) as server,
            opened(settings(server.port)) as upstreams,
        ):
            return await (await ask(upstreams)).read()

    assert asyncio.run(work()) == COMPLETION


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:05 GMT",
          "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 5.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:05 GMT",
          "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:05 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:05 -0000",
          "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_waits_are_read_in_every_form(headers: dict[str, str], wait_s: float | None) -> None:
    assert retry_after_s(CIMultiDictProxy(CIMultiDict(headers))) == wait_s


def test_an_error_of_the_network_does_not_quote_the_address() -> None:
    error = of_the_network("small", aiohttp.InvalidURL("http://user:pass@host/"))
    assert "pass" not in str(error)
