"""LangChain's ChatOpenAI in front of the gateway."""

import json

import pytest
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import SecretStr
from tests.e2e.gateway.conftest import Running
from tests.e2e.gateway.scripted import Upstream, says


@tool
def weather(city: str) -> str:
    """What the weather is like in a city."""
    return f"Sunny in {city}"


@pytest.fixture
def chat(gateway: Running) -> ChatOpenAI:
    return ChatOpenAI(
        model="auto",
        base_url=gateway.v1,
        api_key=SecretStr("none"),
        max_retries=0,
        timeout=10,
        include_response_headers=True,
        extra_body={"messplus": {"session_id": "thread-1"}},
    )


def test_invoke(chat: ChatOpenAI) -> None:
    answer = chat.invoke("Hi")

    assert answer.content == "Hello"
    told = answer.response_metadata
    assert told["model_name"] == told["headers"]["x-messplus-model"]
    assert told["model_name"] in ("small", "large")
    assert told["id"] == "chatcmpl-" + told["headers"]["x-messplus-decision-id"]
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] == 3


def test_feedback_by_the_id_that_langchain_keeps(chat: ChatOpenAI, gateway: Running) -> None:
    answer = chat.invoke("Hi")

    told = gateway.http.feedback(answer.response_metadata["id"], True)
    assert (told.status, told.json["status"]) == (202, "applied")


def test_stream(chat: ChatOpenAI) -> None:
    pieces = list(chat.stream("Hi"))

    assert "".join(str(piece.content) for piece in pieces) == "Hello"
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    assert whole.response_metadata["model_name"] in ("small", "large")


def test_tools(chat: ChatOpenAI, upstream: Upstream) -> None:
    function = {"name": "weather", "arguments": json.dumps({"city": "Bern"})}
    upstream.script(says(tool_calls=[{"id": "call-1", "type": "function", "function": function}]))
    answer = chat.bind_tools([weather]).invoke("How is Bern?")

    assert [(call["name"], call["args"]) for call in answer.tool_calls] == [
        ("weather", {"city": "Bern"})
    ]
    assert upstream.bodies()[0]["tools"][0]["function"]["name"] == "weather"
    assert "messplus" not in upstream.bodies()[0]


def test_a_thread_stays_with_its_model(chat: ChatOpenAI) -> None:
    first, second = chat.invoke("Hi"), chat.invoke("Go on")

    assert second.response_metadata["headers"]["x-messplus-mode"] == "sticky"
    assert second.response_metadata["model_name"] == first.response_metadata["model_name"]
