import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from messplus.gateway.body import (
    ClientGone,
    asked_of_chat,
    asked_of_completion,
    parse,
    read_body,
)
from messplus.gateway.errors import ApiError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["model", "messages", "stream", "metadata", "messplus", "tools", "stream_options",
     "response_format", "max_tokens"],
)  # fmt: skip


def body_of(*messages: Any, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    return {"model": "auto", "messages": list(messages), **fields}


def test_the_router_reads_the_latest_words_of_the_user() -> None:
    asked = asked_of_chat(
        body_of(
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "first"},
            {"role": "assistant", "content": "yes?"},
            {
                "role": "user",
                "content": [{"type": "text", "text": "second"}, {"type": "text", "text": "part"}],
            },
            {"role": "assistant", "content": None, "tool_calls": []},
            {"role": "tool", "content": "result"},
        )
    )
    assert asked.text == "second\npart"
    assert asked.tokens == len("Be brief.firstyes?second\npartresult") // 4


def test_what_a_request_needs_is_seen() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    schema = {"type": "object"}
    asked = asked_of_chat(
        body_of(
            {"role": "user", "content": [{"type": "text", "text": "x" * 40}, image]},
            tools=[{"type": "function"}],
            stream=True,
            stream_options={"include_usage": True},
            max_tokens=50,
            response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": schema}},
            metadata={"task": "law", "n": 3},
        )
    )
    assert asked.images
    assert asked.tools
    assert asked.stream
    assert asked.include_usage
    assert asked.structured
    assert asked.schema == schema
    assert asked.metadata == {"task": "law"}
    assert asked.tokens == 10 + 1000 + 50


def test_a_plain_request_needs_nothing() -> None:
    asked = asked_of_chat(body_of({"role": "user", "content": "hi"}, stream=None, tools=[]))
    needs = (asked.images, asked.tools, asked.stream, asked.include_usage, asked.structured)
    assert not any(needs)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": [{"role": "user", "content": "hi"}]}, "model"),
        ({"model": 3, "messages": [{"role": "user", "content": "hi"}]}, "model"),
        ({"model": "auto"}, "messages"),
        ({"model": "auto", "messages": []}, "messages"),
        ({"model": "auto", "messages": ["hi"]}, "messages[0]"),
        ({"model": "auto", "messages": [{"content": 3}]}, "messages[0].content"),
        (body_of({"role": "user", "content": "hi"}, stream="yes"), "stream"),
        (body_of({"role": "user", "content": "hi"}, messplus=[]), "messplus"),
    ],
)
def test_what_cannot_be_routed_is_refused_by_name(body: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as refused:
        asked_of_chat(body)
    assert refused.value.status == 400
    assert refused.value.param == param


def test_a_text_completion_is_routed_by_its_prompt() -> None:
    assert asked_of_completion({"model": "auto", "prompt": "once"}).text == "once"
    assert asked_of_completion({"model": "auto", "prompt": ["once"]}).text == "once"
    with pytest.raises(ApiError, match="prompt must be a text"):
        asked_of_completion({"model": "auto", "prompt": ["one", "two"]})


@given(st.dictionaries(FIELDS, JSON))
def test_no_body_breaks_the_reading(body: dict[str, Any]) -> None:
    with suppress(ApiError):
        assert isinstance(asked_of_chat(body).text, str)


@given(st.binary(max_size=60))
def test_no_bytes_break_the_parsing(body: bytes) -> None:
    with suppress(ApiError):
        assert isinstance(parse(body), dict)


def read(messages: Sequence[Message], most: int, length: bytes | None = None) -> bytes:
    waiting = iter(messages)

    async def receive() -> Message:
        return next(waiting)

    headers = [] if length is None else [(b"content-length", length)]
    return asyncio.run(read_body({"type": "http", "headers": headers}, receive, most))


def test_a_body_comes_in_parts() -> None:
    parts = [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.request", "body": b"c", "more_body": False},
    ]
    assert read(parts, 3) == b"abc"


def test_a_body_that_is_too_large_is_not_read_to_its_end() -> None:
    with pytest.raises(ApiError) as refused:
        read([], 10, b"11")
    assert refused.value.status == 413
    endless = [{"type": "http.request", "body": b"x" * 6, "more_body": True}] * 3
    with pytest.raises(ApiError, match="at most 10 bytes"):
        read(endless, 10)


def test_a_client_that_leaves_is_noticed() -> None:
    with pytest.raises(ClientGone):
        read(
            [
                {"type": "http.request", "body": b"a", "more_body": True},
                {"type": "http.disconnect"},
            ],
            10,
        )
