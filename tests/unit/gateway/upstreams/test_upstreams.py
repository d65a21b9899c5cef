"""What is sent, what comes back, and who may be asked."""

import asyncio
from base64 import b64encode
from contextlib import aclosing
from typing import Any

import pytest
from tests.unit.gateway.upstreams.scripted import (
    COMPLETION,
    OK,
    Observed,
    ask,
    http,
    opened,
    serving,
    settings,
    silent_after,
    streamed,
)

from messplus.gateway.config.settings import Settings
from messplus.gateway.upstreams import UpstreamError

CHUNK = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"


def test_a_whole_answer_comes_as_it_is() -> None:
    async def work() -> None:
        limits = {"x_ratelimit_remaining_requests": "7", "set_cookie": "a=b", "server": "x"}
        async with (
            serving(http(200, COMPLETION, **limits)) as server,
            opened(settings(server.port)) as upstreams,
        ):
            reply = await ask(upstreams)
            assert await reply.read() == COMPLETION
            assert [piece async for piece in reply.chunks()] == [COMPLETION]
            assert (reply.status, reply.attempts) == (200, 1)
            assert reply.first_byte_s > 0
            assert reply.headers == {
                "content-type": "application/json",
                "x-ratelimit-remaining-requests": "7",
            }

    asyncio.run(work())


def test_a_stream_comes_in_pieces() -> None:
    async def work() -> None:
        observed = Observed()
        async with (
            serving(streamed(CHUNK, b"data: [DO", b"NE]\n\n")) as server,
            opened(settings(server.port), observed) as upstreams,
        ):
            reply = await ask(upstreams, stream=True)
            assert (
                b"".join([piece async for piece in reply.chunks()]) == CHUNK + b"data: [DONE]\n\n"
            )
            assert observed.attempts == ["small ok"]
            assert server.asked[0].headers["accept-encoding"] == "identity"

    asyncio.run(work())


def test_what_is_sent_is_what_the_client_sent_but_for_the_model() -> None:
    fields = {
        "model": "auto",
        "messages": [{"role": "user", "content": "é", "unknown": [1, None]}],
        "new_field": {"deep": 1.5},
        "temperature": 2,
        "logprobs": None,
        "stream_options": {"include_usage": False, "other": 1},
    }

    async def work() -> None:
        model = {"parameters": {"temperature": 0.5, "top_k": 3, "new_field": None}}
        async with (
            serving(OK, streamed(CHUNK)) as server,
            opened(settings(server.port, model=model)) as upstreams,
        ):
            await upstreams.open("small", "/chat/completions", fields, stream=False, headers={})
            async with await upstreams.open(
                "small", "/chat/completions", fields, stream=True, headers={}
            ):
                pass
        sent = {
            "model": "gpt",
            "messages": fields["messages"],
            "temperature": 0.5,
            "logprobs": None,
            "stream_options": fields["stream_options"],
            "top_k": 3,
        }
        whole, stream = server.asked
        assert whole.path == "/v1/chat/completions"
        assert whole.body == sent
        options = {"include_usage": True, "other": 1}
        assert stream.body == {**sent, "stream": True, "stream_options": options}
        assert fields["model"] == "auto"

    asyncio.run(work())


def test_headers_carry_our_key_and_not_the_clients() -> None:
    async def work() -> None:
        provider: dict[str, Any] = {"api_key": "ours", "headers": {"x-team": "a"}}
        async with (
            serving(OK) as server,
            opened(settings(server.port, **provider)) as upstreams,
        ):
            headers = {
                "Authorization": "Bearer theirs",
                "x-api-key": "theirs",
                "Cookie": "theirs",
                "Connection": "close",
                "traceparent": "00-1-2-01",
                "X-Team": "b",
            }
            await upstreams.open("small", "/embeddings", {}, stream=False, headers=headers)
        sent = server.asked[0].headers
        assert sent["authorization"] == "bearer ours"
        assert "theirs" not in str(sent)
        assert (sent["x-team"], sent["traceparent"]) == ("a", "00-1-2-01")
        assert sent["content-type"] == "application/json"

    asyncio.run(work())


def test_an_address_may_hold_a_login_and_a_query() -> None:
    async def work() -> None:
        async with serving(OK) as server:
            url = f"http://me:p%40ss@127.0.0.1:{server.port}/base/?api-version=2"
            async with opened(settings(server.port, base_url=url)) as upstreams:
                await ask(upstreams)
        assert server.asked[0].path == "/base/chat/completions?api-version=2"
        login = b64encode(b"me:p@ss").decode().lower()
        assert server.asked[0].headers["authorization"] == f"basic {login}"

    asyncio.run(work())


def test_an_http_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with serving(OK) as proxy:
            monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            config = settings(0, base_url="http://models.example/v1")
            async with opened(config) as upstreams:
                await ask(upstreams)
        assert proxy.asked[0].path == "http://models.example/v1/chat/completions"

    asyncio.run(work())


def test_connections_are_kept() -> None:
    async def work() -> None:
        async with serving(OK) as server, opened(settings(server.port)) as upstreams:
            for _ in range(3):
                await ask(upstreams)
            assert len(server.asked) == 3
            assert len(server.tasks) == 1

    asyncio.run(work())


def test_what_is_not_json_is_passed_on_as_it_comes() -> None:
    async def work() -> None:
        async with (
            serving(http(200, b"\x00\x01mp3", content_type="audio/mpeg")) as server,
            opened(settings(server.port)) as upstreams,
        ):
            reply = await ask(upstreams, path="/audio/speech")
            assert upstreams.health()[0].in_flight == 1
            assert await reply.read() == b"\x00\x01mp3"
            assert upstreams.health()[0].in_flight == 0

    asyncio.run(work())


def test_an_error_that_is_null_is_none() -> None:
    async def work() -> None:
        body = COMPLETION.replace(b"{", b'{"error":null,', 1)
        async with (
            serving(http(200, body)) as server,
            opened(settings(server.port)) as upstreams,
        ):
            assert await (await ask(upstreams)).read() == body

    asyncio.run(work())


@pytest.mark.parametrize("limits", [{"model": {"concurrency": 1}}, {"max_connections": 1}])
def test_a_model_at_its_limit_is_not_asked(limits: dict[str, Any]) -> None:
    async def work() -> None:
        async with (
            serving(streamed(CHUNK)) as server,
            opened(settings(server.port, **limits)) as upstreams,
        ):
            reply = await ask(upstreams, stream=True)
            assert not upstreams.can_serve("small")
            with pytest.raises(UpstreamError, match="calls under way") as caught:
                await ask(upstreams)
            assert caught.value.kind == "busy"
            await reply.close()
            await reply.close()
            assert upstreams.can_serve("small")
            assert upstreams.health()[0].in_flight == 0
            assert len(server.asked) == 1

    asyncio.run(work())


def test_failures_open_the_circuit_and_nobody_is_asked() -> None:
    async def work() -> None:
        observed = Observed()
        async with (
            serving(http(500)) as server,
            opened(settings(server.port), observed) as upstreams,
        ):
            for _ in range(5):
                with pytest.raises(UpstreamError):
                    await ask(upstreams)
            assert not upstreams.can_serve("small")
            with pytest.raises(UpstreamError) as caught:
                await ask(upstreams)
            assert caught.value.kind == "busy"
            assert len(server.asked) == 5
            assert observed.circuits == ["small open"]
            (health,) = upstreams.health()
            assert (health.circuit, health.failures_in_a_row) == ("open", 5)
            assert health.last_error.startswith("server_error: HTTP 500")
            assert health.open_until_s is not None

    asyncio.run(work())


def test_a_model_that_is_gone_cannot_serve() -> None:
    async def work() -> None:
        async with opened(settings(1)) as upstreams:
            assert not upstreams.can_serve("large")
            with pytest.raises(UpstreamError, match="not in the configuration") as caught:
                await upstreams.open("large", "/x", {}, stream=False, headers={})
            assert (caught.value.kind, caught.value.retryable) == ("missing", True)

    asyncio.run(work())


@pytest.mark.parametrize("begun", [b"", STREAM_HEAD + CHUNK])
def test_a_client_that_leaves_ends_the_call(begun: bytes) -> None:
    async def work() -> None:
        observed = Observed()
        async with (
            serving(silent_after(begun)) as server,
            opened(settings(server.port), observed) as upstreams,
        ):
            got = asyncio.Event()

            async def read() -> None:
                reply = await ask(upstreams, stream=True)
                async with aclosing(reply.chunks()) as pieces:
                    async for _ in pieces:
                        got.set()

            reading = asyncio.create_task(read())
            while not server.asked or (begun and not got.is_set()):
                await asyncio.sleep(0.01)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            await asyncio.wait_for(server.left.wait(), 10)
            assert observed.attempts == ["small cancelled"]
            (health,) = upstreams.health()
            assert (health.in_flight, health.failures_in_a_row) == (0, 0)

    asyncio.run(work())


def test_whoever_stops_reading_ends_the_call() -> None:
    async def work() -> None:
        async with (
            serving(silent_after(STREAM_HEAD + CHUNK)) as server,
            opened(settings(server.port)) as upstreams,
        ):
            async with await ask(upstreams, stream=True):
                pass
            await asyncio.wait_for(server.left.wait(), 10)
            assert upstreams.health()[0].in_flight == 0

    asyncio.run(work())


def test_new_settings_leave_calls_under_way_and_what_is_known() -> None:
    async def work() -> None:
        async with serving(http(500), streamed(CHUNK), OK) as old, serving(OK) as new:
            before = settings(old.port)
            async with opened(before) as upstreams:
                with pytest.raises(UpstreamError):
                    await ask(upstreams)
                reply = await ask(upstreams, stream=True)

                limited = settings(old.port, model={"concurrency": 1})
                upstreams.change(limited)
                (health,) = upstreams.health()
                assert (health.failures_in_a_row, health.in_flight) == (1, 1)
                assert not upstreams.can_serve("small")

                upstreams.change(settings(new.port))
                (health,) = upstreams.health()
                assert (health.failures_in_a_row, health.in_flight) == (0, 0)
                await ask(upstreams)
                assert len(new.asked) == 1
                assert await reply.read() == CHUNK

                async def idle() -> None:
                    while old.tasks:  # its connections are closed as nobody uses them
                        await asyncio.sleep(0.01)

                await asyncio.wait_for(idle(), 10)

    asyncio.run(work())


def test_models_come_and_go() -> None:
    async def work() -> None:
        async with serving(OK) as server:
            one = settings(server.port)
            told = one.model_dump()
            told["models"]["large"] = {"provider": "local"}
            told["providers"]["local"]["api_key"] = None
            two = Settings.model_validate(told)
            async with opened(one) as upstreams:
                upstreams.change(two)
                await upstreams.open("large", "/embeddings", {}, stream=False, headers={})
                assert server.asked[0].body == {"model": "large"}
                upstreams.change(one)
                assert not upstreams.can_serve("large")
                assert [one.model for one in upstreams.health()] == ["small"]

    asyncio.run(work())


def test_closing_does_not_wait_for_calls_under_way() -> None:
    async def work() -> None:
        async with serving(silent_after(STREAM_HEAD + CHUNK)) as server:
            async with opened(settings(server.port)) as upstreams:
                reply = await ask(upstreams, stream=True)
                upstreams.change(settings(server.port, retries=2))
            await asyncio.wait_for(server.left.wait(), 10)
            await reply.close()

    asyncio.run(work())
