"""OpenAI's Python SDK in front of the gateway: users change the base URL, and nothing else."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from pydantic import BaseModel
from tests.e2e.gateway.conftest import Running
from tests.e2e.gateway.scripted import (
    Upstream,
    gives,
    says,
    sends,
    sends_bytes,
    sends_events,
    streams_deltas,
)

HI: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hi"}]
WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def call(index: int, city: str) -> dict[str, object]:
    arguments = json.dumps({"city": city})
    function = {"name": "weather", "arguments": arguments}
    return {"id": f"call-{index}", "type": "function", "function": function}


@pytest.fixture
def client(gateway: Running) -> Iterator[OpenAI]:
    with closing(OpenAI(base_url=gateway.v1, api_key="none", max_retries=0, timeout=10)) as client:
        yield client


def test_an_answer_names_the_model_that_gave_it_and_the_decision(
    client: OpenAI, upstream: Upstream
) -> None:
    raw = client.chat.completions.with_raw_response.create(model="auto", messages=HI)
    answer = raw.parse()

    assert answer.choices[0].message.content == "Hello"
    assert answer.model == raw.headers["x-messplus-model"]
    assert answer.model in ("small", "large")
    assert answer.id == "chatcmpl-" + raw.headers["x-messplus-decision-id"]
    assert answer.usage is not None
    assert answer.usage.total_tokens == 15
    assert raw.headers["x-request-id"] == raw.headers["x-messplus-decision-id"]
    assert answer._request_id == raw.headers["x-request-id"]  # where the SDK's users look for it
    assert raw.headers["x-messplus-route"] == "chat"
    assert float(raw.headers["x-messplus-alpha"]) == 0.8
    assert float(raw.headers["x-messplus-cost-usd"]) > 0
    assert upstream.bodies() == [{"model": f"up-{answer.model}", "messages": HI}]


def test_the_upstream_gets_the_providers_key_and_not_the_clients(
    client: OpenAI, upstream: Upstream
) -> None:
    client.chat.completions.create(model="auto", messages=HI)

    assert upstream.asked[0].headers["authorization"] == "Bearer sk-upstream"
    assert "none" not in upstream.asked[0].headers.values()


def test_async(gateway: Running) -> None:
    async def ask() -> list[str | None]:
        async with AsyncOpenAI(
            base_url=gateway.v1, api_key="none", max_retries=0, timeout=10
        ) as client:
            answers = await asyncio.gather(
                *[client.chat.completions.create(model="chat", messages=HI) for _ in range(8)]
            )
            stream = await client.chat.completions.create(model="auto", messages=HI, stream=True)
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
            return [*[one.choices[0].message.content for one in answers], "".join(pieces)]

    assert asyncio.run(ask()) == ["Hello"] * 9


def test_a_stream(client: OpenAI, upstream: Upstream) -> None:
    with client.chat.completions.create(model="auto", messages=HI, stream=True) as stream:
        chunks = list(stream)

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert {chunk.model for chunk in chunks} == {stream.response.headers["x-messplus-model"]}
    decision_id = stream.response.headers["x-messplus-decision-id"]
    assert {chunk.id for chunk in chunks} == {f"chatcmpl-{decision_id}"}
    assert upstream.bodies()[0]["stream_options"] == {"include_usage": True}


def test_a_streams_usage_for_who_asks_for_it(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model="auto", messages=HI, stream=True, stream_options={"include_usage": True}
    )
    *_, last = stream

    assert last.choices == []
    assert last.usage is not None
    assert last.usage.completion_tokens == 3


def test_tools_called_side_by_side(client: OpenAI, upstream: Upstream) -> None:
    upstream.script(says(tool_calls=[call(0, "Bern"), call(1, "Rome")]))
    answer = client.chat.completions.create(
        model="auto",
        messages=HI,
        tools=[WEATHER],
        tool_choice="auto",
        parallel_tool_calls=True,
    )

    assert answer.choices[0].finish_reason == "tool_calls"
    calls = answer.choices[0].message.tool_calls
    assert calls is not None
    assert [
        json.loads(one.function.arguments)["city"] for one in calls if one.type == "function"
    ] == ["Bern", "Rome"]
    sent = upstream.bodies()[0]
    assert (sent["tools"], sent["tool_choice"]) == ([WEATHER], "auto")
    assert sent["parallel_tool_calls"] is True


def test_what_tools_gave_goes_back(client: OpenAI, upstream: Upstream) -> None:
    upstream.script(says(tool_calls=[call(0, "Bern")]), says("Sunny"))
    first = client.chat.completions.create(model="auto", messages=HI, tools=[WEATHER])
    asked = first.choices[0].message
    assert asked.tool_calls is not None
    messages: list[ChatCompletionMessageParam] = [
        *HI,
        asked.to_dict(),  # type: ignore[list-item]  # as the SDK's own documentation does
        {"role": "tool", "tool_call_id": asked.tool_calls[0].id, "content": "21 degrees"},
    ]
    answer = client.chat.completions.create(model="auto", messages=messages, tools=[WEATHER])

    assert answer.choices[0].message.content == "Sunny"
    assert upstream.bodies()[1]["messages"] == messages


def test_a_streamed_tool_call(client: OpenAI, upstream: Upstream) -> None:
    begin = {"index": 0, **call(0, "Bern")}
    begin["function"] = {"name": "weather", "arguments": ""}
    parts = [{"index": 0, "function": {"arguments": part}} for part in ('{"city": ', '"Bern"}')]
    upstream.script(streams_deltas(*[{"tool_calls": [one]} for one in (begin, *parts)]))
    with client.chat.completions.stream(model="auto", messages=HI, tools=[WEATHER]) as stream:
        answer = stream.get_final_completion()

    calls = answer.choices[0].message.tool_calls
    assert calls is not None
    assert json.loads(calls[0].function.arguments) == {"city": "Bern"}


class Town(BaseModel):
    name: str
    inhabitants: int


def test_structured_output(client: OpenAI, upstream: Upstream) -> None:
    upstream.script(says('{"name": "Bern", "inhabitants": 134000}'))
    answer = client.chat.completions.parse(model="auto", messages=HI, response_format=Town)

    assert answer.choices[0].message.parsed == Town(name="Bern", inhabitants=134_000)
    form = upstream.bodies()[0]["response_format"]
    assert form["json_schema"]["name"] == "Town"
    assert form["json_schema"]["strict"] is True


def test_images(client: OpenAI, upstream: Upstream) -> None:
    messages: list[ChatCompletionMessageParam] = [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
            ],
        }
    ]
    client.chat.completions.create(model="auto", messages=messages)

    assert upstream.bodies()[0]["messages"] == messages


def test_several_answers_with_logprobs(client: OpenAI, upstream: Upstream) -> None:
    logprobs = {
        "content": [{"token": "A", "logprob": -0.1, "bytes": [65], "top_logprobs": []}],
        "refusal": None,
    }
    upstream.script(
        gives(
            *[
                {
                    "index": n,
                    "message": {"role": "assistant", "content": text},
                    "logprobs": logprobs,
                    "finish_reason": "stop",
                }
                for n, text in enumerate("AB")
            ]
        )
    )
    answer = client.chat.completions.create(model="auto", messages=HI, n=2, logprobs=True, seed=7)

    assert [choice.message.content for choice in answer.choices] == ["A", "B"]
    found = answer.choices[1].logprobs
    assert found is not None
    assert found.content is not None
    assert found.content[0].logprob == -0.1
    sent = upstream.bodies()[0]
    assert (sent["n"], sent["logprobs"], sent["seed"]) == (2, True, 7)


def test_fields_that_nobody_knows_pass_both_ways(client: OpenAI, upstream: Upstream) -> None:
    upstream.script(says("Hello", reasoning_content="Hm", odd={"deep": [1, None]}))
    ours = {"alpha": 0.5, "session_id": "s"}
    answer = client.chat.completions.create(
        model="auto",
        messages=HI,
        extra_body={"top_k": 5, "mirostat": {"tau": 1.5}, "messplus": ours},
    )

    sent = upstream.bodies()[0]
    assert (sent["top_k"], sent["mirostat"]) == (5, {"tau": 1.5})
    assert "messplus" not in sent
    said = answer.choices[0].message.to_dict()
    assert said["reasoning_content"] == "Hm"
    assert said["odd"] == {"deep": [1, None]}


def test_completions_of_text(client: OpenAI, upstream: Upstream) -> None:
    upstream.script(gives())
    answer = client.completions.create(model="auto", prompt="Once upon", max_tokens=5)

    assert answer.choices[0].text == "Hello"
    assert answer.model in ("small", "large")
    assert upstream.asked[0].path == "/v1/completions"


def test_a_stream_of_text(client: OpenAI, upstream: Upstream) -> None:
    stream = client.completions.create(model="auto", prompt="Once upon", stream=True)

    assert [chunk.model for chunk in stream] == [upstream.bodies()[0]["model"][3:]] * 3


RESPONSE = {
    "id": "resp-1",
    "object": "response",
    "created_at": 1,
    "model": "up-small",
    "status": "completed",
    "output": [
        {
            "id": "msg-1",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
        }
    ],
    "tools": [],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
}


def test_responses_of_a_named_model(client: OpenAI, upstream: Upstream) -> None:
    upstream.script(sends(RESPONSE))
    answer = client.responses.create(model="small", input="Hi")

    assert (answer.id, answer.model, answer.output_text) == ("resp-1", "small", "Hello")
    assert upstream.bodies() == [{"model": "up-small", "input": "Hi"}]


def test_a_stream_of_responses(client: OpenAI, upstream: Upstream) -> None:
    delta = {
        "type": "response.output_text.delta",
        "item_id": "msg-1",
        "output_index": 0,
        "content_index": 0,
        "delta": "Hello",
        "logprobs": [],
        "sequence_number": 1,
    }
    done = {"type": "response.completed", "response": RESPONSE, "sequence_number": 2}
    upstream.script(sends_events(delta, done))
    events = list(client.responses.create(model="small", input="Hi", stream=True))

    assert [event.type for event in events] == [delta["type"], done["type"]]


def test_speech_of_a_named_model(client: OpenAI, upstream: Upstream) -> None:
    sound = bytes(range(256))
    upstream.script(sends_bytes(sound, "audio/mpeg"))
    spoken = client.audio.speech.create(model="small", voice="alloy", input="Hi")

    assert spoken.content == sound
    assert spoken.response.headers["content-type"] == "audio/mpeg"


def test_embeddings_of_a_named_model(client: OpenAI, upstream: Upstream) -> None:
    answer = client.embeddings.create(model="small", input=["Hi"], encoding_format="float")

    assert answer.data[0].embedding == [0.25, 0.5]
    assert upstream.asked[0].path == "/v1/embeddings"
    assert upstream.bodies()[0]["model"] == "up-small"


def test_models(client: OpenAI) -> None:
    assert [one.id for one in client.models.list()] == ["auto", "chat", "small", "large"]
    assert client.models.retrieve("small").owned_by == "local"
    assert client.models.retrieve("chat").owned_by == "messplus"
