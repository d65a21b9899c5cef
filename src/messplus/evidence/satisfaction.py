"""How satisfied users are, from sums: an estimate, what it may be off by, and bounds without assumption."""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np

from messplus.core.types import Floats
from messplus.evidence.confidence import boundary

LEVEL: Final = 0.95
"""Confidence of all intervals that people are shown."""

_RANGE: Final = 2.0
"""Width of the range of s - f, which lies in [-1, 1]."""

Verdicts = Literal["audit", "user", "judge", "none"]


class Sums(NamedTuple):
    """What satisfaction is estimated from; each shape (K,), one entry per stretch of requests.

    Attributes:
        requests: n, all of them.
        certain: Answers of which satisfaction is certain.
        certain_satisfied: Sum of it.
        predicted: Sum of f over the others, the open ones.
        judged: Open answers that were judged.
        satisfied: Sum of their verdicts s.
        error: Sum of s - f over them.
        variance: Sum of (s - f - mean of that before)^2 over them.
    """

    requests: Floats
    certain: Floats
    certain_satisfied: Floats
    predicted: Floats
    judged: Floats
    satisfied: Floats
    error: Floats
    variance: Floats


class Estimates(NamedTuple):
    """Estimated satisfaction, and the confidence sequence around it; each shape (K,), NaN if unknown."""

    value: Floats
    low: Floats
    high: Floats


def estimates(sums: Sums, level: float = LEVEL) -> Estimates:
    """Mean of f over all open answers + mean of s - f over the judged ones, joined with the certain ones.

    docs/explanation/evidence.md says what that rests on.
    """
    open_ = sums.requests - sums.certain
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(open_ > 0, sums.predicted / open_ + sums.error / sums.judged, 0.0)
        value = (sums.certain_satisfied + open_ * mean) / sums.requests
        off = boundary(sums.variance, scale=_RANGE, level=level) / sums.judged
        off = np.where(open_ > 0, off * open_ / sums.requests, 0.0)
    return Estimates(*(np.clip(each, 0.0, 1.0) for each in (value, value - off, value + off)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Satisfaction:
    """Mean satisfaction over some requests.

    Attributes:
        requests: How many, n.
        judged: Of how many it is known: judged by the source that counts, or certain.
        verdicts: Whose word counts.
        estimate: In [0, 1]; None where nothing is known.
        low: Lower end of the confidence sequence: it holds at all times together.
        high: Upper end.
        level: Confidence.
        realised: Mean of what is known; None where nothing is.
        unknown_low: The least it can have been, every unknown answer unsatisfactory.
        unknown_high: The most it can have been.
    """

    requests: int
    judged: int
    verdicts: Verdicts
    estimate: float | None
    low: float | None
    high: float | None
    level: float
    realised: float | None
    unknown_low: float
    unknown_high: float

    @property
    def coverage(self) -> float:
        """Share of requests of which satisfaction is known."""
        return self.judged / self.requests if self.requests else 0.0

    @property
    def if_silence_fine(self) -> float | None:
        """Satisfaction if whoever says nothing is satisfied; None before the first request."""
        return self.unknown_high if self.requests else None


def satisfaction(sums: Sums, verdicts: Verdicts, level: float = LEVEL) -> Satisfaction:
    """Satisfaction over one stretch of requests.

    Args:
        sums: Each of shape (1,).
        verdicts: Whose word they count.
        level: Confidence of the interval.
    """
    value, low, high = (_known(each[0]) for each in estimates(sums, level))
    n, known = int(sums.requests[0]), int(sums.certain[0] + sums.judged[0])
    total = float(sums.certain_satisfied[0] + sums.satisfied[0])
    return Satisfaction(
        requests=n,
        judged=known,
        verdicts=verdicts,
        estimate=value,
        low=low,
        high=high,
        level=level,
        realised=total / known if known else None,
        unknown_low=total / n if n else 0.0,
        unknown_high=(total + n - known) / n if n else 1.0,
    )


def stretch(*values: float) -> Sums:
    """Sums of one stretch, in the order of the fields of `Sums`."""
    return Sums(*(np.array([value], dtype=np.float64) for value in values))


def _known(number: float) -> float | None:
    return None if np.isnan(number) else float(number)
