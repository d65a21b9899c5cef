"""What goes wrong reaches users of OpenAI's SDK as the exceptions that they know."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import openai
import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletionMessageParam
from tests.e2e.gateway.conftest import Running, Start
from tests.e2e.gateway.scripted import Upstream, fails, streams, waits

HI: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hi"}]
KEY = {"name": "team", "key": "sk-team-0123456789abcdef"}


@contextmanager
def client_of(gateway: Running, key: str = "none", retries: int = 0) -> Iterator[OpenAI]:
    made = OpenAI(base_url=gateway.v1, api_key=key, max_retries=retries, timeout=10)
    with closing(made) as client:
        yield client


@contextmanager
def refused(
    kind: type[openai.APIStatusError], status: int, code: str
) -> Iterator[pytest.ExceptionInfo[openai.APIStatusError]]:
    """What is asked for in the context is refused so."""
    with pytest.raises(kind) as caught:
        yield caught
    error = caught.value
    assert type(error) is kind
    assert (error.status_code, error.code) == (status, code)
    assert error.request_id
    assert error.response.headers["x-request-id"] == error.request_id
    assert isinstance(error.body, dict)
    assert error.body["message"]


def test_a_wrong_key(start: Start, upstream: Upstream) -> None:
    with (
        client_of(start(keys=[KEY]), key="sk-of-somebody-else") as client,
        refused(openai.AuthenticationError, 401, "invalid_api_key"),
    ):
        client.chat.completions.create(model="auto", messages=HI)
    assert upstream.asked == []


def test_a_right_key(start: Start) -> None:
    with client_of(start(keys=[KEY]), key=KEY["key"]) as client:
        assert client.chat.completions.create(model="auto", messages=HI).choices


def test_an_unknown_model(gateway: Running) -> None:
    with (
        client_of(gateway) as client,
        refused(openai.NotFoundError, 404, "model_not_found"),
    ):
        client.chat.completions.create(model="gpt-5", messages=HI)


def test_an_alpha_that_is_none(gateway: Running) -> None:
    with (
        client_of(gateway) as client,
        refused(openai.BadRequestError, 400, "invalid_alpha"),
    ):
        client.chat.completions.create(model="chat@1.5", messages=HI)


def test_embeddings_need_a_model(gateway: Running) -> None:
    with (
        client_of(gateway) as client,
        refused(openai.NotFoundError, 404, "model_not_found"),
    ):
        client.embeddings.create(model="auto", input="Hi")


def test_a_request_that_the_upstream_refuses(gateway: Running, upstream: Upstream) -> None:
    """In the upstream's own words, and without asking another model the same."""
    upstream.always(fails(400, "temperature must be at most 2"))
    with (
        client_of(gateway) as client,
        refused(openai.BadRequestError, 400, "odd") as caught,
    ):
        client.chat.completions.create(model="auto", messages=HI, temperature=3)
    assert "temperature must be at most 2" in caught.value.message
    assert caught.value.type == "invalid_request_error"
    assert len(upstream.asked) == 1


def test_over_the_rate(start: Start) -> None:
    with client_of(start(keys=[{**KEY, "rpm": 1}]), key=KEY["key"]) as client:
        client.chat.completions.create(model="auto", messages=HI)
        with refused(openai.RateLimitError, 429, "rate_limit_exceeded"):
            client.chat.completions.create(model="auto", messages=HI)


def test_over_the_budget_the_sdk_does_not_try_again(start: Start, upstream: Upstream) -> None:
    gateway = start(keys=[{**KEY, "budget_usd_per_day": 1e-6}])
    with client_of(gateway, key=KEY["key"], retries=3) as client:
        client.chat.completions.create(model="auto", messages=HI)
        with refused(openai.RateLimitError, 429, "insufficient_quota"):
            client.chat.completions.create(model="auto", messages=HI)
    assert len(upstream.asked) == 1


def test_every_model_throttled(start: Start, upstream: Upstream) -> None:
    upstream.always(fails(429, retry_after="7"))
    with (
        client_of(start()) as client,
        refused(openai.RateLimitError, 429, "rate_limit_exceeded") as caught,
    ):
        client.chat.completions.create(model="auto", messages=HI)
    assert caught.value.response.headers["retry-after"] == "7"
    assert {body["model"] for body in upstream.bodies()} == {"up-small", "up-large"}


def test_every_model_failing(start: Start, upstream: Upstream) -> None:
    upstream.always(fails(500))
    with (
        client_of(start()) as client,
        refused(openai.InternalServerError, 502, "upstream_error"),
    ):
        client.chat.completions.create(model="auto", messages=HI)


def test_nobody_there(start: Start) -> None:
    gateway = start(providers={"local": {"base_url": "http://127.0.0.1:9/v1", "retries": 0}})
    with (
        client_of(gateway) as client,
        refused(openai.InternalServerError, 503, "no_model_available"),
    ):
        client.chat.completions.create(model="auto", messages=HI)


def test_every_model_too_slow(start: Start, upstream: Upstream) -> None:
    upstream.always(waits(upstream.gate()))
    hasty = {"base_url": upstream.url, "retries": 0, "first_byte_timeout_s": 0.05}
    with (
        client_of(start(providers={"local": hasty})) as client,
        refused(openai.InternalServerError, 504, "timeout"),
    ):
        client.chat.completions.create(model="auto", messages=HI)


def test_an_upstream_that_does_not_take_our_key(start: Start, upstream: Upstream) -> None:
    """It is not the client's key that is wrong, and ours is not shown."""
    upstream.always(fails(401, "Incorrect API key provided: sk-upstream"))
    with (
        client_of(start()) as client,
        refused(openai.InternalServerError, 502, "upstream_unauthorised") as caught,
    ):
        client.chat.completions.create(model="auto", messages=HI)
    assert "sk-upstream" not in caught.value.response.text


def test_a_stream_that_breaks_off(start: Start, upstream: Upstream) -> None:
    """What came is delivered, and then the SDK raises: half an answer is not taken for a whole one."""
    upstream.script(streams("Hel", "lo", cut=True))
    said: list[str | None] = []
    with client_of(start()) as client:
        stream = client.chat.completions.create(model="auto", messages=HI, stream=True)
        with pytest.raises(openai.APIError) as caught:
            said.extend(chunk.choices[0].delta.content for chunk in stream)
    assert said == ["Hel"]
    assert caught.value.code == "upstream_error"


def test_the_sdk_tries_again_by_itself(start: Start, upstream: Upstream) -> None:
    upstream.script(fails(500), fails(500))
    with client_of(start(), retries=1) as client:
        assert client.chat.completions.create(model="auto", messages=HI).choices
    assert len(upstream.asked) == 3
