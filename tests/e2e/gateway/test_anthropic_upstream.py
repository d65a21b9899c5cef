"""A model behind Anthropic's Messages API, asked by OpenAI's SDK."""

import json
from collections.abc import Iterator
from contextlib import closing

import openai
import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from tests.e2e.gateway.conftest import Start
from tests.e2e.gateway.scripted import Json, Upstream, fails, sends, sends_events

ASKED: list[ChatCompletionMessageParam] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi"},
]
WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}
USAGE = {"input_tokens": 10, "output_tokens": 4}


def message(*content: Json, stop_reason: str = "end_turn") -> Json:
    return {
        "id": "msg-1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": list(content),
        "stop_reason": stop_reason,
        "usage": USAGE,
    }


def block(n: int, begin: Json, *deltas: Json) -> list[Json]:
    return [
        {"type": "content_block_start", "index": n, "content_block": begin},
        *[{"type": "content_block_delta", "index": n, "delta": delta} for delta in deltas],
        {"type": "content_block_stop", "index": n},
    ]


def events(*blocks: list[Json], stop_reason: str) -> list[Json]:
    return [
        {"type": "message_start", "message": message() | {"stop_reason": None}},
        *[event for one in blocks for event in one],
        {"type": "message_delta", "delta": {"stop_reason": stop_reason}, "usage": USAGE},
        {"type": "message_stop"},
    ]


@pytest.fixture
def client(start: Start, upstream: Upstream) -> Iterator[OpenAI]:
    provider = {"base_url": upstream.url, "api": "anthropic", "api_key": "sk-ant", "retries": 0}
    gateway = start(
        providers={"claude": provider},
        models={"claude": {"provider": "claude", "model": "claude-x"}},
    )
    with closing(OpenAI(base_url=gateway.v1, api_key="none", max_retries=0, timeout=10)) as client:
        yield client


def test_text(client: OpenAI, upstream: Upstream) -> None:
    upstream.script(sends(message({"type": "text", "text": "Hello"})))
    answer = client.chat.completions.create(model="auto", messages=ASKED, max_tokens=50)

    assert answer.choices[0].message.content == "Hello"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "claude"
    assert answer.id.startswith("chatcmpl-")
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (10, 4)
    sent = upstream.asked[0]
    assert sent.path == "/v1/messages"
    assert sent.headers["x-api-key"] == "sk-ant"
    assert (sent.body["model"], sent.body["max_tokens"]) == ("claude-x", 50)
    assert "Be brief." in json.dumps(sent.body["system"])
    assert [one["role"] for one in sent.body["messages"]] == ["user"]


def test_a_tool(client: OpenAI, upstream: Upstream) -> None:
    use = {"type": "tool_use", "id": "toolu-1", "name": "weather", "input": {"city": "Bern"}}
    upstream.script(sends(message(use, stop_reason="tool_use")))
    answer = client.chat.completions.create(model="auto", messages=ASKED, tools=[WEATHER])

    assert answer.choices[0].finish_reason == "tool_calls"
    calls = answer.choices[0].message.tool_calls
    assert calls is not None
    assert calls[0].type == "function"
    assert json.loads(calls[0].function.arguments) == {"city": "Bern"}
    assert upstream.bodies()[0]["tools"][0]["name"] == "weather"


def test_a_stream_of_text_and_tools(client: OpenAI, upstream: Upstream) -> None:
    said = [{"type": "text_delta", "text": part} for part in ("Let me ", "look")]
    argued = [
        {"type": "input_json_delta", "partial_json": part} for part in ('{"city"', ':"Bern"}')
    ]
    use = {"type": "tool_use", "id": "toolu-1", "name": "weather", "input": {}}
    upstream.script(
        sends_events(
            *events(
                block(0, {"type": "text", "text": ""}, *said),
                block(1, use, *argued),
                stop_reason="tool_use",
            )
        )
    )
    with client.chat.completions.stream(
        model="auto", messages=ASKED, tools=[WEATHER], stream_options={"include_usage": True}
    ) as stream:
        answer = stream.get_final_completion()

    assert answer.choices[0].message.content == "Let me look"
    assert answer.choices[0].finish_reason == "tool_calls"
    calls = answer.choices[0].message.tool_calls
    assert calls is not None
    assert json.loads(calls[0].function.arguments) == {"city": "Bern"}
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 4


def test_what_that_api_lacks_is_said(client: OpenAI, upstream: Upstream) -> None:
    with pytest.raises(openai.BadRequestError, match="n must be 1"):
        client.chat.completions.create(model="auto", messages=ASKED, n=2)
    assert upstream.asked == []


def test_it_answers_for_a_model_of_openai_that_fails(start: Start, upstream: Upstream) -> None:
    provider = {"base_url": upstream.url, "retries": 0}
    gateway = start(
        providers={"claude": {**provider, "api": "anthropic"}, "openai": provider},
        models={"claude": {"provider": "claude"}, "gpt": {"provider": "openai"}},
    )
    upstream.always(fails(500), model="gpt")
    upstream.always(sends(message({"type": "text", "text": "Hello"})), model="claude")
    answers = [gateway.http.chat() for _ in range(6)]

    assert {(one.status, one.model, one.json["model"]) for one in answers} == {
        (200, "claude", "claude")
    }
