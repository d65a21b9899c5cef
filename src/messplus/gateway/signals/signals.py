"""`Signals`: looks at answers once they were delivered, by rule and through judges."""

import asyncio
import logging
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from messplus.errors import MessPlusError
from messplus.gateway.config.settings import Judge, Settings
from messplus.gateway.signals.answer import Answer
from messplus.gateway.signals.checks import Checks, Finding
from messplus.gateway.signals.judging import Judging
from messplus.gateway.signals.limits import MOST_CHARACTERS
from messplus.gateway.signals.ports import Ask, Observe, Tell
from messplus.gateway.signals.rules import Ruling, ruling
from messplus.router import Told

MOST_LOOKING: Final = 256
"""Answers that wait for rules that take long; of further ones it is not told whether they pass."""

_log = logging.getLogger("messplus.gateway")


@dataclass(frozen=True, slots=True)
class _Looking:
    """An answer, the rules that hold for it, and whether it was drawn for a judge."""

    route: str
    checks: Checks
    judge: Judge | None
    answer: Answer


@dataclass(frozen=True, slots=True)
class _Rules:
    """Those of one route."""

    checks: Checks
    judge: Judge | None


class Signals:
    """Checks and judges of all routes. Lives on one event loop; nothing here delays an answer."""

    def __init__(
        self, settings: Settings, tell: Tell, ask: Ask, rng: random.Random, observe: Observe
    ) -> None:
        """Idle until `start`.

        Args:
            settings: The configuration.
            tell: Takes verdicts.
            ask: Asks a judge.
            rng: Draws the answers that are judged: by nothing but luck, so that they are like the rest.
            observe: Counts.

        Raises:
            SettingError: A pattern or a schema of a check is none.
        """
        self._rules = _rules_of(settings)
        self._tell = tell
        self._rng = rng
        self._observe = observe
        self._judging = Judging(tell, ask, observe, in_usd=settings.cost == "usd")
        self._looking: asyncio.Queue[_Looking] = asyncio.Queue(MOST_LOOKING)
        self._thread = ThreadPoolExecutor(1, "messplus-checks")
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self.unchecked = 0
        """Answers that no rule could look at: too many waited, or it took too long."""

    @property
    def waiting(self) -> int:
        """Answers that wait for a judge, or are being judged."""
        return self._judging.waiting

    @property
    def overflown(self) -> int:
        """Answers that were drawn for a judge, but not judged because too many waited."""
        return self._judging.overflown

    def start(self) -> None:
        """Begin the work in the background, on the running event loop."""
        self._task = asyncio.create_task(self._look_at_all(), name="messplus-checks")
        self._judging.start()

    def change(self, settings: Settings) -> None:
        """Other rules and judges from the next answer on.

        Raises:
            SettingError: A pattern or a schema of a check is none; then nothing has changed.
        """
        self._rules = _rules_of(settings)
        self._judging.in_usd = settings.cost == "usd"

    def finished(self, route: str, answer: Answer) -> None:
        """An answer was delivered. Takes microseconds.

        Args:
            route: By whose promise; nothing happens where it is unknown, or has neither rules nor judge.
            answer: What was delivered.
        """
        rules = self._rules.get(route)
        if rules is None or self._closed:
            return
        judge = rules.judge
        if judge is not None and self._rng.random() >= judge.share:
            judge = None
        if not rules.checks and judge is None:
            return
        if rules.checks.quick:
            self._conclude(_Looking(route, rules.checks, judge, answer), rules.checks.look(answer))
            return
        # What is longer is not read; it need not be held.
        short = replace(answer, text=answer.text[: MOST_CHARACTERS + 1])
        try:
            self._looking.put_nowait(_Looking(route, rules.checks, judge, short))
        except asyncio.QueueFull:
            self._not_checked(route, f"{MOST_LOOKING} wait already")

    async def close(self, timeout_s: float) -> None:
        """Finish what waits, but end after some time; what then still waits is lost.

        Args:
            timeout_s: That time, in seconds, >= 0.
        """
        self._closed = True
        try:
            async with asyncio.timeout(timeout_s):
                await self._looking.join()
                await self._judging.join()
        except TimeoutError:
            _log.warning(
                "%d answers were not checked and %d not judged when the gateway ended",
                self._looking.qsize(), self.waiting,
            )  # fmt: skip
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._judging.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _look_at_all(self) -> None:
        """One at a time, on another thread: a schema can take a while."""
        loop = asyncio.get_running_loop()
        while True:
            one = await self._looking.get()
            try:
                findings = await loop.run_in_executor(self._thread, one.checks.look, one.answer)
                self._conclude(one, findings)
            except Exception:  # noqa: BLE001  # one answer must not end the checks of all others
                _log.exception("an answer could not be checked", extra={"route": one.route})
            finally:
                self._looking.task_done()

    def _conclude(self, one: _Looking, findings: tuple[Finding, ...]) -> None:
        """Tell what follows from the findings, and have the answer judged if that is still open."""
        for finding in findings:
            if finding.passed is None:
                self._not_checked(one.route, f"{finding.name}: {finding.why}")
            else:
                self._observe.checked(route=one.route, check=finding.name, passed=finding.passed)
        ruled = ruling(findings)
        if ruled is not None:
            self._say(one.answer, ruled, f"check:{one.answer.decision_id}")
        judge = one.judge
        if judge is None or one.checks.always:
            return  # where a rule says what satisfaction is, a judge has nothing to add
        if ruled is None:
            self._judging.add(one.route, judge, one.answer)
        elif judge.trust == "audit":
            # It was drawn like the others, and the truth about it is known without asking. Left
            # out, the audited answers would be better than the rest.
            audited = replace(ruled, source="audit")
            self._say(one.answer, audited, f"judge:{one.answer.decision_id}")

    def _say(self, answer: Answer, ruled: Ruling, feedback_id: str) -> None:
        try:
            self._tell(
                Told(
                    decision_id=answer.decision_id,
                    value=ruled.value,
                    source=ruled.source,
                    feedback_id=feedback_id,
                    comment=ruled.why,
                    attributes={"by": ruled.by},
                )
            )
        except MessPlusError:
            _log.exception("what a check found could not be kept")

    def _not_checked(self, route: str, why: str) -> None:
        self.unchecked += 1
        if str(self.unchecked).strip("0") == "1":  # 1, 10, 100, ...
            _log.warning("%d answers were not checked; on route %s: %s", self.unchecked, route, why)


def _rules_of(settings: Settings) -> dict[str, _Rules]:
    return {
        name: _Rules(Checks(route.checks), route.judge) for name, route in settings.routes.items()
    }
