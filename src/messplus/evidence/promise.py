"""What the log knows of one promise."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from messplus.core.types import Source
from messplus.evidence.case import Case, Reading
from messplus.evidence.judged import Judge, Judged, most_trusted
from messplus.evidence.pace import Pace
from messplus.evidence.satisfaction import (
    LEVEL,
    Estimates,
    Satisfaction,
    Sums,
    estimates,
    satisfaction,
    stretch,
)
from messplus.evidence.savings import Constants, Saving, savings
from messplus.evidence.series import Bucket, Series
from messplus.records import Decided, Feedback, Outcome

NAMED: Final = "{}@{:g}"
"""How a promise is named: as requests ask for it."""


@dataclass(slots=True)
class PromiseEvidence:
    """Sums over the requests of one promise.

    Attributes:
        route: Name of its route.
        alpha: Promised share of satisfied requests.
        first_s: Time of its first decision, in seconds since 1970.
        last_s: Of its latest.
        requests: Decided so far.
        explored: Of them, to learn or at random.
        failed: Answered by nobody.
        queue: The virtual queue at the latest decision.
        price: Of one more satisfied request, likewise.
        models: The zoo at the latest decision, in ascending list price.
        calls: Requests by the model that was to answer.
        priced: Requests with a known cost.
        cost: Sum of what answers cost, in the unit of cost.
        exploration_cost: Of calls that were made only to learn, and of answers drawn to learn.
        judge_cost: Of verdicts.
        certain: Answers of which satisfaction is certain.
        certain_satisfied: Sum of it.
        predicted: Sum of f over the other answers.
        judged: By source.
        by_model: By model, then by source.
        constants: What one model for all would have cost and satisfied.
        series: Over time.
        pace: Requests per second.
    """

    route: str
    alpha: float
    first_s: float = 0.0
    last_s: float = 0.0
    requests: int = 0
    explored: int = 0
    failed: int = 0
    queue: float = 0.0
    price: float = 0.0
    models: tuple[str, ...] = ()
    calls: dict[str, int] = field(default_factory=dict)
    priced: int = 0
    cost: float = 0.0
    exploration_cost: float = 0.0
    judge_cost: float = 0.0
    certain: int = 0
    certain_satisfied: float = 0.0
    predicted: float = 0.0
    judged: dict[str, Judged] = field(default_factory=dict)
    by_model: dict[str, dict[str, Judged]] = field(default_factory=dict)
    constants: Constants = field(default_factory=Constants)
    series: Series = field(default_factory=Series)
    pace: Pace = field(default_factory=Pace)

    @property
    def name(self) -> str:
        """Its name, as requests ask for it: `chat@0.9`."""
        return NAMED.format(self.route, self.alpha)

    @property
    def cost_mean(self) -> float | None:
        """Of an answer, in the unit of cost; None before the first."""
        return self.cost / self.priced if self.priced else None

    def decided(self, case: Case) -> None:
        """A request was given to a model."""
        event, reading = case.told.decided, case.reading
        if not self.requests:
            self.first_s = event.at_s
        self.last_s = max(self.last_s, event.at_s)
        self.requests += 1
        self.explored += event.explored
        self.queue, self.price, self.models = event.queue, event.price, event.models
        self.calls[event.model] = self.calls.get(event.model, 0) + 1
        self.predicted += reading.predicted
        self.constants.decided(
            event.models, event.available.tolist(), event.p_sat.tolist(), event.cost.tolist(),
            event.model, event.propensity,
        )  # fmt: skip
        self.pace.add(event.at_s)
        bucket = self.series.at(event.at_s)
        bucket.requests += 1
        bucket.predicted += reading.predicted
        bucket.queue, bucket.price = event.queue, event.price
        bucket.shares[event.model] = bucket.shares.get(event.model, 0) + 1

    def answered(self, case: Case, event: Outcome, before: Reading) -> None:
        """A model was called; the case knows that already, `before` does not."""
        decided = case.told.decided
        bucket = self.series.at(decided.at_s)
        only_to_learn = not _served(decided, event)
        if only_to_learn:
            self.exploration_cost += event.cost
            bucket.exploration_cost += event.cost
        else:
            first = not any(_served(decided, one) for one in case.told.outcomes[:-1])
            self.priced += first
            self.cost += event.cost
            bucket.calls += first
            bucket.cost += event.cost
            if decided.explored:
                self.exploration_cost += event.cost
                bucket.exploration_cost += event.cost
        if event.model == decided.model:
            place = decided.models.index(event.model)
            expected = float(decided.cost[place])
            self.constants.charged(event.model, expected, event.cost, decided.propensity)
        if event.latency_s is not None and not event.error and not only_to_learn:
            bucket.latency_s += event.latency_s
            bucket.latencies += 1
        failed = int(case.failed) - int(_all_failed(case.told.outcomes[:-1]))
        self.failed += failed
        bucket.failed += failed
        self._move(case, before, None)

    def heard(self, case: Case, event: Feedback, before: Reading) -> None:
        """Somebody has said how satisfactory an answer was; the case knows that already."""
        self.judge_cost += event.cost
        self._move(case, before, max(0.0, event.at_s - case.told.decided.at_s))

    @property
    def counted(self) -> Judge | None:
        """The source whose word counts; None: nobody has said anything."""
        return most_trusted(self.judged)

    def satisfaction(self, level: float = LEVEL) -> Satisfaction:
        """Over all requests so far."""
        judged = self.judged.get(self.counted or "", Judged())
        sums = stretch(
            self.requests, self.certain, self.certain_satisfied, self.predicted, judged.verdicts,
            judged.satisfied, judged.satisfied - judged.predicted, judged.error.variance,
        )  # fmt: skip
        return satisfaction(sums, self.counted or "none", level)

    def within(self, bucket: Bucket, level: float = LEVEL) -> Satisfaction:
        """Over the requests of a window whose begin was fixed beforehand."""
        return satisfaction(_sums([bucket]), self.counted or "none", level)

    def running(self, level: float = LEVEL) -> Estimates:
        """Satisfaction from the beginning to the end of each bucket of the series."""
        sums = Sums(*(np.cumsum(each) for each in _sums(self.series.buckets)))
        return estimates(sums, level)

    def apart(self, level: float = LEVEL) -> Estimates:
        """Satisfaction within each bucket of the series alone."""
        return estimates(_sums(self.series.buckets), level)

    def savings(self, ascending: Sequence[str] = ()) -> tuple[Saving, ...]:
        """What the promise saves beside one model for all, and beside a fixed mix.

        Args:
            ascending: The models that may answer, in ascending list price; none: those of the
                latest decision.
        """
        return savings(
            self.constants,
            alpha=self.alpha,
            cost_mean=self.cost_mean,
            ascending=tuple(ascending) or self.models,
            judged_share=self.satisfaction().coverage,
        )

    def _move(self, case: Case, before: Reading, delay_s: float | None) -> None:
        """Take one answer's part out of all sums as it was, and put it in as it is."""
        after = case.reading
        bucket = self.series.at(case.told.decided.at_s)
        self._certain(before, after, bucket)
        same = before.model == after.model
        for source in before.heard.keys() | after.heard.keys():
            old, new = before.heard.get(source), after.heard.get(source)
            if same and old is not None and new is not None:
                self._revise(source, after, old, new, bucket)
                continue
            if old is not None:
                self._withdraw(source, before, old, bucket)
            if new is not None:
                self._add(source, after, new, delay_s, bucket)
        decided, said, says = case.told.decided, _word(before), _word(after)
        if says is not None and says != said and after.model == decided.model:
            place = decided.models.index(after.model)
            predicted = float(decided.p_sat[place])
            self.constants.judged(after.model, predicted, says, decided.propensity, said)

    def _add(
        self, source: Source, reading: Reading, value: float, delay_s: float | None, bucket: Bucket
    ) -> None:
        counted = most_trusted(self.judged)
        whole, of_model = self._judges(reading.model, source)
        if most_trusted(self.judged) != counted:  # one to be trusted more: the account begins anew
            self.series.forget_verdicts()
        expected, error = whole.error.mean, value - reading.predicted
        whole.add(value, reading.predicted, delay_s)
        of_model.add(value, reading.predicted, delay_s)
        if source == most_trusted(self.judged):
            bucket.judged += 1
            bucket.satisfied += value
            bucket.error += error
            bucket.error_squared += (error - expected) ** 2

    def _revise(
        self, source: Source, reading: Reading, before: float, after: float, bucket: Bucket
    ) -> None:
        for one in self._judges(reading.model, source):
            one.revise(reading.predicted, before, after)
        if source == most_trusted(self.judged):
            bucket.satisfied += after - before
            bucket.error += after - before

    def _withdraw(self, source: Source, reading: Reading, value: float, bucket: Bucket) -> None:
        for one in self._judges(reading.model, source):
            one.withdraw(value, reading.predicted)
        if source == most_trusted(self.judged):
            bucket.judged -= 1
            bucket.satisfied -= value
            bucket.error -= value - reading.predicted

    def _certain(self, before: Reading, after: Reading, bucket: Bucket) -> None:
        for reading, sign in ((before, -1), (after, 1)):
            if reading.certain is None:
                self.predicted += sign * reading.predicted
                bucket.predicted += sign * reading.predicted
            else:
                self.certain += sign
                self.certain_satisfied += sign * reading.certain
                bucket.certain += sign
                bucket.certain_satisfied += sign * reading.certain

    def _judges(self, model: str, source: Source) -> tuple[Judged, Judged]:
        """The sums of a source: over all, and over the answers of one model."""
        whole = self.judged.get(source)
        if whole is None:
            whole = self.judged[source] = Judged()
        sources = self.by_model.setdefault(model, {})
        return whole, sources.setdefault(source, Judged())


def _sums(buckets: Sequence[Bucket]) -> Sums:
    """The sums of each bucket."""
    rows = [
        (
            bucket.requests, bucket.certain, bucket.certain_satisfied, bucket.predicted,
            bucket.judged, bucket.satisfied, bucket.error, bucket.error_squared,
        )
        for bucket in buckets
    ]  # fmt: skip
    return Sums(*np.array(rows, dtype=np.float64).reshape(-1, len(Sums._fields)).T)


def _served(decided: Decided, one: Outcome) -> bool:
    """Whether a call was made to answer, and not only to learn."""
    return one.model == decided.model or one.model not in decided.asked


def _all_failed(outcomes: Sequence[Outcome]) -> bool:
    return bool(outcomes) and all(one.error for one in outcomes)


def _word(reading: Reading) -> float | None:
    """What is known of an answer, by whoever is trusted most."""
    if reading.certain is not None:
        return reading.certain
    source = most_trusted(reading.heard)
    return None if source is None else reading.heard[source]
