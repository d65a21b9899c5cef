"""Sums over time, in at most so many buckets: the longer it lasts, the wider they are."""

import math
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

MOST: Final = 400
"""Buckets at most."""


@dataclass(slots=True)
class Bucket:
    """Sums over the requests that were decided in one stretch of time.

    Attributes:
        start_s: Its begin, in seconds since 1970.
        requests: Decided.
        failed: Answered by nobody.
        calls: Requests with a known cost.
        cost: Sum of what their answers cost.
        exploration_cost: Of what was asked to learn.
        latency_s: Sum of latencies.
        latencies: How many.
        certain: Answers of which satisfaction is certain.
        certain_satisfied: Sum of it.
        predicted: Sum of f over the other answers.
        judged: Of them, by the source that counts.
        satisfied: Sum of verdicts s.
        error: Sum of s - f.
        error_squared: Sum of (s - f - mean of that before)^2.
        queue: The virtual queue at the latest decision.
        price: Of one more satisfied request, likewise.
        shares: Requests by the model that was to answer.
    """

    start_s: float
    requests: int = 0
    failed: int = 0
    calls: int = 0
    cost: float = 0.0
    exploration_cost: float = 0.0
    latency_s: float = 0.0
    latencies: int = 0
    certain: int = 0
    certain_satisfied: float = 0.0
    predicted: float = 0.0
    judged: int = 0
    satisfied: float = 0.0
    error: float = 0.0
    error_squared: float = 0.0
    queue: float = 0.0
    price: float = 0.0
    shares: dict[str, int] = field(default_factory=dict)

    def join(self, later: "Bucket") -> None:
        """Take in the sums of a bucket that comes later."""
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(later, name))
        if later.requests:
            self.queue, self.price = later.queue, later.price
        for model, count in later.shares.items():
            self.shares[model] = self.shares.get(model, 0) + count


_SUMS: Final = (
    "requests", "failed", "calls", "cost", "exploration_cost", "latency_s", "latencies", "certain",
    "certain_satisfied", "predicted", "judged", "satisfied", "error", "error_squared",
)  # fmt: skip


@dataclass(slots=True)
class Series:
    """Buckets in order of time; stretches without a request have none.

    Attributes:
        buckets: At most `MOST`, ascending, each beginning at a multiple of the width.
        width_s: Of each of them, in seconds: a power of two.
    """

    buckets: list[Bucket] = field(default_factory=list)
    width_s: float = 1.0

    def at(self, at_s: float) -> Bucket:
        """The bucket of a moment, to add to; made if need be.

        A moment before all buckets belongs to the first: a clock that was put back is no reason to
        begin anew.
        """
        start_s = math.floor(at_s / self.width_s) * self.width_s
        if not self.buckets:
            self.buckets.append(Bucket(start_s))
            return self.buckets[0]
        last = self.buckets[-1]
        if start_s > last.start_s:
            self.buckets.append(Bucket(start_s))
            if len(self.buckets) > MOST:
                self._widen()
            return self.buckets[-1]
        if start_s == last.start_s:
            return last
        place = bisect_right(self.buckets, start_s, key=lambda one: one.start_s) - 1
        return self.buckets[max(place, 0)]

    def since(self, at_s: float) -> Bucket:
        """The sums over all buckets that begin at a moment or after it."""
        total = Bucket(at_s)
        for bucket in self.buckets:
            if bucket.start_s >= at_s:
                total.join(bucket)
        return total

    def forget_verdicts(self) -> None:
        """Begin anew with what was judged: somebody speaks who is to be trusted more."""
        for bucket in self.buckets:
            bucket.judged = 0
            bucket.satisfied = bucket.error = bucket.error_squared = 0.0

    def _widen(self) -> None:
        """Double the width until there are half as many: neighbours become one."""
        while len(self.buckets) > MOST // 2:
            self.width_s *= 2.0
            joined: list[Bucket] = []
            for bucket in self.buckets:
                start_s = math.floor(bucket.start_s / self.width_s) * self.width_s
                if joined and joined[-1].start_s == start_s:
                    joined[-1].join(bucket)
                else:
                    bucket.start_s = start_s
                    joined.append(bucket)
            self.buckets = joined
