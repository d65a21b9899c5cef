"""The nginx that ships in front of two gateways: what it passes on, and what it must not do."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.deploy.nginx import nginx
from tests.e2e.deploy.upstream import EVENTS, Upstream, upstream
from tests.ports import free_port


@pytest.fixture
def gateways() -> Iterator[tuple[Upstream, Upstream]]:
    with upstream("a") as first, upstream("b") as second:
        yield first, second


@pytest.fixture
def port(gateways: tuple[Upstream, Upstream], tmp_path: Path) -> Iterator[int]:
    with nginx(tmp_path, [one.port for one in gateways]) as front:
        yield front.port


@contextmanager
def asked(
    port: int,
    path: str,
    body: bytes | None = b"{}",
    headers: dict[str, str] | None = None,
) -> Iterator[http.client.HTTPResponse]:
    """The answer to a POST, or, without a body, a GET."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30.0)
    try:
        connection.request("GET" if body is None else "POST", path, body, headers or {})
        yield connection.getresponse()
    finally:
        connection.close()


def said(
    port: int, *, body: bytes = b"{}", headers: dict[str, str] | None = None
) -> dict[str, Any]:
    with asked(port, "/v1/chat", body, headers) as answer:
        assert answer.status == 200
        found = json.loads(answer.read())
    assert isinstance(found, dict)
    return found


def test_a_stream_arrives_event_by_event(port: int, gateways: tuple[Upstream, Upstream]) -> None:
    with asked(port, "/stream") as answer:
        for event in EVENTS:
            # The upstream sends it only now, so what was held back would never be read.
            for gateway in gateways:
                gateway.next.release()
            assert answer.readline() + answer.readline() == event
        assert answer.read() == b""


def test_requests_go_to_both_gateways_and_sessions_to_one(port: int) -> None:
    assert {said(port)["name"] for _ in range(50)} == {"a", "b"}
    for header in (
        "x-messplus-session-id",
        "x-session-id",
        "x-conversation-id",
        "X-OpenWebUI-Chat-Id",
    ):
        by_session = {
            session: {said(port, headers={header: session})["name"] for _ in range(5)}
            for session in map(str, range(20))
        }
        assert all(len(names) == 1 for names in by_session.values())
        assert set.union(*by_session.values()) == {"a", "b"}


def test_a_gateway_that_is_down_is_passed_over(
    gateways: tuple[Upstream, Upstream], tmp_path: Path
) -> None:
    with nginx(tmp_path, [free_port(), gateways[1].port]) as front:
        names = {said(front.port, body=b"x" * 200_000)["name"] for _ in range(30)}
    assert names == {"b"}
    assert len(gateways[1].asked) == 30


def test_a_post_that_was_sent_is_not_sent_again(
    port: int, gateways: tuple[Upstream, Upstream]
) -> None:
    with asked(port, "/drop") as answer:
        assert answer.status == 502
        assert answer.headers["content-type"] == "application/json"
        assert json.loads(answer.read())["error"]["code"] == "no_gateway"
    assert sum(gateway.asked.count("/drop") for gateway in gateways) == 1


def test_without_any_gateway_clients_are_told_in_json(tmp_path: Path) -> None:
    with (
        nginx(tmp_path, [free_port(), free_port()]) as front,
        asked(front.port, "/v1/chat") as answer,
    ):
        assert answer.status == 502
        assert json.loads(answer.read())["error"]["message"] == "no gateway answered"


@pytest.mark.parametrize("status", [400, 413, 429, 502, 503])
def test_refusals_of_a_gateway_go_to_the_client(
    port: int, gateways: tuple[Upstream, Upstream], status: int
) -> None:
    with asked(port, f"/status/{status}") as answer:
        assert answer.status == status
        assert answer.headers["retry-after"] == "7"
        assert json.loads(answer.read())["name"] in ("a", "b")
    assert sum(len(gateway.asked) for gateway in gateways) == 1


def test_request_ids_pass_in_both_directions(
    gateways: tuple[Upstream, Upstream], tmp_path: Path
) -> None:
    with nginx(tmp_path, [one.port for one in gateways]) as front:
        port = front.port
        with asked(port, "/v1/chat", headers={"x-request-id": "mine"}) as answer:
            assert answer.headers["x-request-id"] == "mine"
            assert json.loads(answer.read())["request"] == "mine"
        with asked(port, "/v1/chat?key=secret") as answer:
            assert answer.headers["x-request-id"].startswith("named-by-")
            answer.read()
    lines = map(json.loads, (tmp_path / "access.log").read_text().splitlines())
    logged = {line["request"]: line for line in lines}  # in any order: there are several processes
    mine = logged.pop("mine")
    assert (mine["status"], mine["path"]) == (200, "/v1/chat")
    ((name, other),) = logged.items()
    assert name.startswith("named-by-")
    assert "secret" not in json.dumps(other)


def test_the_largest_body_passes(port: int) -> None:
    size = 20 * 1024 * 1024
    assert said(port, body=b"x" * size)["size"] == size


def test_what_is_larger_than_any_gateway_takes_is_refused(
    port: int, gateways: tuple[Upstream, Upstream]
) -> None:
    with socket.create_connection(("127.0.0.1", port), 30.0) as client:
        client.sendall(b"POST /v1/chat HTTP/1.1\r\nhost: x\r\ncontent-length: 99000000\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 413"
    assert all(gateway.asked == [] for gateway in gateways)


def test_connections_to_gateways_are_used_again(
    port: int, gateways: tuple[Upstream, Upstream]
) -> None:
    # By one connection, so that one process of nginx gets all: each has its own to the gateways.
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30.0)
    for _ in range(20):
        client.request("POST", "/v1/chat", b"{}", {"x-session-id": "one"})
        client.getresponse().read()
    client.close()
    (gateway,) = (one for one in gateways if one.asked)
    assert (len(gateway.asked), gateway.connections) == (20, 1)


def test_only_gateways_are_asked_for_metrics(
    port: int, gateways: tuple[Upstream, Upstream]
) -> None:
    for path, status in (("/metrics", 404), ("/nginx/health", 204)):
        with asked(port, path, body=None) as answer:
            assert answer.status == status
            answer.read()
    assert all(gateway.asked == [] for gateway in gateways)
