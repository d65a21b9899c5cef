"""JSON of any shape where the gateway reads it, and headers of any bytes."""

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.e2e.gateway_fuzz.conftest import EXAMPLES
from tests.e2e.gateway_fuzz.raw import Port, assert_sound, request

if TYPE_CHECKING:
    from collections.abc import Mapping

made_up = settings(
    max_examples=8 * EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)

ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()  # NaN and infinity are none of JSON, but some clients send them
    | st.text(st.characters(), max_size=20)  # lone surrogates, too
    | st.sampled_from(["auto", "small", "chat", "chat@0.5", "user", "audit", "chatcmpl-x", -1]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)


def fields(**known: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    """Objects whose fields are now as they should be, now anything, now missing."""
    return st.fixed_dictionaries({}, optional={name: one | ANY for name, one in known.items()})


ALPHA = st.floats(-0.5, 1.5) | st.text("0123456789.eE-_naif", max_size=8)
MESSAGE = fields(
    role=st.sampled_from(["user", "system", "assistant", "tool"]),
    content=st.text() | st.lists(fields(type=st.just("image_url"), text=st.text()), max_size=3),
)
OWN = fields(
    route=st.just("chat"),
    alpha=ALPHA,
    exclude=st.lists(st.sampled_from(["small", "large"]), max_size=2),
    session_id=st.text(max_size=300),
)
CHAT = fields(
    model=st.sampled_from(["auto", "chat", "chat@0.9", "chat@", "@", "auto@nan", "small"]),
    messages=st.lists(MESSAGE, min_size=1, max_size=3),
    stream=st.booleans(),
    stream_options=fields(include_usage=st.booleans()),
    metadata=fields(task=st.text(max_size=20), session_id=st.text(max_size=20)),
    response_format=fields(type=st.just("json_schema"), json_schema=fields(schema=ANY)),
    tools=st.lists(ANY, max_size=2),
    max_tokens=st.integers(),
    messplus=OWN,
)
VERDICT = fields(
    id=st.just("chatcmpl-a") | st.text(min_size=1, max_size=96),
    value=st.booleans() | st.floats(-1, 1.5) | st.integers(-1, 1),
    source=st.sampled_from(["user", "implicit", "test", "check", "judge", "audit"]),
    feedback_id=st.text(max_size=100),
    comment=st.text(max_size=50),
    label=st.text(max_size=20),
    metadata=st.dictionaries(st.text(max_size=70), st.text(max_size=5), max_size=17),
    dry_run=st.booleans(),
)
BATCH = fields(feedback=st.lists(VERDICT, max_size=4))

PATHS: "Mapping[bytes, st.SearchStrategy[dict[str, object]]]" = {
    b"/v1/chat/completions": CHAT,
    b"/v1/decision": CHAT,
    b"/v1/completions": CHAT,
    b"/v1/embeddings": CHAT,
    b"/v1/feedback": VERDICT,
    b"/v1/feedback/batch": BATCH,
}


@pytest.mark.parametrize("path", PATHS)
def test_bodies(port: Port, path: bytes) -> None:
    @given(body=PATHS[path], ascii_only=st.booleans())
    @made_up
    def check(body: dict[str, object], ascii_only: bool) -> None:
        text = json.dumps(body, ensure_ascii=ascii_only)
        sent = request(text.encode("utf-8", "surrogatepass"), b"connection: close", path=path)
        (answer,) = port.say(sent, ends=False)
        assert_sound(answer)

    check()


NAMES = (
    b"x-messplus-route", b"x-messplus-alpha", b"x-messplus-exclude", b"x-messplus-session-id",
    b"x-messplus-attributes", b"x-messplus-model", b"x-messplus-nonsense", b"x-request-id",
    b"x-session-id", b"x-conversation-id", b"x-openwebui-chat-id", b"idempotency-key",
    b"authorization", b"x-api-key", b"traceparent", b"tracestate", b"accept", b"content-type", b"origin",
)  # fmt: skip
VALUES = (
    st.binary(max_size=80)
    | st.text(max_size=30).map(lambda one: one.encode("utf-8", "surrogatepass"))
    | st.floats().map(lambda one: repr(one).encode())
    | st.sampled_from(
        [
            b"chat",
            b"auto",
            b"small",
            b"small, large",
            b"0.9",
            b"1e-9",
            b"Bearer x",
            b"Bearer",
            b",,",
        ]
    )
)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        (b"POST", b"/v1/chat/completions", b'{"model":"auto","messages":[{"content":"Hi"}]}'),
        (b"POST", b"/v1/decision", b'{"model":"auto","messages":[{"content":"Hi"}]}'),
        (b"POST", b"/v1/feedback", b'{"id":"a","value":1}'),
        (b"GET", b"/v1/models", b""),
        (b"GET", b"/metrics", b""),
    ],
)
def test_headers(port: Port, method: bytes, path: bytes, body: bytes) -> None:
    @given(headers=st.lists(st.tuples(st.sampled_from(NAMES), VALUES), min_size=1, max_size=4))
    @made_up
    def check(headers: list[tuple[bytes, bytes]]) -> None:
        lines = [name + b": " + value for name, value in headers]
        sent = request(body, *lines, b"connection: close", method=method, path=path)
        for answer in port.say(sent):
            assert_sound(answer)

    check()
