"""Estimates of a mean under another policy, each as the mean of one score per decision.

Weights w = q(m_i) / e_i, times 1 / chance where what came of a decision is known and 0 elsewhere: v_i.

    ips     v y                           unbiased; noisy
    snips   ybar = sum v y / sum v        within what was seen; biased by O(1 / N)
    dr      sum_m q(m) f(m) + v (y - f)   unbiased whatever f is; the better f, the less noise

As f was said before y was known, and e is exact, the terms of ips and dr are martingale differences
around the value of the policy: their sample variance is that of the mean, although the log was made by
a policy that learned. That of snips is by linearisation.
"""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

import numpy as np

from messplus.core.types import Floats
from messplus.offpolicy.logged import Ints, Logged, Target

Method = Literal["ips", "snips", "dr"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)

FOLDS: Final = 5
"""Blocks of time: what is fitted for one of them is fitted on the others."""


class Interval(NamedTuple):
    """From, to."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimated mean.

    Attributes:
        value: The estimate.
        stderr: Its standard error, from the scores.
        normal: Interval by the normal approximation: value -+ z stderr.
        blocks: Interval by a bootstrap of blocks of time, which sees that neighbours are alike.
        effective: Effective number of observations, (sum v)^2 / sum v^2.
        largest: Largest weight v over the mean weight.
    """

    value: float
    stderr: float
    normal: Interval
    blocks: Interval
    effective: float
    largest: float

    @property
    def interval(self) -> Interval:
        """The interval to quote: from the lower of both ends to the higher."""
        return Interval(
            min(self.normal.low, self.blocks.low), max(self.normal.high, self.blocks.high)
        )


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no estimate.

    Attributes:
        reason: In one sentence.
        fix: What to do for the next log, or with this one.
    """

    reason: str
    fix: str


def weights(logged: Logged, plan: Floats) -> Floats:
    """w_i = q_i(m_i) / e_i, shape (N,)."""
    return of_chosen(logged, plan) / logged.propensity


def of_chosen(logged: Logged, values: Floats) -> Floats:
    """The values of the models that were chosen, shape (N,), of those of all, (N, M)."""
    return np.asarray(values[np.arange(len(logged)), logged.chosen])


def known_weights(target: Target, weight: Floats) -> Floats:
    """v_i: the weight over the chance that its outcome became known; 0 where it did not, shape (N,)."""
    return np.where(np.isnan(target.known), 0.0, weight / target.chance)


def scores(logged: Logged, target: Target, plan: Floats, method: Method) -> Floats:
    """One score per decision, shape (N,), whose mean is the estimate.

    Args:
        logged: The decisions.
        target: What is to be estimated. For `dr` its predictions are numbers wherever a
            model could be asked.
        plan: q, shape (N, M).
        method: See above.
    """
    v = known_weights(target, weights(logged, plan))
    y = np.where(v > 0, target.known, 0.0)
    if method == "ips":
        return v * y
    if method == "snips":
        value = float((v * y).sum() / v.sum())
        return np.asarray(value + v * (y - value) / v.mean())
    predicted = np.where(logged.available, target.predicted, 0.0)
    planned = (plan * predicted).sum(axis=1)
    chosen = of_chosen(logged, predicted)
    return np.asarray(planned + v * (y - chosen))


def fold_of(n: int) -> Ints:
    """The fold of each decision: blocks of time, shape (n,)."""
    return np.arange(n) * FOLDS // max(n, 1)


def effective(v: Floats) -> float:
    """Kish's effective sample size of weights, shape (N,); 0 if all are 0."""
    squares = float((v * v).sum())
    return float(v.sum() ** 2 / squares) if squares else 0.0
