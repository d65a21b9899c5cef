"""Users in front of a gateway: they ask over its HTTP API, and say what they think of the answers.

Nothing is known here but what the gateway's answers and their headers say.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import aiohttp
import numpy as np
import orjson

from messplus.demo.script import Question, Script
from messplus.errors import DemoError, require_range

LATE_SHARE: Final = 0.1
"""Share of users who think about an answer before they say something."""
LATE_MEAN_S: Final = 1.0
LATE_MOST_S: Final = 5.0
MOST_CONCURRENCY: Final = 256

_TIMEOUT: Final = aiohttp.ClientTimeout(total=300.0)
_HOPELESS = 20  # failed requests without one answer between them
_SHOWN_CHARS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What one request came to.

    Attributes:
        row: Of the script.
        model: Who answered; "" if nobody did.
        score: What the user thinks of it, in [0, 1]; 0 without an answer.
        cost_usd: What the gateway says it cost.
        latency_s: Until the answer was complete.
        overhead_ms: What of it was the gateway's own time; None if it does not say.
        error: What was said in place of an answer; "" for an answer.
    """

    row: int
    model: str = ""
    score: float = 0.0
    cost_usd: float = 0.0
    latency_s: float = 0.0
    overhead_ms: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """Which users say something, and how long they think; drawn before anything is asked.

    Attributes:
        given: Whether the user of each request says anything, shape (T,).
        delay_s: How long after the answer, shape (T,).
    """

    given: np.ndarray[tuple[int], np.dtype[np.bool_]]
    delay_s: np.ndarray[tuple[int], np.dtype[np.float64]]

    @classmethod
    def draw(cls, n: int, share: float, seed: int) -> "Verdicts":
        """Draw them for n requests.

        Args:
            n: Requests.
            share: Of users that say something, in [0, 1].
            seed: Of the draw.

        Raises:
            SettingError: The share is out of its range.
        """
        require_range("feedback", share, "in [0, 1]", ok=0 <= share <= 1)
        rng = np.random.default_rng([seed, 1])
        given = rng.random(n) < share
        late = rng.random(n) < LATE_SHARE
        delay_s = np.minimum(rng.exponential(LATE_MEAN_S, n), LATE_MOST_S)
        return cls(given, np.where(late, delay_s, 0.0))


class Traffic:
    """Sends a script to a gateway, so many requests at a time.

    Attributes:
        feedback: How often the gateway said what of a verdict: "applied", "pending", ...
    """

    def __init__(
        self,
        gateway: str,
        script: Script,
        verdicts: Verdicts,
        *,
        concurrency: int,
        on_answer: Callable[[Answered], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Say what is sent where.

        Args:
            gateway: Its base URL, without /v1.
            script: What is asked.
            verdicts: Who says something of the answers, and when.
            concurrency: Users at a time; each asks the next question once it is done with one.
            on_answer: Called with every answer, in the order of their arrival.
            clock: Seconds since any moment.

        Raises:
            SettingError: The concurrency is out of its range.
        """
        require_range(
            "concurrency",
            concurrency,
            f"1 to {MOST_CONCURRENCY}",
            ok=1 <= concurrency <= MOST_CONCURRENCY,
        )
        self.feedback: Counter[str] = Counter()
        self._gateway = gateway.rstrip("/")
        self._script = script
        self._verdicts = verdicts
        self._concurrency = concurrency
        self._on_answer = on_answer
        self._clock = clock
        self._answers = 0
        self._failures = 0

    async def send(self) -> None:
        """Ask everything, and wait for the last verdict.

        Raises:
            DemoError: The gateway cannot be reached, or refuses everything.
        """
        questions = iter(enumerate(self._script.questions))
        connector = aiohttp.TCPConnector(limit=2 * self._concurrency)  # the late ones need some too
        async with aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT) as session:
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(self._concurrency, len(self._script.questions))):
                        group.create_task(self._use(session, questions, group))
            except* (DemoError, aiohttp.ClientError, TimeoutError) as errors:
                raise _told(errors) from errors

    async def _use(
        self,
        session: aiohttp.ClientSession,
        questions: Iterator[tuple[int, Question]],
        group: asyncio.TaskGroup,
    ) -> None:
        """One user after the other: ask, read, say; the late ones are not waited for."""
        for row, question in questions:
            answered, decision = await self._ask(session, row, question)
            self._on_answer(answered)
            self._give_up_if_hopeless(answered)
            if answered.error or not self._verdicts.given[row]:
                continue
            delay_s = float(self._verdicts.delay_s[row])
            verdict = self._say(session, decision, answered.score, delay_s)
            if delay_s:
                group.create_task(verdict)
            else:
                await verdict

    async def _ask(
        self, session: aiohttp.ClientSession, row: int, question: Question
    ) -> tuple[Answered, str]:
        """The answer, and the id of the decision for it."""
        body: dict[str, object] = {
            "model": "auto",
            "messages": [{"role": "user", "content": question.prompt}],
            "metadata": {"task": question.task},
        }
        if question.max_tokens is not None:
            body |= {"max_tokens": question.max_tokens, "temperature": 0}
        began_s = self._clock()
        async with session.post(
            f"{self._gateway}/v1/chat/completions",
            data=orjson.dumps(body),
            headers={"Content-Type": "application/json"},
        ) as response:
            content = await response.read()
            latency_s = self._clock() - began_s
            if response.status != 200:
                said = f"HTTP {response.status}: {content[:_SHOWN_CHARS].decode(errors='replace')}"
                return Answered(row=row, latency_s=latency_s, error=said), ""
            overhead_ms = response.headers.get("x-messplus-overhead-ms")
            try:
                completion = orjson.loads(content)
                model = completion["model"]
                text = completion["choices"][0]["message"]["content"] or ""
                answered = Answered(
                    row=row,
                    model=model,
                    score=question.grade(model, text),
                    cost_usd=float(response.headers["x-messplus-cost-usd"]),
                    latency_s=latency_s,
                    overhead_ms=None if overhead_ms is None else float(overhead_ms),
                )
                return answered, response.headers["x-messplus-decision-id"]
            except (ValueError, LookupError, TypeError) as error:
                raise DemoError(f"the gateway's answer cannot be read: {error!r}") from error

    async def _say(
        self, session: aiohttp.ClientSession, decision: str, value: float, delay_s: float
    ) -> None:
        await asyncio.sleep(delay_s)
        async with session.post(
            f"{self._gateway}/v1/feedback",
            data=orjson.dumps({"id": decision, "value": value, "source": "user"}),
            headers={"Content-Type": "application/json"},
        ) as response:
            content = await response.read()
        if response.status >= 300:
            self.feedback[f"HTTP {response.status}"] += 1
            return
        try:
            self.feedback[orjson.loads(content)["status"]] += 1
        except (ValueError, LookupError, TypeError) as error:
            raise DemoError(f"the gateway's receipt cannot be read: {error!r}") from error

    def _give_up_if_hopeless(self, answered: Answered) -> None:
        self._answers += not answered.error
        self._failures += bool(answered.error)
        hopeless = min(_HOPELESS, len(self._script.questions))
        if not self._answers and self._failures >= hopeless:
            raise DemoError(f"the gateway answers nothing: {answered.error}")


def _told(errors: "BaseExceptionGroup[Exception]") -> DemoError:
    """The first of them that says what is wrong."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, DemoError):
        return error
    return DemoError(f"the gateway cannot be reached: {error!r}")
