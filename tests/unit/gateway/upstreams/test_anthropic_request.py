"""Chat completions as Anthropic's API is asked for them."""

import asyncio
from typing import Any

import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from pydantic import TypeAdapter
from tests.unit.gateway.upstreams.scripted import ask, http, opened, serving, settings

from messplus.gateway.upstreams import UpstreamError
from messplus.gateway.upstreams.anthropic.request import DEFAULT_MAX_TOKENS, messages_request
from messplus.gateway.upstreams.dialect import Json, Untranslatable

SHAPE = TypeAdapter(MessageCreateParamsNonStreaming)
USER = {"role": "user", "content": "Hello"}
PIXEL = "iVBORw0KGgo="
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        "strict": True,
    },
}


def asked(*messages: Json, **fields: Any) -> Json:  # noqa: ANN401  # JSON
    body = messages_request(
        {"model": "auto", "messages": list(messages) or [USER], **fields},
        model="claude",
        stream=False,
    )
    SHAPE.validate_python(body)
    return body


def test_a_plain_chat() -> None:
    assert asked() == {
        "model": "claude",
        "max_tokens": DEFAULT_MAX_TOKENS,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
    }


def test_system_and_developer_messages_become_the_system_prompt() -> None:
    body = asked(
        {"role": "system", "content": "Be brief."},
        USER,
        {"role": "developer", "content": [{"type": "text", "text": "In French."}]},
    )
    assert [block["text"] for block in body["system"]] == ["Be brief.", "In French."]
    assert len(body["messages"]) == 1


def test_images_and_files_by_data_or_address() -> None:
    body = asked(
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is it?"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
                {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0="}},
            ],
        }
    )
    _, png, web, pdf = body["messages"][0]["content"]
    assert png["source"] == {"type": "base64", "media_type": "image/png", "data": PIXEL}
    assert web["source"] == {"type": "url", "url": "https://x.example/a.png"}
    assert pdf["type"] == "document"


def test_calls_of_tools_and_their_results_are_in_turn() -> None:
    def call(name: str, arguments: str) -> Json:
        return {
            "id": name,
            "type": "function",
            "function": {"name": "weather", "arguments": arguments},
        }

    body = asked(
        USER,
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [call("a", '{"city":"Rome"}'), call("b", "")],
        },
        {"role": "tool", "tool_call_id": "a", "content": "sunny"},
        {"role": "tool", "tool_call_id": "b", "content": ""},
        {"role": "user", "content": "And now?"},
        tools=[TOOL],
    )
    _, calls, results = body["messages"]
    assert calls["content"] == [
        {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "Rome"}},
        {"type": "tool_use", "id": "b", "name": "weather", "input": {}},
    ]
    assert results["role"] == "user"
    assert results["content"] == [
        {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "sunny"}]},
        {"type": "tool_result", "tool_use_id": "b"},
        {"type": "text", "text": "And now?"},
    ]


def test_tools() -> None:
    bare = {"type": "function", "function": {"name": "now"}}
    assert asked(tools=[TOOL, bare])["tools"] == [
        {
            "name": "weather",
            "description": "Of a city",
            "input_schema": TOOL["function"]["parameters"],  # type: ignore[index]
            "strict": True,
        },
        {"name": "now", "input_schema": {"type": "object", "properties": {}}},
    ]


@pytest.mark.parametrize(
    ("fields", "choice"),
    [
        ({}, None),
        ({"tool_choice": "auto"}, {"type": "auto"}),
        ({"tool_choice": "none"}, {"type": "none"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        ({"tool_choice": {"type": "function", "function": {"name": "weather"}}},
         {"type": "tool", "name": "weather"}),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        ({"parallel_tool_calls": False, "tool_choice": "none"}, {"type": "none"}),
        ({"parallel_tool_calls": True}, None),
    ],
)  # fmt: skip
def test_the_choice_of_tools(fields: Json, choice: Json | None) -> None:
    assert asked(tools=[TOOL], **fields).get("tool_choice") == choice


def test_a_choice_without_tools_says_nothing() -> None:
    assert "tool_choice" not in asked(tool_choice="auto")


def test_sampling() -> None:
    body = asked(temperature=1.7, top_p=0.5, stop="END", max_tokens=7)
    assert (body["temperature"], body["stop_sequences"], body["max_tokens"]) == (1.0, ["END"], 7)
    assert "top_p" not in body
    body = asked(top_p=0.5, stop=["\n", "a"], max_completion_tokens=8, max_tokens=7)
    assert (body["top_p"], body["stop_sequences"], body["max_tokens"]) == (0.5, ["a"], 8)


def test_forms_of_the_answer() -> None:
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}}
    told = asked(response_format=form)["output_config"]
    assert told == {"format": {"type": "json_schema", "schema": schema}}
    assert "JSON object" in asked(response_format={"type": "json_object"})["system"][0]["text"]
    assert "system" not in asked(response_format={"type": "text"})


def test_what_has_no_counterpart_is_left_out() -> None:
    body = asked(seed=1, logprobs=True, frequency_penalty=1, n=1, user="u-1", unknown={"a": 1})
    assert set(body) == {"model", "max_tokens", "messages", "metadata"}
    assert body["metadata"] == {"user_id": "u-1"}


def test_empty_messages_and_parts_are_left_out() -> None:
    body = asked(
        {"role": "user", "content": [{"type": "text", "text": ""}, {"type": "text", "text": "a"}]},
        {"role": "assistant", "content": ""},
        {"role": "user", "content": "b"},
    )
    assert [block["text"] for block in body["messages"][0]["content"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"n": 2}, "n must be 1"),
        ({"functions": [{}]}, "use tools"),
        ({"messages": []}, "at least one"),
        ({"messages": ["x"]}, r"messages\[0\] must be an object"),
        ({"messages": [{"role": "user", "content": ""}]}, "must hold a text"),
        ({"messages": [{"role": "robot"}]}, r"messages\[0\].role"),
        ({"messages": [{"role": "user", "content": 7}]}, r"messages\[0\].content"),
        ({"messages": [{"role": "user", "content": [7]}]}, r"content\[0\] must be an object"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "input_audio"),
        ({"messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]}]}, "data URL"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "tool_call_id"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "a"}]}]}, "must have an id"),
        ({"messages": [{"role": "assistant", "tool_calls": [
            {"id": "a", "function": {"name": "f", "arguments": "["}}]}]}, "a JSON object"),
        ({"tools": [{"type": "custom"}]}, r"tools\[0\]"),
        ({"tools": {"a": 1}}, "tools must be a list"),
        ({"tools": [TOOL], "tool_choice": "sometimes"}, "tool_choice must be"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_refused_in_words(fields: Json, text: str) -> None:
    with pytest.raises(Untranslatable, match=text):
        messages_request({"messages": [USER], **fields}, model="claude", stream=False)


def test_the_request_on_the_wire() -> None:
    async def work() -> None:
        async with serving(http(500)) as server:
            config = settings(
                server.port,
                base_url=f"http://127.0.0.1:{server.port}",
                api="anthropic",
                api_key="ours",
                model={"parameters": {"max_tokens": 9, "thinking": {"type": "adaptive"}}},
            )
            async with opened(config) as upstreams:
                with pytest.raises(UpstreamError):
                    await ask(upstreams)
                with pytest.raises(UpstreamError, match="has no /embeddings") as missing:
                    await ask(upstreams, path="/embeddings")
                with pytest.raises(UpstreamError) as rejected:
                    await upstreams.open(
                        "small", "/chat/completions", {"messages": 1}, stream=False, headers={}
                    )
                assert upstreams.health()[0].failures_in_a_row == 1
        (sent,) = server.asked
        assert sent.path == "/v1/messages"
        assert sent.headers["x-api-key"] == "ours"
        assert sent.headers["anthropic-version"] == "2023-06-01"
        assert "authorization" not in sent.headers
        assert (sent.body["model"], sent.body["max_tokens"]) == ("gpt", 9)
        assert missing.value.kind == "missing"
        assert (rejected.value.kind, rejected.value.status) == ("rejected", 400)
        assert rejected.value.body is not None
        assert b"messages must be a list" in rejected.value.body

    asyncio.run(work())
