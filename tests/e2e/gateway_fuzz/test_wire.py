"""Bytes that no client should send: each is refused or answered, and costs nobody else anything."""

import socket
from contextlib import ExitStack

import orjson
import pytest
from tests.e2e.gateway_fuzz.raw import CHAT, Port, assert_sound, read_all, read_one, request

MANY = 1000
"""Connections that say nothing."""


def deep(opens: bytes, closes: bytes, depth: int) -> bytes:
    return opens * depth + b"1" + closes * depth


def chat_with(field: bytes) -> bytes:
    return CHAT[:-1] + b"," + field + b"}"


BODIES = {
    "nothing": b"",
    "half": CHAT[:-5],
    "twice": CHAT + CHAT,
    "NaN": chat_with(b'"temperature":NaN'),
    "100,000 lists": deep(b"[", b"]", 100_000),
    "100,000 open lists": b"[" * 100_000,
    "100,000 objects": deep(b'{"a":', b"}", 100_000),
    "100,000 lists in a field": chat_with(b'"x":' + deep(b"[", b"]", 100_000)),
    "1,000 lists in a field": chat_with(b'"x":' + deep(b"[", b"]", 1_000)),
    "300 lists in a field": chat_with(b'"x":' + deep(b"[", b"]", 300)),
    "300 objects in the tools": chat_with(b'"tools":[' + deep(b'{"a":', b"}", 300) + b"]"),
    "a number of 5,000 digits": chat_with(b'"max_tokens":' + b"9" * 5_000),
    "an exponent of 9 digits": chat_with(b'"max_tokens":1e999999999'),
    "the largest number": chat_with(b'"max_tokens":18446744073709551615'),
    "the least number": chat_with(b'"max_tokens":-9223372036854775808'),
    "invalid UTF-8": chat_with(b'"x":"\xff\xfe"'),
    "half of a character": chat_with(b'"x":"\xc3'),
    "a surrogate in UTF-8": chat_with(b'"x":"\xed\xa0\x80"'),
    "UTF-16": CHAT.decode().encode("utf-16"),
    "a mark of byte order": b"\xef\xbb\xbf" + CHAT,
    "NUL bytes": b"\0" * 100,
    "NUL in a text": CHAT.replace(b"Hi", b"a\0b"),
    "NUL by its number": CHAT.replace(b"Hi", rb"a\u0000b"),
    "NUL in the model": CHAT.replace(b"auto", rb"au\u0000to"),
    "a lone surrogate in the model": CHAT.replace(b"auto", rb"\ud800"),
    "a lone surrogate in a message": CHAT.replace(b"Hi", rb"\udfff"),
    "a lone surrogate in metadata": chat_with(rb'"metadata":{"task":"\ud800"}'),
    "a lone surrogate in a session": chat_with(rb'"messplus":{"session_id":"\ud800"}'),
    "NUL in a session": chat_with(rb'"messplus":{"session_id":"\u0000"}'),
    "NUL in metadata": chat_with(rb'"metadata":{"task":"\u0000","session_id":"\u0000"}'),
    "a field twice": chat_with(b'"model":"small","model":"large"'),
    "a part of no type": b'{"model":"auto","messages":[{"content":[{"type":{"a":[]}}]}]}',
    "a huge model": CHAT.replace(b"auto", b"x" * 500_000),
    "a huge route": chat_with(b'"messplus":{"route":"' + b"x" * 500_000 + b'"}'),
    "a huge field of ours": chat_with(b'"messplus":{"' + b"x" * 500_000 + b'":1}'),
    "a huge model to exclude": chat_with(b'"messplus":{"exclude":["' + b"x" * 500_000 + b'"]}'),
    "a huge alpha": chat_with(b'"messplus":{"alpha":"' + b"9" * 500_000 + b'"}'),
    "a verdict": b'{"id":"a\\u0000b","value":1}',
    "a verdict on a surrogate": rb'{"id":"\ud800","value":1}',
    "a huge field of a verdict": b'{"' + b"x" * 500_000 + b'":1}',
    "a huge source": b'{"id":"a","value":1,"source":"' + b"x" * 30 + b'"}',
    "a verdict with NUL everywhere": rb'{"id":"\u0000","value":1,"comment":"\u0000","label":"\u0000",'
    rb'"feedback_id":"\u0000","metadata":{"\u0000":"\u0000"}}',
    "many verdicts": b'{"feedback":[' + b",".join([b'{"id":"a","value":1}'] * 1_001) + b"]}",
    "too large": b" " * (1 << 20) + CHAT,
}  # fmt: skip

PATHS = (
    b"/v1/chat/completions", b"/v1/completions", b"/v1/decision", b"/v1/embeddings",
    b"/v1/feedback", b"/v1/feedback/batch",
)  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_bodies(port: Port, name: str) -> None:
    for path in PATHS:
        for answer in port.say(request(BODIES[name], b"connection: close", path=path), ends=False):
            assert_sound(answer)


HEADS = {
    "names twice": (b"x-request-id: a", b"x-request-id: b", b"x-messplus-alpha: 1",
                    b"x-messplus-alpha: 2"),
    "latin": (b"x-request-id: \xe9", b"x-messplus-session-id: \xe9\xff", b"authorization: \xff"),
    "UTF-8": ("x-messplus-route: 日本".encode(), "x-messplus-alpha: ٠.٥".encode()),
    "NUL": (b"x-messplus-session-id: a\0b",),
    "a tab": (b"x-messplus-session-id: a\tb",),
    "no colon": (b"nonsense",),
    "no name": (b": a",),
    "a space before the colon": (b"x-request-id : a",),
    "a folded line": (b"x-request-id: a\r\n b",),
    "only a line feed": (b"x-a: a\nx-request-id: b",),
    "a long one": (b"x-messplus-session-id: " + b"x" * 60_000,),
    "a long alpha": (b"x-messplus-alpha: " + b"9" * 50_000,),
    "a long route": (b"x-messplus-route: " + b"x" * 50_000,),
    "a long exclusion": (b"x-messplus-exclude: " + b"x" * 50_000,),
    "many": tuple(b"x-%d: 1" % n for n in range(2_000)),
    "an upgrade": (b"connection: upgrade", b"upgrade: websocket", b"sec-websocket-version: 13"),
    "an upgrade to HTTP/2": (b"connection: upgrade, http2-settings", b"upgrade: h2c",
                             b"http2-settings: AAMAAABkAAQAoAAAAAIAAAAA"),
    "an odd trace": (b"traceparent: 00-zz", b"tracestate: \xff=,,="),
    "odd types": (b"content-type: \xff/;;", b"accept: ;q=,*;version", b"content-encoding: gzip"),
    "expect": (b"expect: nonsense",),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADS)
def test_headers(port: Port, name: str) -> None:
    for answer in port.say(request(CHAT, *HEADS[name])):
        assert_sound(answer)


@pytest.mark.parametrize(
    "accept",
    [b"application/openmetrics-text", b"application/openmetrics-text;version", b";",
     b"application/openmetrics-text;version=9.9;escaping=x", b"text/plain;version=1.0.0;escaping=",
     b"application/openmetrics-text;version=a.b", b"application/openmetrics-text;version=;q=x"],
)  # fmt: skip
def test_metrics_for_whatever_is_accepted(port: Port, accept: bytes) -> None:
    sent = request(b"", b"accept: " + accept, method=b"GET", path=b"/metrics")
    (answer,) = port.say(sent)
    assert answer.status == 200
    assert b"messplus" in answer.body


LENGTHS = {
    "negative": (b"content-length: -1",),
    "signed": (b"content-length: +5",),
    "no number": (b"content-length: five",),
    "empty": (b"content-length:",),
    "two of them": (b"content-length: 5", b"content-length: 6"),
    "a list": (b"content-length: 5, 5",),
    "huge": (b"content-length: " + b"9" * 30,),
    "longer than any number": (b"content-length: " + b"9" * 5_000,),
    "too short": (b"content-length: 3",),
    "too long": (b"content-length: 500",),
    "beside chunks": (b"content-length: 3", b"transfer-encoding: chunked"),
    "no chunks": (b"transfer-encoding: chunked",),
    "an unknown encoding": (b"transfer-encoding: gzip",),
    "chunks within chunks": (b"transfer-encoding: chunked, chunked",),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_lengths(port: Port, name: str) -> None:
    for answer in port.say(request(CHAT, *LENGTHS[name], length=False)):
        assert_sound(answer)


CHUNKS = {
    "no length": b"\r\n\r\n",
    "no number": b"xyz\r\nabc\r\n0\r\n\r\n",
    "negative": b"-5\r\nabc\r\n0\r\n\r\n",
    "too long": b"ffffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    "cut": b"50\r\nabc",
    "no end": b"3\r\nabc\r\n",
    "no line": b"3\r\nabcdef\r\n0\r\n\r\n",
    "an extension": b"%x;a=b\r\n%b\r\n0\r\n\r\n" % (len(CHAT), CHAT),
    "trailers": b"%x\r\n%b\r\n0\r\nx-request-id: late\r\n\r\n" % (len(CHAT), CHAT),
    "byte by byte": b"".join(b"1\r\n%c\r\n" % byte for byte in CHAT) + b"0\r\n\r\n",
}


@pytest.mark.parametrize("name", CHUNKS)
def test_chunks(port: Port, name: str) -> None:
    sent = request(CHUNKS[name], b"transfer-encoding: chunked", length=False)
    for answer in port.say(sent):
        assert_sound(answer)


TARGETS = (
    b"*", b"x:80", b"http://elsewhere/v1/models", b"//v1/models", b"/v1/%", b"/v1/%zz", b"/v1/models/%00",
    b"/v1/models/%ff%fe", b"/v1/models/%ed%a0%80", b"/v1/decisions/%ed%a0%80", b"/v1/decisions/%00",
    b"/v1/decisions/" + b"%41" * 20_000, b"/v1/models/" + b"x" * 60_000, b"/" + b"../" * 1_000,
    b"/v1/models?" + b"a=&" * 10_000, b"/v1/models#x", b"/v1/\xc3\xa9", b"/v1/models\\..", b"",
    b"/v1/models HTTP/1.1 again", b"/\0", b"/healthz/../admin/reload", b"/metrics/x",
)  # fmt: skip
METHODS = (b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"TRACE", b"CONNECT",
           b"PROPFIND", b"NONSENSE", b"get", b"G\0T", b"")  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_paths(port: Port, method: bytes) -> None:
    for path in TARGETS:
        with port.connect() as one:
            one.sendall(request(b"", b"connection: close", method=method, path=path))
            one.shutdown(socket.SHUT_WR)
            read = read_all(one)
        assert read.startswith(b"HTTP/1.1 ") or not read
        assert not read.startswith(b"HTTP/1.1 500")
        assert b"Traceback" not in read


@pytest.mark.parametrize(
    "sent",
    [b"\r\n" * 1_000, b"\0" * 1_000, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 500,
     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\r\n\r\n", b"HELO x\r\n",
     b"GET / HTTP/1.1\r\n\r\n", b"POST / HTTP/1.0\r\n\r\n", b"GET"],
)  # fmt: skip
def test_what_is_no_request(port: Port, sent: bytes) -> None:
    for answer in port.say(sent):
        assert_sound(answer)


def test_a_body_over_the_limit_is_refused_by_its_length_before_it_has_come(port: Port) -> None:
    with port.connect() as one:
        one.sendall(request(b"", b"content-length: 2000000", length=False))
        answer = read_one(one)
    assert answer.status == 413
    assert_sound(answer)


def test_a_body_over_the_limit_is_refused_without_a_length(port: Port) -> None:
    with port.connect() as one:
        one.sendall(request(b"", b"transfer-encoding: chunked", length=False))
        piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
        for _ in range(17):
            one.sendall(piece)
        answer = read_one(one)
    assert answer.status == 413
    assert_sound(answer)


def test_requests_sent_at_once_are_answered_in_turn(port: Port) -> None:
    named = [request(CHAT, b"x-request-id: piped-%d" % n) for n in range(20)]
    found = port.say(b"".join(named) + request(CHAT, b"connection: close"), ends=False)
    assert [one.status for one in found] == [200] * 21
    assert [one.headers["x-request-id"] for one in found[:20]] == [f"piped-{n}" for n in range(20)]


def test_nonsense_behind_a_request_does_not_spoil_its_answer(port: Port) -> None:
    with port.connect() as one:
        one.sendall(request())
        assert read_one(one).status == 200
        one.sendall(b"\0nonsense\r\n\r\n")
        assert b" 500 " not in read_all(one)


def test_a_client_that_hangs_up_in_the_middle_harms_nobody(port: Port) -> None:
    whole = request()
    for cut in range(1, len(whole), 7):
        with port.connect() as one:
            one.sendall(whole[:cut])


def test_heads_that_never_end_hold_up_nobody(port: Port) -> None:
    """uvicorn sets no time by which a head must have come: a proxy in front does, if that matters."""
    with ExitStack() as stack:
        slow = [stack.enter_context(port.connect()) for _ in range(50)]
        for one in slow:
            one.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n")
        for n in range(5):
            for one in slow:
                one.sendall(b"x-%d: y\r\n" % n)
            (answer,) = port.say(request(CHAT, b"connection: close"), ends=False)
            assert answer.status == 200
        slow[0].sendall(b"content-length: %d\r\n\r\n%b" % (len(CHAT), CHAT))
        assert read_one(slow[0]).status == 200


def test_bodies_that_never_come_hold_up_nobody(port: Port) -> None:
    with ExitStack() as stack:
        for _ in range(50):
            one = stack.enter_context(port.connect())
            one.sendall(request(b"{", b"content-length: 1000", length=False))
        (answer,) = port.say(request(CHAT, b"connection: close"), ends=False)
        assert answer.status == 200


def test_a_thousand_connections_that_say_nothing_hold_up_nobody(port: Port) -> None:
    resource = pytest.importorskip("resource")
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 2 * MANY + 500:
        pytest.skip("too few files may be open at once: both ends are in this process")
    with ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(port.connect())
        (answer,) = port.say(request(CHAT, b"connection: close"), ends=False)
        assert answer.status == 200
        assert orjson.loads(answer.body)["model"] in ("small", "large")
