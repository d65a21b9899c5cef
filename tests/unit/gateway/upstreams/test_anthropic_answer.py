"""What Anthropic's API answers, as chat completions."""

import asyncio
import itertools
from typing import Any

import anthropic.types
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import TypeAdapter
from tests.unit.gateway.upstreams.scripted import (
    Answer,
    ask,
    http,
    opened,
    serving,
    settings,
    streamed,
)

from messplus.gateway.upstreams import StreamRewriter, UpstreamError, Usage, rewrite_json
from messplus.gateway.upstreams.anthropic.answer import completion_of, error_of
from messplus.gateway.upstreams.anthropic.stream import ChunkStream
from messplus.gateway.upstreams.dialect import Json

EVENT: TypeAdapter[Any] = TypeAdapter(anthropic.types.RawMessageStreamEvent)
USAGE = {
    "input_tokens": 10,
    "cache_creation_input_tokens": 3,
    "cache_read_input_tokens": 20,
    "output_tokens": 5,
}


def message(*content: Json, stop_reason: str = "end_turn") -> bytes:
    told = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": list(content),
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": USAGE,
    }
    anthropic.types.Message.model_validate(told)
    return orjson.dumps(told)


def completion(body: bytes) -> ChatCompletion:
    return ChatCompletion.model_validate_json(completion_of(body, created=7))


def test_a_text() -> None:
    told = completion(message({"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}))
    assert told.choices[0].message.content == "Hello"
    assert told.choices[0].finish_reason == "stop"
    assert (told.id, told.model, told.created) == ("msg_1", "claude", 7)
    assert told.usage is not None
    assert (told.usage.prompt_tokens, told.usage.completion_tokens) == (33, 5)
    assert told.usage.prompt_tokens_details is not None
    assert told.usage.prompt_tokens_details.cached_tokens == 20


def test_calls_and_thoughts() -> None:
    use = {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Rome"}}
    body = message(
        {"type": "thinking", "thinking": "Hm", "signature": "s"}, use, stop_reason="tool_use"
    )
    told = completion(body).choices[0]
    assert told.finish_reason == "tool_calls"
    assert told.message.content is None
    assert told.message.to_dict()["reasoning_content"] == "Hm"
    assert told.message.tool_calls is not None
    (call,) = told.message.tool_calls
    assert call.to_dict() == {
        "id": "t1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city":"Rome"}'},
    }


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
    ],
)
def test_reasons(reason: str, finish: str) -> None:
    assert completion(message(stop_reason=reason)).choices[0].finish_reason == finish


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"content":"x"}', b"<html>"])
def test_what_is_no_message(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # of JSON or of ours
        completion_of(body, created=0)


def test_errors() -> None:
    def told(kind: str, text: str) -> Json:
        body = {"type": "error", "error": {"type": kind, "message": text}}
        error: Json = orjson.loads(error_of(orjson.dumps(body)))["error"]
        return error

    assert told("invalid_request_error", "x: bad") == {
        "message": "x: bad",
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_request_error",
    }
    long = told("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")
    assert long["code"] == "context_length_exceeded"
    for odd in (b"", b"<html>", b"[]", b'{"error":"x"}'):
        assert error_of(odd) == odd


def events(*told: Json) -> list[bytes]:
    for one in told:
        if one["type"] not in ("ping", "error", "new"):
            EVENT.validate_python(one)
    return [
        f"event: {one['type']}\n".encode() + b"data: " + orjson.dumps(one) + b"\n\n" for one in told
    ]


BEGUN: Json = {
    "type": "message_start",
    "message": {
        **orjson.loads(message()),
        "stop_reason": None,
        "usage": {**USAGE, "output_tokens": 1},
    },
}


def delta(index: int, **told: Any) -> Json:  # noqa: ANN401  # JSON
    return {"type": "content_block_delta", "index": index, "delta": told}


def ended(reason: str) -> list[Json]:
    return [
        {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": None},
            "usage": {"output_tokens": 5, "input_tokens": None},
        },
        {"type": "message_stop"},
    ]


TEXT = events(
    BEGUN,
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    delta(0, type="text_delta", text="Hel"),
    {"type": "new", "unknown": 1},
    delta(0, type="text_delta", text="lo"),
    {"type": "content_block_stop", "index": 0},
    *ended("end_turn"),
)


def tool(index: int, name: str) -> Json:
    block = {"type": "tool_use", "id": f"t{index}", "name": name, "input": {}}
    return {"type": "content_block_start", "index": index, "content_block": block}


TOOLS = events(
    BEGUN,
    {"type": "content_block_start", "index": 0,
     "content_block": {"type": "thinking", "thinking": "", "signature": ""}},
    delta(0, type="thinking_delta", thinking="Hm"),
    delta(0, type="signature_delta", signature="s"),
    {"type": "content_block_stop", "index": 0},
    tool(1, "weather"),
    delta(1, type="input_json_delta", partial_json=""),
    delta(1, type="input_json_delta", partial_json='{"city":'),
    delta(1, type="input_json_delta", partial_json='"Rome"}'),
    {"type": "content_block_stop", "index": 1},
    tool(2, "now"),
    delta(2, type="input_json_delta", partial_json=""),
    {"type": "content_block_stop", "index": 2},
    *ended("tool_use"),
)  # fmt: skip


def chunks(pieces: list[bytes]) -> list[ChatCompletionChunk]:
    stream = ChunkStream(created=7)
    out = b"".join([*(stream.feed(piece) for piece in pieces), stream.end()])
    told = out.split(b"\n\n")
    assert told[-2:] == [b"data: [DONE]", b""]
    return [
        ChatCompletionChunk.model_validate_json(one.removeprefix(b"data: ")) for one in told[:-2]
    ]


def test_a_stream_of_text() -> None:
    told = chunks(TEXT)
    assert told[0].choices[0].delta.role == "assistant"
    assert "".join(one.choices[0].delta.content or "" for one in told[:-1]) == "Hello"
    assert [one.choices[0].finish_reason for one in told[:-1]] == [None, None, None, "stop"]
    assert told[-1].choices == []
    assert told[-1].usage is not None
    assert (told[-1].usage.prompt_tokens, told[-1].usage.completion_tokens) == (33, 5)
    assert {one.id for one in told} == {"msg_1"}


def test_a_stream_of_calls() -> None:
    told = chunks(TOOLS)
    calls = [call for one in told[:-1] for call in one.choices[0].delta.tool_calls or ()]
    arguments = {0: "", 1: ""}
    for call in calls:
        assert call.function is not None
        arguments[call.index] += call.function.arguments or ""
    assert arguments == {0: '{"city":"Rome"}', 1: "{}"}
    names = [(call.id, call.function.name) for call in calls if call.id and call.function]
    assert names == [("t1", "weather"), ("t2", "now")]
    assert told[-2].choices[0].finish_reason == "tool_calls"


@given(st.sampled_from([TEXT, TOOLS]), st.lists(st.integers(0, 3000), max_size=20))
def test_any_split_gives_the_same(told: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(told)
    at = [0, *sorted(cut % len(whole) for cut in cuts), len(whole)]
    pieces = [whole[a:b] for a, b in itertools.pairwise(at)]
    assert chunks(pieces) == chunks(told)


def test_an_error_in_the_stream() -> None:
    stream = ChunkStream(created=7)
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    out = stream.feed(events(error)[0])
    assert orjson.loads(out.removeprefix(b"data: "))["error"]["message"] == "Overloaded"


def got(answer: Answer, *, stream: bool = False) -> bytes:
    async def work() -> bytes:
        async with serving(answer) as server:
            config = settings(server.port, api="anthropic", api_key="ours")
            async with opened(config) as upstreams:
                return await (await ask(upstreams, stream=stream)).read()

    return asyncio.run(work())


def test_a_whole_answer_over_http() -> None:
    body = got(http(200, message({"type": "text", "text": "Hello"})))
    _, answered = rewrite_json(body, model="small", id="ours")
    assert (answered.text, answered.usage) == ("Hello", Usage(33, 5, 20))


def test_a_stream_over_http() -> None:
    rewriter = StreamRewriter(model="small", id="ours", include_usage=False)
    out = rewriter.feed(got(streamed(*TEXT), stream=True)) + rewriter.end()
    answered = rewriter.answered()
    assert (answered.text, answered.usage) == ("Hello", Usage(33, 5, 20))
    assert answered.error == ""
    assert b"claude" not in out


def test_a_stream_that_is_cut_over_http() -> None:
    with pytest.raises(UpstreamError) as caught:
        got(streamed(*TEXT[:4], ends=False), stream=True)
    assert caught.value.kind == "cut"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http(529, b'{"type":"error","error":{"type":"overloaded_error","message":"x"}}'),
         "server_error"),
        (http(401, b'{"type":"error","error":{"type":"authentication_error","message":"x"}}'),
         "unauthorised"),
        (http(200, b'{"type":"completion"}'), "garbage"),
    ],
)  # fmt: skip
def test_faults_over_http(answer: Answer, kind: str) -> None:
    with pytest.raises(UpstreamError) as caught:
        got(answer)
    assert caught.value.kind == kind


def test_what_a_client_did_wrong_comes_back_in_openais_words() -> None:
    said = (
        b'{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long"}}'
    )
    with pytest.raises(UpstreamError) as caught:
        got(http(400, said))
    assert caught.value.kind == "rejected"
    assert caught.value.retryable
    assert orjson.loads(caught.value.body or b"")["error"]["message"] == "prompt is too long"
