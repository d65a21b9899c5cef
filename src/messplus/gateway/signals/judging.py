"""`Judging`: answers wait for a judge, are judged in the background, and the verdicts are told."""

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass
from typing import Final

from messplus.core.types import Source
from messplus.errors import MessPlusError
from messplus.gateway.config.settings import Judge
from messplus.gateway.signals.answer import Answer
from messplus.gateway.signals.ports import Ask, JudgeReply, Observe, Tell
from messplus.gateway.signals.verdict import MOST_TOKENS, Message, opinion, question
from messplus.router import Told

AT_ONCE: Final = 8
"""Answers that are being judged at a time, of all routes together."""

LONGEST_S: Final = 120.0
"""Time that a judge gets for one answer, retries included."""

_SOURCES: Final[dict[str, Source]] = {"opinion": "judge", "audit": "audit"}

_log = logging.getLogger("messplus.gateway")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One answer that a judge is to read; bounded by what it gets to read.

    Attributes:
        route: Of the answer.
        judge: The settings at the time it was drawn.
        decision_id: What the verdict is about; not in `messages`.
        messages: To the judge.
    """

    route: str
    judge: Judge
    decision_id: str
    messages: list[Message]


class Judging:
    """Lives on one event loop."""

    def __init__(self, tell: Tell, ask: Ask, observe: Observe, *, in_usd: bool) -> None:
        """Idle until `start`.

        Args:
            tell: Takes verdicts.
            ask: Asks a judge.
            observe: Counts.
            in_usd: Whether costs are in USD; else they are not shown as such.
        """
        self._tell = tell
        self._ask = ask
        self._observe = observe
        self.in_usd = in_usd
        self._queue: asyncio.Queue[Waiting] = (
            asyncio.Queue()
        )  # bounded by `max_waiting` of each route
        self._waiting: Counter[str] = Counter()
        self._tasks: list[asyncio.Task[None]] = []
        self.overflown = 0
        """Answers that were drawn, but not judged because too many waited."""

    @property
    def waiting(self) -> int:
        """Answers that wait for a judge, or are being judged."""
        return self._waiting.total()

    def start(self) -> None:
        """Begin to judge, on the running event loop."""
        self._tasks = [
            asyncio.create_task(self._work(), name=f"messplus-judge-{n}") for n in range(AT_ONCE)
        ]

    def add(self, route: str, judge: Judge, answer: Answer) -> None:
        """Have an answer judged, unless too many wait.

        What overflows is lost for good, and as that happens in busy hours, the answers that are
        judged come from the calm ones more than they should.
        """
        if self._waiting[route] >= judge.max_waiting:
            self.overflown += 1
            self._observe.judged(route=route, judge=judge.model, result="overflow")
            if _is_power_of_ten(self.overflown):
                _log.warning(
                    "%d answers were not judged as %d wait for %s on route %s: calm hours now count"
                    " for more than busy ones; lower judge.share, or raise the judge's concurrency",
                    self.overflown, self._waiting[route], judge.model, route,
                )  # fmt: skip
            return
        self._waiting[route] += 1
        messages = question(answer, judge.instructions)
        self._queue.put_nowait(Waiting(route, judge, answer.decision_id, messages))

    async def join(self) -> None:
        """Wait until every answer is judged."""
        await self._queue.join()

    async def cancel(self) -> None:
        """End, whatever still waits."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _work(self) -> None:
        while True:
            one = await self._queue.get()
            try:
                await self._judge(one)
            except Exception:  # noqa: BLE001  # one answer must not end the judging of all others
                _log.exception("an answer could not be judged", extra={"route": one.route})
                self._count(one, "error")
            finally:
                self._waiting[one.route] -= 1
                self._queue.task_done()

    async def _judge(self, one: Waiting) -> None:
        """Ask, and tell the verdict. No verdict is not a bad one: nothing is told then."""
        model = one.judge.model
        try:
            async with asyncio.timeout(LONGEST_S):
                reply = await self._ask(model, one.messages, MOST_TOKENS)
        except TimeoutError:
            self._count(one, "timeout")
            return
        except MessPlusError as error:
            _log.info("judge %s gave no verdict: %s", model, error)
            self._count(one, "error")
            return
        found = opinion(reply.text)
        if found is None:
            self._count(one, "unclear", reply)
            return
        self._tell(
            Told(
                decision_id=one.decision_id,
                value=float(found.satisfied),
                source=_SOURCES[one.judge.trust],
                feedback_id=f"judge:{one.decision_id}",
                comment=found.reason,
                attributes={"by": f"judge:{model}"},
                cost=reply.cost,
            )
        )
        self._count(one, "verdict", reply)

    def _count(self, one: Waiting, result: str, reply: JudgeReply | None = None) -> None:
        cost_usd = reply.cost if reply is not None and self.in_usd else 0.0
        self._observe.judged(
            route=one.route, judge=one.judge.model, result=result, cost_usd=cost_usd
        )


def _is_power_of_ten(n: int) -> bool:
    """Whether it is time to say so again."""
    return str(n).strip("0") == "1"
