"""What operators see: health, metrics, limits, bad requests, clients that leave."""

import socket
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from tests.e2e.gateway.conftest import Running, Start
from tests.e2e.gateway.http import Http, chat_body
from tests.e2e.gateway.scripted import Upstream, fails, sends_events, streams, waits


def series(http: Http) -> dict[str, float]:
    """The metrics: each series, as it is written, with its value."""
    lines = http.get("/metrics").body.decode().splitlines()
    return {
        name: float(value)
        for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))
    }


def test_home_says_what_there_is(gateway: Running) -> None:
    home = gateway.http.get("/").json
    assert home["name"] == "messplus"
    assert "POST /v1/chat/completions" in home["paths"]


@pytest.mark.parametrize("path", ["/health/liveness", "/health/liveliness", "/healthz"])
def test_it_is_alive(gateway: Running, path: str) -> None:
    assert gateway.http.get(path).json == {"status": "alive"}


@pytest.mark.parametrize("path", ["/health/readiness", "/readyz", "/health"])
def test_it_is_ready(start: Start, path: str) -> None:
    gateway = start()
    gateway.http.chat()
    told = gateway.http.get(path)
    assert (told.status, told.json) == (200, {"status": "ready", "reasons": [], "decisions": 1})


def test_metrics_after_a_request(start: Start) -> None:
    gateway = start()
    answer = gateway.http.chat()
    gateway.http.feedback(answer.name, 1)
    gateway.http.chat(stream=True)
    gateway.http.chat(model="nobody")
    found = series(gateway.http)

    def total(name: str, *labels: str) -> float:
        return sum(
            value
            for one, value in found.items()
            if one.partition("{")[0] == name and all(label in one for label in labels)
        )

    model = f'model="{answer.model}"'
    assert total("messplus_requests_total", 'status="200"') == 2
    assert total("messplus_requests_total", model, 'route="chat"', 'status="200"') >= 1
    assert total("messplus_requests_total", 'status="404"') == 1
    assert total("messplus_errors_total", 'kind="model_not_found"') == 1
    assert total("messplus_decisions_total", 'route="chat"') == 2
    assert total("messplus_tokens_total", 'kind="prompt"') == 24
    assert total("messplus_tokens_total", 'kind="output"') == 6
    assert total("messplus_cost_usd_total", 'purpose="answer"') > 0
    assert total("messplus_upstream_attempts_total", 'kind="ok"') == 2
    assert total("messplus_feedback_total", 'source="user"', 'status="applied"') == 1
    assert total("messplus_overhead_seconds_count") == 2
    assert total("messplus_request_latency_seconds_count", 'route="chat"') == 2
    assert total("messplus_alpha", 'route="chat"') == 0.8
    assert total("messplus_promise_requests", 'route="chat"') == 2
    assert total("messplus_requests_in_flight") == 0
    assert total("messplus_build_info") == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "must be JSON"),
        (b"{", "must be JSON"),
        (b"\xff\xfe", "must be JSON"),
        (b"[]", "must be a JSON object"),
        (b"[" * 100_000, "must be JSON"),
        (b'{"messages": []}', "messages"),
        (b'{"messages": [{"role": "user", "content": "Hi"}]}', "model"),
        (b'{"model": 1, "messages": [{"role": "user", "content": "Hi"}]}', "model"),
        (b'{"model": "auto", "messages": [1]}', "messages[0]"),
        (b'{"model": "auto", "messages": [{"role": "user", "content": 7}]}', "messages[0].content"),
        (b'{"model": "auto", "stream": "yes", "messages": [{"content": "Hi"}]}', "stream"),
        (b'{"model": "auto", "messplus": 1, "messages": [{"content": "Hi"}]}', "messplus"),
        (b'{"model": "auto", "messplus": {"alhpa": 1}, "messages": [{"content": "Hi"}]}', "alpha"),
    ],
)
def test_bodies_that_make_no_sense(
    gateway: Running, upstream: Upstream, body: bytes, says: str
) -> None:
    answer = gateway.http.post("/v1/chat/completions", body)
    assert (answer.status, answer.error["type"]) == (400, "invalid_request_error")
    assert says in answer.error["message"]
    assert answer.headers["content-type"] == "application/json"
    assert upstream.asked == []


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/feedback", "/v1/decision"])
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_that_are_too_large(start: Start, path: str, chunked: bool) -> None:
    gateway = start(server={"max_body_mb": 0.01})
    body: Any = chat_body("x" * 20_000)
    if chunked:  # whose length is not told before
        body = iter([b'{"model": "', b"x" * 20_000, b'"}'])
    answer = gateway.http.post(path, body)
    assert (answer.status, answer.error["code"]) == (413, "request_too_large")
    assert gateway.http.chat().status == 200


def test_a_body_without_end_is_not_read_to_the_end(start: Start) -> None:
    gateway = start(server={"max_body_mb": 0.01})
    for path in ("/v1/chat/completions", "/v1/feedback", "/v1/decision"):
        with connection_to(gateway) as connection:
            head = f"POST {path} HTTP/1.1\r\nhost: gateway\r\ntransfer-encoding: chunked\r\n\r\n"
            connection.sendall(head.encode() + b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
            assert connection.recv(64).startswith(b"HTTP/1.1 413 ")


def test_more_requests_than_are_taken(start: Start, upstream: Upstream) -> None:
    http = start(server={"max_requests": 1}).http
    gate = upstream.gate()
    upstream.script(streams("first", "last", wait=gate))
    with http.streaming("POST", "/v1/chat/completions", chat_body(stream=True)) as under_way:
        refused = http.chat()
        assert (refused.status, refused.error["code"]) == (503, "overloaded")
        assert http.get("/health/liveness").status == 200
        gate.open()
        assert under_way.read().rstrip().endswith(b"[DONE]")
    assert http.chat().status == 200


def test_paths_and_methods_that_there_are_not(gateway: Running) -> None:
    missing = gateway.http.get("/v1/nothing")
    assert (missing.status, missing.error["code"]) == (404, "unknown_url")
    wrong = gateway.http.get("/v1/chat/completions")
    assert (wrong.status, wrong.error["code"]) == (405, "method_not_allowed")
    assert "POST" in wrong.headers["allow"]
    assert wrong.headers["x-request-id"]


def test_a_clients_name_for_its_request_is_kept(gateway: Running) -> None:
    named = {"x-request-id": "client-7"}
    first, second = (gateway.http.chat(headers=named) for _ in range(2))
    assert first.name == first.headers["x-request-id"] == "client-7"
    assert second.status == 200
    assert second.name != "client-7"  # that is another decision's


def test_a_client_that_leaves_in_the_middle(gateway: Running, upstream: Upstream) -> None:
    """The upstream is hung up on. What came is paid for, and the model has not failed."""
    upstream.script(streams("first", "last", wait=upstream.gate()))
    with gateway.http.streaming("POST", "/v1/chat/completions", chat_body(stream=True)) as answer:
        assert next(line for line in answer if b"first" in line)
        name = answer.headers["x-messplus-decision-id"]
    assert upstream.left.wait(10)

    explained = eventually(lambda: gateway.http.get(f"/v1/decisions/{name}").json, "outcomes")
    (outcome,) = explained["outcomes"]
    assert outcome["error"] is None
    assert outcome["cost"] > 0
    assert explained["answered_by"] == answer.headers["x-messplus-model"]
    assert gateway.http.feedback(name, 0).json["status"] == "applied"


def test_a_client_that_leaves_when_it_hears_of_an_error(start: Start, upstream: Upstream) -> None:
    """As OpenAI's SDK does: then the model has failed all the same."""
    http = start().http
    said = {"type": "chunk", "choices": [{"index": 0, "delta": {"content": "first"}}]}
    failed = {"type": "error", "error": {"message": "overloaded"}}
    upstream.script(sends_events(said, failed, wait=upstream.gate()))
    with http.streaming("POST", "/v1/chat/completions", chat_body(stream=True)) as answer:
        assert next(line for line in answer if b"overloaded" in line)
        name = answer.headers["x-messplus-decision-id"]
    assert upstream.left.wait(10)

    explained = eventually(lambda: http.get(f"/v1/decisions/{name}").json, "outcomes")
    assert explained["outcomes"][0]["error"] == "overloaded"
    assert explained["answered_by"] is None


def test_a_client_that_leaves_before_the_answer(gateway: Running, upstream: Upstream) -> None:
    upstream.script(waits(upstream.gate()))
    leave_without_an_answer(gateway, upstream)
    assert upstream.left.wait(10)

    assert gateway.http.chat().status == 200
    assert gateway.http.get("/v1/decisions/leaver").json["outcomes"] == []


def eventually(look: Callable[[], dict[str, Any]], field: str) -> dict[str, Any]:
    """What is there as soon as a field has something in it: the gateway notes it on its own time."""
    until_s = time.monotonic() + 10
    while not (found := look())[field]:
        assert time.monotonic() < until_s, f"no {field}: {found}"
    return found


def leave_without_an_answer(gateway: Running, upstream: Upstream) -> None:
    """Ask as `leaver`, and hang up when the upstream has been asked."""
    body = orjson.dumps(chat_body())
    with connection_to(gateway) as connection:
        head = (
            "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nx-request-id: leaver\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body)
        assert upstream.begun.wait(10)


def test_reload_without_a_file(gateway: Running) -> None:
    """Whoever serves from a program changes what it serves itself."""
    answer = gateway.http.ask("POST", "/admin/reload", None)
    assert (answer.status, answer.error["code"]) == (409, "not_reloadable")


def test_nothing_leaks(start: Start, upstream: Upstream) -> None:
    upstream.always(fails(500, "Traceback (most recent call last): sk-upstream"))
    answer = start().http.chat()
    assert answer.status == 502
    assert b"sk-upstream" not in answer.body


def connection_to(gateway: Running) -> socket.socket:
    """A bare connection, for what no client library does."""
    host, port = gateway.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)
