"""Run a capture: every question to every model, at each model's own pace."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import aiohttp

from messplus.capture.client import Client, Request, Unreachable
from messplus.capture.energy import Shares
from messplus.capture.ledger import Call, Ledger, last_calls
from messplus.capture.question import Question
from messplus.capture.upstreams import Upstream
from messplus.errors import CaptureError, require_range

_GONE_AFTER: Final = 5  # calls in a row that did not reach the upstream, each with all its attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How hard a capture tries.

    Attributes:
        attempts: At most this many for one question, 1 to 100.
        retry_failed: Ask again what failed in an earlier run.
    """

    attempts: int = 6  # with 0.5, 1, 2, 4 and 8 s between them: a model is loaded again by then
    retry_failed: bool = False

    def __post_init__(self) -> None:
        """Check the range.

        Raises:
            SettingError: `attempts` is out of it.
        """
        require_range("attempts", self.attempts, "1 to 100", ok=1 <= self.attempts <= 100)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one model is: questions answered, of how many, and how many of them failed."""

    model: str
    done: int
    total: int
    failed: int


def capture(
    questions: Sequence[Question],
    upstreams: Sequence[Upstream],
    ledger: Path,
    *,
    request: Request,
    pace: Pace,
    energy: Mapping[str, Shares],
    rng: Random,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Ask every model every question that the ledger does not have yet.

    Args:
        questions: In the order in which they are asked.
        upstreams: The models; each works through the questions by itself.
        ledger: Where calls are recorded as they end. What is there is not asked again.
        request: What every request says.
        pace: How hard to try.
        energy: Meters by the name of the model.
        rng: For the jitter of waiting times.
        on_progress: Called when a call has ended, and once at the start for each model.
        now: Seconds since 1970.
        sleep: Waits.

    Raises:
        CaptureError: An upstream refuses every call or is gone. What was recorded stays.
        DataError: The ledger cannot be read.
        OSError: The ledger cannot be written.
    """
    before = last_calls(ledger)
    with Ledger(ledger) as book:
        lanes = [
            _Lane(upstream, questions, before, book, pace=pace, on_progress=on_progress)
            for upstream in upstreams
        ]

        async def run() -> None:
            # No limit of the pool's own: each lane has its concurrency.
            connector = aiohttp.TCPConnector(limit=0)
            async with (
                aiohttp.ClientSession(connector=connector, trust_env=True) as session,
                asyncio.TaskGroup() as group,
            ):
                for lane in lanes:
                    client = Client(
                        lane.upstream,
                        session,
                        request=request,
                        attempts=pace.attempts,
                        energy=energy.get(lane.upstream.name),
                        rng=rng,
                        now=now,
                        sleep=sleep,
                    )
                    for _ in range(lane.upstream.concurrency):
                        group.create_task(lane.work(client))

        try:
            asyncio.run(run())
        except* (CaptureError, OSError) as group:
            raise _first(group) from group


class _Lane:
    """One model's way through the questions."""

    def __init__(
        self,
        upstream: Upstream,
        questions: Sequence[Question],
        before: Mapping[tuple[str, str], Call],
        book: Ledger,
        *,
        pace: Pace,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self.upstream = upstream
        self._book = book
        self._on_progress = on_progress
        self._waiting: deque[Question] = deque()
        self._done = self._failed = 0
        self._total = len(questions)
        for question in questions:
            call = before.get((question.prompt_id, upstream.name))
            if call is None or (call.error and pace.retry_failed):
                self._waiting.append(question)
            else:
                self._count(call)
        # Calls that did not reach the upstream: outcomes if it comes back, else no outcomes at all.
        self._unreached: list[Call] = []
        self._under_way = 0
        self._has_answered = False
        self._report()

    async def work(self, client: Client) -> None:
        """Answer questions until none is left; several workers may share a lane.

        Raises:
            CaptureError: The upstream refuses every call or is gone.
        """
        while self._waiting:
            question = self._waiting.popleft()
            self._under_way += 1
            try:
                call = await client.ask(question)
            except Unreachable as lost:
                self._lose(lost.call)
            else:
                self._has_answered = True
                self._write(*self._unreached, call)
                self._unreached.clear()
            finally:
                self._under_way -= 1
        if self._unreached and not self._under_way:  # nobody is left who could still reach it
            self._give_up()

    def _lose(self, call: Call) -> None:
        self._unreached.append(call)
        alone = self._under_way == 1  # nobody else could still reach it
        if (alone and not self._has_answered) or len(self._unreached) >= _GONE_AFTER:
            self._give_up()

    def _give_up(self) -> None:
        raise CaptureError(
            f"{self.upstream.name} at {self.upstream.base_url} cannot be reached"
            f" ({self._unreached[-1].error}). What is recorded stays: start the model, then run the"
            " same command again"
        )

    def _write(self, *calls: Call) -> None:
        for call in calls:
            self._book.append(call)
            self._count(call)
            self._report()

    def _count(self, call: Call) -> None:
        self._done += 1
        self._failed += bool(call.error)

    def _report(self) -> None:
        self._on_progress(Progress(self.upstream.name, self._done, self._total, self._failed))


def _first(group: BaseExceptionGroup[CaptureError | OSError]) -> CaptureError | OSError:
    """One error of those that ended the lanes, however deep it sits."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
