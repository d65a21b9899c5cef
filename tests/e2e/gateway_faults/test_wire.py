"""Requests that no HTTP library would send: broken lengths and chunks, smuggling, clients that dawdle."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import psutil
import pytest
from tests.e2e.gateway.http import Http, chat_body
from tests.e2e.gateway_faults import wire

from messplus.gateway.config.settings import Settings
from messplus.gateway.serve import serving

BODY = b'{"model":"auto","messages":[{"role":"user","content":"Hi"}]}'
POST = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
LENGTH = b"content-length: %d\r\n" % len(BODY)
NEXT = b"GET /admin/upstreams HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
LONGEST_S = 10.0


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A gateway whose upstream is well; clients must not ruin it for each other."""
    with wire.upstream(wire.well) as upstream:
        config = Settings.model_validate(
            {
                "server": {"port": 0, "drain_s": 1, "max_body_mb": 1.0},
                "providers": {"local": {"base_url": f"http://127.0.0.1:{upstream.port}/v1"}},
                "models": {"small": {"provider": "local"}},
                "routes": {"chat": {"alpha": 0.8}},
                "store": "memory:",
            }
        )
        with serving(config) as at:
            yield at
            with closing(Http(at)) as http:
                assert http.chat().status == 200


def connect(address: str) -> socket.socket:
    host, port = address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=LONGEST_S)


def said(address: str, *sent: bytes, leave: bool = True) -> bytes:
    """Everything that comes back until the gateway closes the connection.

    Args:
        address: Of the gateway.
        sent: Bytes.
        leave: Whether to say that nothing more will come: a gateway that waits for more then closes.
    """
    with connect(address) as connection:
        with suppress(OSError):  # it may close while we still send
            for part in sent:
                connection.sendall(part)
            if leave:
                connection.shutdown(socket.SHUT_WR)
        parts = []
        with suppress(ConnectionResetError):
            while part := connection.recv(65_536):
                parts.append(part)
    return b"".join(parts)


REFUSED = {
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00" * 20,
    "a length that is no number": POST + b"content-length: many\r\n\r\n" + BODY,
    "a negative length": POST + b"content-length: -1\r\n\r\n" + BODY,
    "a length beyond 64 bits": POST + b"content-length: 99999999999999999999999\r\n\r\n" + BODY,
    "two lengths": POST + LENGTH + b"content-length: 5\r\n\r\n" + BODY,
    "length and chunks": POST + LENGTH + b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
    "chunks that are none": POST + b"transfer-encoding: chunked\r\n\r\nzz\r\n" + BODY,
    "a chunk too long for 64 bits": POST + b"transfer-encoding: chunked\r\n\r\n"
    + b"f" * 40 + b"\r\n" + BODY,
    "an unknown encoding": POST + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n" + NEXT,
    "a name with a space": POST + b"content-length : 5\r\n\r\n" + BODY,
    "a null byte in a header": POST + b"x-request-id: a\x00b\r\n" + LENGTH + b"\r\n" + BODY,
    "a header without end": POST + b"x: " + b"y" * 2**20,
    "a method of its own": b"\x00GET / HTTP/1.1\r\nhost: x\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED)
def test_what_is_not_http_gets_at_most_a_400(address: str, sent: bytes) -> None:
    """Above all: nothing that was hidden in it is answered, and the connection ends."""
    answer = said(address, sent)
    assert not answer or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 413", b"HTTP/1.1 431"))
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert b"Traceback" not in answer


def test_a_body_that_ends_early_is_no_request(address: str) -> None:
    assert b"HTTP/1.1 200" not in said(address, POST + LENGTH + b"\r\n" + BODY[:-5])


def test_two_requests_at_once_are_two(address: str) -> None:
    answer = said(address, POST + LENGTH + b"\r\n" + BODY + NEXT, leave=False)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.count(b"x-request-id: ") == 2


def test_of_a_header_that_comes_twice_one_counts(address: str) -> None:
    twice = b"x-request-id: one\r\nx-request-id: two\r\nx-messplus-alpha: 0.5\r\n" * 2
    sent = POST + twice + LENGTH + b"connection: close\r\n\r\n" + BODY
    answer = said(address, sent, leave=False)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.count(b"x-request-id: ") == 1


def test_a_body_in_chunks_is_bounded(address: str) -> None:
    """More than it takes is refused while it comes, not when it has come."""
    chunk = b"10000\r\n" + b" " * 2**16 + b"\r\n"
    answer = said(address, POST + b"transfer-encoding: chunked\r\n\r\n", *[chunk] * 20)
    assert not answer or answer.startswith(b"HTTP/1.1 413")


def test_those_who_dawdle_hold_up_nobody(address: str) -> None:
    """Two hundred connections with half a request each: others are answered, and little is held."""
    held_before = psutil.Process().memory_info().rss
    slow = [connect(address) for _ in range(200)]
    try:
        for n, one in enumerate(slow):
            one.sendall(POST if n % 2 else POST + LENGTH + b"\r\n" + BODY[:10])
        with closing(Http(address)) as http:
            for _ in range(20):
                assert http.chat().status == 200
            assert http.get("/health/readiness").status == 200
    finally:
        for one in slow:
            one.close()
    assert psutil.Process().memory_info().rss - held_before < 64 * 2**20


def test_those_who_leave_in_mid_answer_leave_nothing_behind(address: str) -> None:
    body = chat_body(stream=True)
    leaving = [threading.Thread(target=_leave, args=(address, body)) for _ in range(20)]
    for one in leaving:
        one.start()
    for one in leaving:
        one.join()
    with closing(Http(address)) as http:
        assert http.chat().status == 200
        (model,) = http.get("/admin/upstreams").json["data"]
        assert (model["circuit"], model["failures_in_a_row"]) == ("closed", 0)


def _leave(address: str, body: dict[str, object]) -> None:
    with (
        closing(Http(address)) as http,
        http.streaming("POST", "/v1/chat/completions", body) as answer,
    ):
        assert answer.status == 200
