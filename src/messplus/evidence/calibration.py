"""Whether what is predicted comes true: of answers predicted to satisfy with 0.8, do 80 % satisfy?"""

import math
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Final

BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers with about the same prediction.

    Attributes:
        predicted: Its mean.
        satisfied: Mean satisfaction with them.
        low: Lower end of Wilson's interval for that, for one look.
        high: Upper end.
        count: How many.
    """

    predicted: float
    satisfied: float
    low: float
    high: float
    count: int


@dataclass(slots=True)
class Calibration:
    """Sums over judged answers in bins of what was predicted.

    Attributes:
        counts: Answers by bin.
        predicted: Sums of predictions.
        satisfied: Sums of verdicts.
        squared_error: Sum of (verdict - prediction)^2 over all.
    """

    counts: list[int] = field(default_factory=lambda: [0] * BINS)
    predicted: list[float] = field(default_factory=lambda: [0.0] * BINS)
    satisfied: list[float] = field(default_factory=lambda: [0.0] * BINS)
    squared_error: float = 0.0

    def add(self, predicted: float, satisfied: float) -> None:
        """One more judged answer; both in [0, 1]."""
        place = min(int(predicted * BINS), BINS - 1)
        self.counts[place] += 1
        self.predicted[place] += predicted
        self.satisfied[place] += satisfied
        self.squared_error += (satisfied - predicted) ** 2

    def revise(self, predicted: float, before: float, after: float) -> None:
        """A verdict is taken back in favour of another one."""
        self.satisfied[min(int(predicted * BINS), BINS - 1)] += after - before
        self.squared_error += (after - predicted) ** 2 - (before - predicted) ** 2

    @property
    def verdicts(self) -> int:
        """How many."""
        return sum(self.counts)

    @property
    def brier(self) -> float:
        """Mean of (verdict - prediction)^2: 0 is perfect; NaN if there are none."""
        return self.squared_error / self.verdicts if self.verdicts else math.nan

    def bins(self, level: float = 0.95) -> tuple[Bin, ...]:
        """Those that are not empty, ascending."""
        told = []
        for count, predicted, satisfied in zip(
            self.counts, self.predicted, self.satisfied, strict=True
        ):
            if count:
                mean = satisfied / count
                told.append(Bin(predicted / count, mean, *wilson(mean, count, level), count))
        return tuple(told)


def wilson(share: float, count: int, level: float) -> tuple[float, float]:
    """Wilson's interval for a share of `count` > 0 trials."""
    z2 = NormalDist().inv_cdf(0.5 + level / 2.0) ** 2 / count
    middle = share + z2 / 2.0
    off = math.sqrt(max(share * (1.0 - share), 0.0) * z2 + z2 * z2 / 4.0)
    low, high = (middle - off) / (1.0 + z2), (middle + off) / (1.0 + z2)
    return min(max(low, 0.0), share), max(min(high, 1.0), share)
