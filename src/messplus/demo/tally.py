"""The running count of a demo: what was answered, by whom, at what cost, and whether it satisfied."""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

from messplus.demo.traffic import Answered
from messplus.demo.yardsticks import Yardsticks

RECENT: Final = 200
"""Requests of the shorter of the two shares that are shown of every model."""


@dataclass(slots=True)
class OfModel:
    """What one model did.

    Attributes:
        requests: That it answered.
        score: Sum of what its answers were worth.
        cost_usd: Sum of what they cost.
    """

    requests: int = 0
    score: float = 0.0
    cost_usd: float = 0.0


@dataclass(slots=True)
class Tally:
    """Counts answers as they come. A request without an answer satisfies nobody.

    Attributes:
        yardsticks: What the same requests would have cost otherwise.
        models: What each of the zoo did, in ascending cost.
        requests: Answered or failed.
        failed: Without an answer.
        score: Sum over all requests.
        cost_usd: Likewise.
        largest_usd: What the largest model would have charged for those answered so far.
        mix_usd: What the static mix would have; None if there is none.
        means: Satisfied share after each request.
        recent: Who answered the latest requests.
        overheads_ms: The gateway's own time for each request, where it says so.
        latest: The latest answer.
    """

    yardsticks: Yardsticks
    models: dict[str, OfModel]
    requests: int = 0
    failed: int = 0
    score: float = 0.0
    cost_usd: float = 0.0
    largest_usd: float = 0.0
    mix_usd: float | None = 0.0
    means: list[float] = field(default_factory=list)
    recent: deque[str] = field(default_factory=lambda: deque(maxlen=RECENT))
    overheads_ms: list[float] = field(default_factory=list)
    latest: Answered | None = None

    @property
    def satisfaction(self) -> float | None:
        """Satisfied share of all requests so far; None before the first."""
        return self.means[-1] if self.means else None

    def add(self, answered: Answered) -> None:
        """Count one request."""
        self.requests += 1
        self.score += answered.score
        self.means.append(self.score / self.requests)
        self.latest = answered
        if answered.error:
            self.failed += 1
            return
        model = self.models.setdefault(answered.model, OfModel())
        model.requests += 1
        model.score += answered.score
        model.cost_usd += answered.cost_usd
        self.cost_usd += answered.cost_usd
        self.largest_usd += float(self.yardsticks.largest_usd[answered.row])
        if self.yardsticks.mix_usd is None:
            self.mix_usd = None
        elif self.mix_usd is not None:
            self.mix_usd += float(self.yardsticks.mix_usd[answered.row])
        self.recent.append(answered.model)
        if answered.overhead_ms is not None:
            self.overheads_ms.append(answered.overhead_ms)

    def share(self, model: str) -> float:
        """Of all answers, how many are this model's, in [0, 1]."""
        answered = self.requests - self.failed
        return self.models[model].requests / answered if answered else 0.0

    def recent_share(self, model: str) -> float:
        """Of the latest `RECENT` answers, how many are this model's, in [0, 1]."""
        return Counter(self.recent)[model] / len(self.recent) if self.recent else 0.0

    def over_largest(self) -> float | None:
        """Cost over what the largest model would have charged; None before anything was charged."""
        return self.cost_usd / self.largest_usd if self.largest_usd else None

    def over_mix(self) -> float | None:
        """Cost over what the static mix would have charged; None where there is none."""
        return self.cost_usd / self.mix_usd if self.mix_usd else None
