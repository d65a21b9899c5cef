"""One question to a real server on this machine that fails in every way a server can."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import aiohttp
import pytest
from tests.unit.capture.chat_server import ChatServer, Clock, Reply, completion, refusing_port

from messplus.capture.client import Client, Request, Unreachable
from messplus.capture.completion import Completion, read_completion
from messplus.capture.energy import Shares
from messplus.capture.graders import Exact
from messplus.capture.ledger import Call
from messplus.capture.question import Question
from messplus.capture.upstreams import Upstream
from messplus.errors import CaptureError

QUESTION = Question(
    prompt_id="q1", task="t", prompt="say hello twice", grader=Exact("a"), max_tokens=9
)
START_S = 1_800_000_000.0
JSON_CUT = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"choi'


def upstream(url: str) -> Upstream:
    return Upstream(name="small", base_url=url, model="small-v1")


@asynccontextmanager
async def client_of(
    to: Upstream, clock: Clock, *, attempts: int = 3, energy: Shares | None = None
) -> AsyncIterator[Client]:
    clock.rule()
    async with aiohttp.ClientSession(trust_env=True) as session:
        yield Client(
            to,
            session,
            request=Request(temperature=0.5, seed=11),
            attempts=attempts,
            energy=energy,
            rng=Random(0),
            now=clock.now,
            sleep=clock.sleep,
        )


def ask(
    to: Upstream, clock: Clock | None = None, *, attempts: int = 3, energy: Shares | None = None
) -> Call:
    async def run() -> Call:
        async with client_of(to, clock or Clock(), attempts=attempts, energy=energy) as client:
            return await client.ask(QUESTION)

    return asyncio.run(run())


def test_an_answer_is_recorded_with_all_that_is_known(server: ChatServer) -> None:
    call = ask(upstream(server.url))
    assert call.latency_s > 0
    assert call == Call(
        prompt_id="q1",
        model="small",
        response="SAY HELLO TWICE",
        finish_reason="stop",
        prompt_tokens=3,
        output_tokens=3,
        latency_s=call.latency_s,
        started_at=START_S,
        served_by="small-v1-served",
    )


def test_what_is_sent(server: ChatServer) -> None:
    parameters = {"top_p": 0.9, "seed": None}
    ask(replace(upstream(server.url + "/"), api_key="sk-1", parameters=parameters))
    (asked,) = server.asked
    assert asked.authorization == "Bearer sk-1"
    assert asked.body == {
        "model": "small-v1",
        "messages": [{"role": "user", "content": "say hello twice"}],
        "temperature": 0.5,
        "max_tokens": 9,
        "top_p": 0.9,  # and no seed: some vendors refuse it
    }


def test_without_a_key_none_is_sent(server: ChatServer) -> None:
    ask(upstream(server.url))
    assert server.asked[0].authorization is None


def test_retry_after_in_seconds_is_waited_for(server: ChatServer) -> None:
    server.script.extend([Reply(429, headers={"Retry-After": "7"})])
    clock = Clock()
    call = ask(upstream(server.url), clock)
    assert (call.error, call.attempts) == ("", 2)
    assert clock.slept == [7.0]


def test_retry_after_as_a_date_is_waited_for(server: ChatServer) -> None:
    moment = datetime.fromtimestamp(START_S, UTC) + timedelta(seconds=90)
    server.script.append(Reply(429, headers={"Retry-After": format_datetime(moment, usegmt=True)}))
    clock = Clock()
    assert ask(upstream(server.url), clock).attempts == 2
    assert clock.slept == [90.0]


@pytest.mark.parametrize("header", ["soon", "-5", "nan", "Mon, 99 Foo 2026 00:00:00 GMT", ""])
def test_a_retry_after_that_makes_no_sense_is_an_ordinary_wait(
    header: str, server: ChatServer
) -> None:
    server.script.append(Reply(429, headers={"Retry-After": header}))
    clock = Clock()
    assert ask(upstream(server.url), clock).attempts == 2
    assert len(clock.slept) == 1
    assert 0.25 <= clock.slept[0] <= 0.75


@pytest.mark.parametrize("header", ["86400", "inf"])
def test_nobody_waits_for_hours(header: str, server: ChatServer) -> None:
    server.script.append(Reply(429, headers={"Retry-After": header}))
    clock = Clock()
    ask(upstream(server.url), clock)
    assert clock.slept == [300.0]


@pytest.mark.parametrize("attempts", [1, 3])
def test_a_rate_limit_holds_up_all_calls_to_the_upstream(attempts: int, server: ChatServer) -> None:
    """Also when the call that met it has no attempt left."""

    async def run() -> tuple[int, list[float]]:
        clock = Clock()
        clock.held = asyncio.Event()
        async with client_of(upstream(server.url), clock, attempts=attempts) as client:
            first = asyncio.create_task(client.ask(QUESTION))
            while not server.asked or (not clock.slept and not first.done()):
                await asyncio.sleep(0.001)
            second = asyncio.create_task(client.ask(QUESTION))
            while len(clock.slept) < (1 if attempts == 1 else 2) and not second.done():
                await asyncio.sleep(0.001)
            asked = len(server.asked)
            clock.held.set()
            await first
            assert (await second).error == ""
            return asked, clock.slept

    server.script.append(Reply(429, headers={"Retry-After": "30"}))
    asked, slept = asyncio.run(run())
    assert asked == 1
    assert all(29 < wait <= 30 for wait in slept)


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504])
def test_a_passing_trouble_is_tried_again_after_longer_and_longer_waits(
    status: int, server: ChatServer
) -> None:
    server.script.extend([Reply(status)] * 3)
    clock = Clock()
    call = ask(upstream(server.url), clock, attempts=4)
    assert (call.error, call.attempts, call.response) == ("", 4, "SAY HELLO TWICE")
    for wait, middle in zip(clock.slept, (0.5, 1.0, 2.0), strict=True):
        assert 0.5 * middle <= wait <= 1.5 * middle


def test_attempts_are_used_up(server: ChatServer) -> None:
    server.script.extend([Reply(500, body="overloaded")] * 3)
    call = ask(upstream(server.url))
    assert (call.error, call.attempts) == ("HTTP 500: overloaded", 3)
    assert (call.response, call.prompt_tokens, len(server.asked)) == ("", 0, 3)


@pytest.mark.parametrize("status", [400, 413, 422, 501])
def test_a_refused_question_is_a_failed_call_without_a_second_attempt(
    status: int, server: ChatServer
) -> None:
    server.script.append(Reply(status, body="x" * 5000))
    call = ask(upstream(server.url))
    assert call.error == f"HTTP {status}: " + "x" * 300
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_refusal_of_every_call_ends_the_capture(status: int, server: ChatServer) -> None:
    server.script.append(Reply(status, body="wrong key"))
    with pytest.raises(CaptureError, match=f"refuses every call, HTTP {status}: wrong key") as end:
        ask(replace(upstream(server.url), api_key="sk-secret"))
    assert "sk-secret" not in str(end.value)


def test_nobody_listens() -> None:
    with refusing_port() as port, pytest.raises(Unreachable) as lost:
        ask(upstream(f"http://127.0.0.1:{port}/v1"))
    assert lost.value.call.attempts == 3
    assert "ClientConnectorError" in lost.value.call.error


def test_a_server_that_answered_before_it_went_away_was_reached(server: ChatServer) -> None:
    server.script.extend([Reply(500), Reply(raw=b"")])
    call = ask(upstream(server.url), attempts=2)
    assert call.error
    assert call.attempts == 2


@pytest.mark.parametrize(
    "odd",
    [
        Reply(raw=JSON_CUT),
        Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nabc"),
        Reply(raw=b"SSH-2.0-OpenSSH_9.6\r\n"),
        Reply(raw=b"\x00\xff" * 500),
        Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"),
        Reply(raw=b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n"),
        Reply(endless=True),
        Reply(302, headers={"Location": "ftp://example"}),
    ],
    ids=["cut", "cut chunk", "ssh", "bytes", "bad header", "long header", "endless", "redirect"],
)
def test_what_is_no_answer_is_tried_again(odd: Reply, server: ChatServer) -> None:
    server.script.append(odd)
    call = ask(upstream(server.url), attempts=2)
    assert (call.error, call.attempts) == ("", 2)
    server.script.extend([odd, odd])
    call = ask(upstream(server.url), attempts=2)
    assert call.error
    assert len(call.error) <= 300
    assert (call.response, call.attempts) == ("", 2)


def test_a_connection_that_is_cut_before_any_answer_did_not_reach_it(server: ChatServer) -> None:
    server.script.extend([Reply(raw=b"")] * 2)
    with pytest.raises(Unreachable):
        ask(upstream(server.url), attempts=2)


def test_too_slow(server: ChatServer) -> None:
    server.script.extend([Reply(silent=True)] * 2)
    call = ask(replace(upstream(server.url), timeout_s=0.05), attempts=2)
    assert (call.error, call.attempts) == ("no answer within 0.05 s", 2)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("<html>hello</html>", "the answer is not JSON"),
        ("[" * 100_000, "the answer is not JSON"),
        ('{"choices": ' + "1" * 5000 + "}", "the answer is not JSON"),
        ('{"choices": []}', "the answer is no chat completion"),
        ('{"error": "no"}', "the answer is no chat completion"),
        ("[]", "the answer is no chat completion"),
        ('{"choices": [{"message": "hi"}]}', "the answer is no chat completion"),
        ('{"choices": {"0": 1}}', "the answer is no chat completion"),
    ],
)
def test_a_page_that_is_no_completion_is_a_failed_call(
    body: str, error: str, server: ChatServer
) -> None:
    server.script.append(Reply(body=body))
    call = ask(upstream(server.url))
    assert call.error.startswith(error)
    assert (call.attempts, call.response) == (1, "")


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": 3}, {"prompt_tokens": -1, "completion_tokens": True}]
)
def test_tokens_that_nobody_counted_are_estimated_and_flagged(
    usage: object, server: ChatServer
) -> None:
    body = completion("m", QUESTION.prompt, "hello hello") | {"usage": usage}
    server.script.append(Reply(body=json.dumps(body)))
    call = ask(upstream(server.url))
    counted = isinstance(usage, dict) and usage.get("prompt_tokens") == 3
    assert call.prompt_tokens == (3 if counted else 4)  # 15 characters, four to a token
    assert call.output_tokens == 3
    assert not call.tokens_counted


def test_half_an_emoji_is_replaced() -> None:
    """A model cut off within one sends a lone surrogate, which no file can hold."""
    text = json.dumps(completion("m\ud83d", "p", "so \ud83d and \U0001f600"))
    found = read_completion(text)
    assert isinstance(found, Completion)
    assert found.content == "so \N{REPLACEMENT CHARACTER} and \U0001f600"
    assert found.model == "m\N{REPLACEMENT CHARACTER}-served"


@pytest.mark.parametrize("content", [None, 7, [{"type": "text"}]])
def test_content_that_is_no_text_is_an_empty_answer(content: object) -> None:
    found = read_completion(json.dumps({"choices": [{"message": {"content": content}}]}))
    assert found == Completion(
        content="", finish_reason="", model="", prompt_tokens=None, output_tokens=None
    )


class Counter:
    """A meter that counts one joule per reading."""

    method = "a counter"

    def __init__(self) -> None:
        self.read = 0

    def read_j(self) -> float:
        self.read += 1
        return float(self.read)


def test_joules_of_all_attempts_are_summed(server: ChatServer) -> None:
    server.script.extend([Reply(500), Reply(raw=JSON_CUT)])
    call = ask(upstream(server.url), energy=Shares(Counter()))
    assert (call.error, call.attempts, call.energy_j) == ("", 3, 3.0)


def test_joules_of_a_call_that_failed_are_known(server: ChatServer) -> None:
    server.script.append(Reply(400))
    assert ask(upstream(server.url), energy=Shares(Counter())).energy_j == 1.0
