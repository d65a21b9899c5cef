"""Whatever a client sends: no 500, no hang, errors in OpenAI's form, and a name on every answer.

A usual run takes some seconds. MESSPLUS_FUZZ_EXAMPLES sets how many requests are made up for each path.
"""

import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.e2e.gateway.conftest import assert_replays
from tests.e2e.gateway.http import Http
from tests.e2e.gateway_faults import wire

from messplus.gateway.config.settings import Settings
from messplus.gateway.openapi import description
from messplus.gateway.serve import serving

EXAMPLES = int(os.environ.get("MESSPLUS_FUZZ_EXAMPLES", "15"))
DESCRIPTION = Path(__file__).parents[3] / "docs" / "reference" / "openapi.json"
ALLOWED = {200, 202, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429}
API = description("")
POSTS = [path for path, item in API["paths"].items() if "post" in item]
LONGEST_S = 10.0

schema = schemathesis.openapi.from_dict(API)
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway of which everybody may ask everything; its log must replay in the end."""
    with wire.upstream(wire.well) as upstream:
        model = {"provider": "local", "cost": {"input_per_mtok": 1.0}}
        config = Settings.model_validate(
            {
                "server": {"port": 0, "max_body_mb": 1.0, "drain_s": 1},
                "providers": {"local": {"base_url": f"http://127.0.0.1:{upstream.port}/v1"}},
                "models": {"small": model, "large": model},
                "routes": {"chat": {"alpha": 0.8}, "code": {"alpha": 0.9}},
                "store": f"sqlite:{tmp_path_factory.mktemp('fuzz') / 'log.db'}",
            }
        )
        with serving(config) as at:
            yield at
        assert_replays(config)


@pytest.fixture(scope="module")
def http(address: str) -> Iterator[Http]:
    with closing(Http(address)) as http:
        yield http


def check(status: int, headers: dict[str, str], body: bytes) -> None:
    """What holds of every answer."""
    assert status in ALLOWED, (status, body)
    assert headers["x-request-id"]
    assert b"Traceback" not in body
    if status >= 400:
        error = orjson.loads(body)["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["message"]


@schema.parametrize()
@fuzzed
def test_requests_made_up_from_the_description(case: schemathesis.Case[Any], address: str) -> None:
    response = case.call(base_url=address, timeout=LONGEST_S)
    headers = {name.lower(): value[0] for name, value in response.headers.items()}
    check(response.status_code, headers, response.content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    ["model", "messages", "stream", "stream_options", "tools", "metadata", "messplus", "max_tokens",
     "response_format", "id", "value", "source", "feedback_id", "comment", "feedback", "dry_run",
     "prompt", "label", "functions"]
)  # fmt: skip
VALID = {"model": "auto", "messages": [{"role": "user", "content": "Hi"}]}


@given(path=st.sampled_from(POSTS), changes=st.dictionaries(FIELDS, JSON, max_size=3))
@settings(fuzzed, max_examples=EXAMPLES * len(POSTS))
def test_fields_of_any_type(path: str, changes: dict[str, object], http: Http) -> None:
    body = json.dumps({**VALID, **changes}).encode()  # NaN and infinity, too
    reply = http.post(path, body)
    check(reply.status, dict(reply.headers), reply.body)


@given(path=st.sampled_from(POSTS), body=st.binary(max_size=200))
@settings(fuzzed, max_examples=EXAMPLES * 4)
def test_bodies_that_are_no_json(path: str, body: bytes, http: Http) -> None:
    reply = http.post(path, body)
    check(reply.status, dict(reply.headers), reply.body)


def deep(depth: int, opens: str, closes: str) -> bytes:
    return (opens * depth + "1" + closes * depth).encode()


ODD = {
    "empty": b"",
    "null": b"null",
    "a number": b"1",
    "deep lists": deep(200_000, "[", "]"),
    "deep objects": deep(150_000, '{"a":', "}"),
    "deep, never closed": b"[" * 500_000,
    "deep messages": b'{"model":"auto","messages":' + deep(100_000, "[", "]") + b"}",
    "deep metadata": b'{"model":"auto","messages":[{"role":"user","content":"x"}],"metadata":'
    + deep(500, '{"a":', "}") + b"}",
    "invalid UTF-8": b'{"model":"\xff\xfe","messages":[]}',
    "UTF-16": '{"model":"auto"}'.encode("utf-16"),
    "lone surrogate": rb'{"model":"auto","messages":[{"role":"user","content":"\ud800"}]}',
    "null byte in a name": rb'{"model":"a\u0000b","messages":[{"role":"user","content":"x"}]}',
    "null byte in a text": rb'{"model":"auto","messages":[{"role":"user","content":"\u0000"}],'
    rb'"messplus":{"session_id":"\u0000"},"metadata":{"task":"\u0000"}}',
    "null byte in an id": rb'{"id":"a\u0000b","value":1,"comment":"\u0000","source":"user"}',
    "surrogate in an id": rb'{"id":"\udc00","value":1}',
    "huge number": b'{"model":"auto","max_tokens":1' + b"0" * 4000
    + b',"messages":[{"role":"user","content":"x"}]}',
    "64 bits": b'{"model":"auto","max_tokens":18446744073709551615,'
    b'"messages":[{"role":"user","content":"x"}]}',
    "NaN": b'{"id":"x","value":NaN}',
    "many keys": b'{"model":"auto","messages":[{"role":"user","content":"x"}],'
    + b",".join(b'"k%d":1' % n for n in range(50_000)) + b"}",
    "many messages": b'{"model":"auto","messages":[' + b",".join([b"{}"] * 100_000) + b"]}",
    "too large": b" " * (2**20 + 1),
    "a bomb of alphas": b'{"model":"auto@1e-400","messages":[{"role":"user","content":"x"}]}',
}  # fmt: skip


@pytest.mark.parametrize("path", POSTS)
def test_odd_bodies(path: str, http: Http) -> None:
    for name, body in ODD.items():
        reply = http.post(path, body)
        try:
            check(reply.status, dict(reply.headers), reply.body)
        except AssertionError as error:
            raise AssertionError(f"{path}, {name}") from error


@pytest.mark.parametrize(
    "headers",
    [
        {"x-messplus-alpha": "nan"},
        {"x-messplus-alpha": "1e309"},
        {"x-messplus-alpha": "٣"},
        {"x-messplus-route": "\xff"},
        {"x-messplus-exclude": "," * 5000},
        {"x-messplus-session-id": "\xe9" * 4000},
        {"x-request-id": "a b"},
        {"x-request-id": "x" * 65},
        {"traceparent": "00-zz-zz-zz"},
        {"traceparent": "\xff"},
        {"authorization": "\xff\xfe"},
        {"authorization": "Bearer"},
        {"content-type": "text/plain; charset=utf-7"},
        {"content-encoding": "gzip"},
        {"accept": "\xff"},
        {"idempotency-key": "\xff" * 300},
        {"origin": "null"},
    ],
)
def test_odd_headers(headers: dict[str, str], http: Http) -> None:
    sent = {name.replace("-", "_"): value.encode("utf-8") for name, value in headers.items()}
    for path in ("/v1/chat/completions", "/v1/feedback", "/v1/decision"):
        reply = http.post(path, {**VALID, "id": "x"}, **sent)  # type: ignore[arg-type]
        check(reply.status, dict(reply.headers), reply.body)


@pytest.mark.parametrize(
    "path",
    ["/v1/decisions/%00", "/v1/decisions/%ff", "/v1/decisions/%ed%a0%80", "/v1/models/%2e%2e/%2e%2e",
     "/v1/models/" + "x" * 5000, "/v1/decisions/" + "%41" * 1000, "/%", "//", "/v1/%zz", "/../etc"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"])
def test_odd_paths_and_methods(method: str, path: str, http: Http) -> None:
    reply = http.ask(method, path, None)
    if method == "HEAD":
        assert reply.status in ALLOWED
        assert reply.headers["x-request-id"]
    else:
        check(reply.status, dict(reply.headers), reply.body)


def test_the_description_is_served_and_written_down(http: Http) -> None:
    served = http.get("/openapi.json").json
    written = orjson.loads(DESCRIPTION.read_bytes())
    for one in (served, written):
        del one["info"]["version"]
    assert served == written


def test_all_that_is_described_is_there(http: Http) -> None:
    for path, item in API["paths"].items():
        for method in item:
            reply = http.ask(method.upper(), path.format(name="auto", decision_id="x"), None)
            missing = reply.status == 404 and reply.error["code"] == "unknown_url"
            assert reply.status != 405
            assert not missing, path
