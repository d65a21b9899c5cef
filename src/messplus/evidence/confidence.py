"""A confidence sequence: an interval for a mean that drifts, valid at all times together.

Let x_1, x_2, ... lie in a range of width c, with conditional means mu_i that may depend on the past in any
way, and let xhat_i be a prediction of x_i made before it. With

    S_t = sum (x_i - mu_i),  V_t = sum (x_i - xhat_i)^2,  psi(l) = -log(1 - l) - l

exp(l S_t / c - psi(l) V_t / c^2) is at most a supermartingale that starts at 1, for every l in [0, 1)
(Howard, Ramdas, McAuliffe and Sekhon, Annals of Statistics 2021, theorem 4). A mixture of these over l is
one too, so by Ville's inequality it ever reaches 1 / delta with probability delta at most. Solved for S:
|S_t| <= u(V_t) at all t with probability 1 - 2 delta. Divided by t that is an interval for the running mean
of the mu_i, whatever drifts, however often one looks.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from messplus.core.types import Floats
from messplus.errors import require_range

_RATES: Final = np.geomspace(5e-4, 0.9, 48)
"""l: those that are best for V from about 1 to 10^7."""

_PSI: Final = -np.log1p(-_RATES) - _RATES
_LOG_WEIGHT: Final = -math.log(len(_RATES))
_STEPS: Final = 50
_ENOUGH: Final = 1e-9


def boundary(variance: Floats | float, *, scale: float = 1.0, level: float = 0.95) -> Floats:
    """u(V): how far a sum of deviations ever is from 0.

    Args:
        variance: V, any shape, >= 0.
        scale: Width c of the range, > 0.
        level: Confidence, in (0, 1), of both sides and all times together.

    Returns:
        u, of the shape of `variance`; NaN where that is NaN.

    Raises:
        SettingError: The scale or the level is out of its range.
    """
    require_range("scale", scale, "positive", ok=scale > 0)
    require_range("level", level, "in (0, 1)", ok=0 < level < 1)
    v = np.asarray(variance, dtype=np.float64)[..., None] / scale**2
    reach = math.log(2.0 / (1.0 - level))
    # Each part of the mixture alone is a boundary, and a little too far out; from there Newton's steps
    # go down to the one of all, since the logarithm of the mixture is convex in S.
    s = ((reach - _LOG_WEIGHT + _PSI * v) / _RATES).min(axis=-1)
    for _ in range(_STEPS):
        exponent = _RATES * s[..., None] - _PSI * v
        most = exponent.max(axis=-1)
        parts = np.exp(exponent - most[..., None])
        total = parts.sum(axis=-1)
        excess = most + np.log(total) + _LOG_WEIGHT - reach
        step = excess * total / (parts @ _RATES)
        s = s - step
        if not (np.abs(step) > _ENOUGH * (1.0 + s)).any():
            break
    return np.asarray(scale * s)


@dataclass(slots=True)
class Deviations:
    """Sums of numbers, and of how far each was from the mean of those before it.

    Attributes:
        count: How many.
        total: Their sum.
        variance: V, sum of (x - mean of the earlier ones)^2; the first is compared with 0.
    """

    count: int = 0
    total: float = 0.0
    variance: float = 0.0

    def add(self, x: float) -> None:
        """One more."""
        off = x - self.mean
        self.count += 1
        self.total += x
        self.variance += off * off

    @property
    def mean(self) -> float:
        """Of all so far; 0 before the first."""
        return self.total / self.count if self.count else 0.0

    def interval(self, *, scale: float = 1.0, level: float = 0.95) -> tuple[float, float]:
        """For the running mean of conditional means; infinite before the first."""
        if not self.count:
            return -math.inf, math.inf
        off = float(boundary(self.variance, scale=scale, level=level)) / self.count
        return self.mean - off, self.mean + off
