"""The head of a request is bounded, in bytes and in time."""

import socket
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from messplus.gateway import protocol
from messplus.gateway.config.settings import Settings
from messplus.gateway.serve import serving

SETTINGS = Settings.model_validate(
    {
        "server": {"port": 0},
        "providers": {"none": {"base_url": "http://127.0.0.1:9/v1"}},
        "models": {"only": {"provider": "none"}},
        "routes": {"chat": {"alpha": 0.9}},
        "store": "memory:",
    }
)


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return socket.create_connection((parts.hostname, parts.port), timeout=10)


def everything(client: socket.socket) -> bytes:
    """All that comes until the gateway closes the connection."""
    parts = []
    try:
        while part := client.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass  # it does not wait for the rest of what it refuses
    return b"".join(parts)


def test_a_head_that_is_too_long_is_refused() -> None:
    with serving(SETTINGS) as url, connect(url) as client:
        client.sendall(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n")
        with pytest.raises(OSError):  # noqa: PT011, PT012  # reset or broken, whichever is first
            for n in range(1000):
                client.sendall(b"x-%d: %s\r\n" % (n, b"a" * 1000))
            assert not everything(client).startswith(b"HTTP/1.1 200")
            raise ConnectionResetError


def test_a_head_of_usual_length_is_taken_and_so_is_the_next() -> None:
    with (
        serving(SETTINGS) as url,
        closing(HTTPConnection(urlsplit(url).netloc, timeout=10)) as client,
    ):
        for _ in range(2):
            client.request("GET", "/healthz", headers={"x-long": "a" * 60_000})
            reply = client.getresponse()
            assert reply.status == 200
            reply.read()


def test_a_body_is_no_head() -> None:
    with (
        serving(SETTINGS) as url,
        closing(HTTPConnection(urlsplit(url).netloc, timeout=10)) as client,
    ):
        for _ in range(2):
            body = b'{"model": "auto", "messages": [], "x": "' + b"a" * 2_000_000 + b'"}'
            client.request("POST", "/v1/chat/completions", body)
            assert b"messages must be a list" in client.getresponse().read()


def test_a_head_that_does_not_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.05)
    with serving(SETTINGS) as url:
        for begun in (b"", b"GET /healthz HTTP/1.1\r\nHost:"):
            with connect(url) as client:
                client.sendall(begun)
                assert everything(client) == b""
