"""Bytes to a gateway and back, as no HTTP library would send them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from io import BytesIO

import orjson

LONGEST_S = 5.0
"""After which a gateway that says nothing hangs."""

SECRETS = (b"sk-upstream", b"Traceback", b'File "')
"""What no client may ever read: the key of the provider, and our insides."""

CHAT = b'{"model":"auto","messages":[{"role":"user","content":"Hi"}]}'


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: Of HTTP.
        headers: Names in lower case.
        body: Its bytes.
    """

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Port:
    """Where a gateway listens on the loopback."""

    number: int

    @contextmanager
    def connect(self) -> Iterator[socket.socket]:
        """A connection on which nothing takes longer than it may."""
        with socket.create_connection(("127.0.0.1", self.number), LONGEST_S) as one:
            yield one

    def say(self, sent: bytes, *, ends: bool = True) -> list[Answer]:
        """Send bytes, and read what comes until the gateway closes, or is told that no more will come.

        Args:
            sent: The bytes.
            ends: Whether our half of the connection is closed after them.
        """
        with self.connect() as one:
            try:
                one.sendall(sent)
                if ends:
                    one.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has refused before it had read all: what it says of that is read below
            return answers(read_all(one))


def read_all(one: socket.socket) -> bytes:
    """All that comes until the other side closes; fails where it does not."""
    parts = []
    try:
        while part := one.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass  # closed with bytes of ours unread
    return b"".join(parts)


def read_one(one: socket.socket) -> Answer:
    """The next answer of a connection that stays open."""
    response = HTTPResponse(one)
    response.begin()
    return _checked(response)


def answers(read: bytes) -> list[Answer]:
    """The answers of a connection, one after the other."""
    found = []
    stream = _Kept(read)
    while stream.tell() < len(read):
        response = HTTPResponse(stream)  # type: ignore[arg-type]  # it only calls makefile
        response.begin()
        found.append(_checked(response))
    return found


def request(
    body: bytes = CHAT,
    *headers: bytes,
    method: bytes = b"POST",
    path: bytes = b"/v1/chat/completions",
    length: bool = True,
) -> bytes:
    """A request, of which every part may be wrong."""
    head = [method + b" " + path + b" HTTP/1.1", b"host: x", *headers]
    if length:
        head.append(b"content-length: %d" % len(body))
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def assert_sound(answer: Answer) -> None:
    """What holds of every answer: no fault of ours, a name, and errors in OpenAI's form.

    uvicorn itself refuses what is no HTTP, with a line of text and without a name.
    """
    assert answer.status < 500 or answer.status == 503, answer
    if answer.body == b"Invalid HTTP request received.":
        assert answer.status == 400
        return
    assert answer.headers["x-request-id"]
    if answer.status >= 400:
        error = orjson.loads(answer.body)["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["message"]
        assert len(answer.body) < 4096, "an error repeats what it was sent"


def _checked(response: HTTPResponse) -> Answer:
    body = response.read()
    headers = {name.lower(): value for name, value in response.getheaders()}
    for secret in SECRETS:
        assert secret not in body
        assert secret.decode() not in str(headers)
    return Answer(response.status, headers, body)


class _Kept(BytesIO):
    """Bytes that `HTTPResponse` may close, and that are read on all the same."""

    def makefile(self, _: str) -> "_Kept":
        return self

    def close(self) -> None:
        pass
