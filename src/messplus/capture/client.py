"""One question to one model over HTTP, with patience: retries, rate limits, time limits."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random
from typing import Final

import aiohttp

from messplus.capture.completion import read_completion
from messplus.capture.energy import Shares
from messplus.capture.ledger import Call
from messplus.capture.question import Question
from messplus.capture.upstreams import Upstream
from messplus.errors import CaptureError

_AGAIN: Final = (408, 409, 425, 429, 500, 502, 503, 504)
_OURS: Final = (401, 403, 404, 405)  # wrong key or address: no question will ever be answered
_LONGEST_WAIT_S: Final = 300.0
_MAX_BODY_BYTES: Final = 16 * 2**20
_SHOWN: Final = 300  # characters of an error body that a message quotes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is the same in every request of a capture.

    Attributes:
        temperature: Of the sampling; 0 takes the likeliest token.
        seed: Sent along, for upstreams that sample.
    """

    temperature: float = 0.0
    seed: int = 0


class Unreachable(Exception):  # noqa: N818  # not an error of the capture yet: the lane decides
    """Every attempt ended before the upstream answered at all."""

    def __init__(self, call: Call) -> None:
        super().__init__(call.error)
        self.call = call


class Client:
    """Asks one upstream. All its calls share one rate limit: a 429 to one of them holds up all."""

    def __init__(
        self,
        upstream: Upstream,
        session: aiohttp.ClientSession,
        *,
        request: Request,
        attempts: int,
        energy: Shares | None,
        rng: Random,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Remember where and how.

        Args:
            upstream: Whom to ask.
            session: Of HTTP.
            request: What every request says.
            attempts: At most this many for one question, >= 1.
            energy: Where the joules of its calls are read, if anywhere.
            rng: For the jitter of waiting times.
            now: Seconds since 1970, for the record.
            sleep: Waits.
        """
        self._upstream = upstream
        self._session = session
        self._request = request
        self._attempts = attempts
        self._energy = energy
        self._rng = rng
        self._now = now
        self._sleep = sleep
        self._not_before = 0.0

    async def ask(self, question: Question) -> Call:
        """Ask until there is an answer, or attempts are used up.

        Returns:
            The call, which may be a failed one.

        Raises:
            CaptureError: The upstream refuses us altogether: wrong key or address.
            Unreachable: It could not be reached at all in any attempt.
        """
        call = Call(prompt_id=question.prompt_id, model=self._upstream.name)
        reached = False
        for attempt in range(1, self._attempts + 1):
            await self._wait_for_rate_limit()
            call = replace(call, attempts=attempt, started_at=self._now())
            tried = await self._attempt(question, call)
            if tried.wait_s is None:
                return tried.call
            call = tried.call
            reached |= tried.reached
            self._note_rate_limit(tried.wait_s)
            if attempt < self._attempts:
                await self._back_off(attempt, tried.wait_s)
        if not reached:
            raise Unreachable(call)
        return call

    async def _attempt(self, question: Question, call: Call) -> "_Tried":
        """One attempt; what it used is metered, whether it succeeds or not."""
        clock = asyncio.get_running_loop().time
        started = clock()
        metered = self._energy.start() if self._energy else None
        try:
            tried = await self._post(question, call)
        except (aiohttp.ClientConnectionError, ConnectionError) as error:
            call = replace(call, error=f"{type(error).__name__}: {error}"[:_SHOWN])
            tried = _Tried(call, wait_s=0.0, reached=False)
        except TimeoutError:
            call = replace(call, error=f"no answer within {self._upstream.timeout_s:g} s")
            tried = _Tried(call, wait_s=0.0)
        except aiohttp.ClientError as error:
            call = replace(call, error=f"{type(error).__name__}: {error}"[:_SHOWN])
            tried = _Tried(call, wait_s=0.0)
        finally:
            joules = self._energy.stop(metered) if self._energy and metered else None
        spent = None if joules is None else (call.energy_j or 0.0) + joules
        return replace(tried, call=replace(tried.call, latency_s=clock() - started, energy_j=spent))

    async def _post(self, question: Question, call: Call) -> "_Tried":
        upstream = self._upstream
        body = {
            "model": upstream.model,
            "messages": [{"role": "user", "content": question.prompt}],
            "temperature": self._request.temperature,
            "seed": self._request.seed,
            "max_tokens": question.max_tokens,
            **upstream.parameters,
        }
        key = upstream.api_key
        async with self._session.post(
            f"{upstream.base_url.rstrip('/')}/chat/completions",
            json={name: value for name, value in body.items() if value is not None},
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=aiohttp.ClientTimeout(total=upstream.timeout_s),
        ) as reply:
            text = await _bounded_text(reply)
            if reply.status == 200:
                return _Tried(_read_answer(text, question, call))
            shown = f"HTTP {reply.status}: {text[:_SHOWN]}"
            if reply.status in _OURS:
                raise CaptureError(
                    f"{upstream.name} at {upstream.base_url} refuses every call, {shown}"
                )
            failed = replace(call, error=shown)
            if reply.status not in _AGAIN:
                return _Tried(failed)
            return _Tried(
                failed, wait_s=_retry_after_s(reply.headers.get("Retry-After"), self._now)
            )

    async def _wait_for_rate_limit(self) -> None:
        clock = asyncio.get_running_loop().time
        while (wait := self._not_before - clock()) > 0:
            await self._sleep(wait)

    def _note_rate_limit(self, wait_s: float) -> None:
        """The upstream said when to come back: that holds for all calls to it."""
        clock = asyncio.get_running_loop().time
        self._not_before = max(self._not_before, clock() + min(wait_s, _LONGEST_WAIT_S))

    async def _back_off(self, attempt: int, wait_s: float) -> None:
        """Wait as long as the upstream asks, at least 0.5 s, 1 s, 2 s, ... give or take a half."""
        wait = 0.5 * 2 ** (attempt - 1) * self._rng.uniform(0.5, 1.5)
        await self._sleep(min(max(wait, wait_s), _LONGEST_WAIT_S))


@dataclass(frozen=True, slots=True)
class _Tried:
    """What came of an attempt. `wait_s`: seconds after which another makes sense; None: it ended."""

    call: Call
    wait_s: float | None = None
    reached: bool = True


async def _bounded_text(reply: aiohttp.ClientResponse) -> str:
    """The body, as long as it is not endless.

    Raises:
        aiohttp.ClientPayloadError: It is longer than an answer can be.
    """
    body = bytearray()
    async for chunk in reply.content.iter_chunked(65536):
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise aiohttp.ClientPayloadError(f"answer of more than {_MAX_BODY_BYTES} bytes")
    return body.decode("utf-8", "replace")


def _read_answer(text: str, question: Question, call: Call) -> Call:
    """The call with what a chat completion says; a failed one if it is no chat completion."""
    found = read_completion(text)
    if isinstance(found, str):
        return replace(call, error=found)
    counted = found.prompt_tokens is not None and found.output_tokens is not None
    return replace(
        call,
        error="",
        response=found.content,
        finish_reason=found.finish_reason,
        served_by=found.model,
        prompt_tokens=found.prompt_tokens
        if found.prompt_tokens is not None
        else _guess(question.prompt),
        output_tokens=found.output_tokens
        if found.output_tokens is not None
        else _guess(found.content),
        tokens_counted=counted,
    )


def _guess(text: str) -> int:
    """Tokens of a text, at four characters each."""
    return -(-len(text) // 4)


def _retry_after_s(header: str | None, now: Callable[[], float]) -> float:
    """Seconds that a Retry-After header asks for, 0 if it asks for nothing that can be read."""
    if header is None:
        return 0.0
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now(), UTC)).total_seconds())
