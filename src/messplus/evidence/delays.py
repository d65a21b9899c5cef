"""How long things take: counts in bins that grow, so that a millisecond and a month both fit."""

import math
from dataclasses import dataclass, field
from typing import Final

LEAST_S: Final = 1e-3
PER_DECADE: Final = 8
_BINS: Final = 9 * PER_DECADE + 1
"""Up to a million seconds, twelve days; longer ones are counted as that."""


@dataclass(slots=True)
class Delays:
    """Counts of durations.

    Attributes:
        counts: By bin; bin b ends at `LEAST_S` 10^(b / `PER_DECADE`).
        total: How many.
    """

    counts: list[int] = field(default_factory=lambda: [0] * _BINS)
    total: int = 0

    def add(self, seconds: float) -> None:
        """One more; what is shorter than a millisecond counts as one."""
        place = 0
        if seconds > LEAST_S:
            place = min(math.ceil(PER_DECADE * math.log10(seconds / LEAST_S)), _BINS - 1)
        self.counts[place] += 1
        self.total += 1

    def quantile(self, q: float) -> float | None:
        """The duration that a share q in [0, 1] does not exceed, to a sixth; None if there are none."""
        if not self.total:
            return None
        wanted, passed = q * self.total, 0
        for place, count in enumerate(self.counts):
            if count and passed + count >= wanted:
                within = (wanted - passed) / count
                return float(LEAST_S * 10 ** ((place - 1 + within) / PER_DECADE))
            passed += count
        return None
