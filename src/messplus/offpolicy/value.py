"""The value of one plan, or why the log does not tell it."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from messplus.core.types import Floats
from messplus.errors import require_range
from messplus.offpolicy.estimates import (
    Estimate,
    Interval,
    Method,
    Refused,
    effective,
    known_weights,
    of_chosen,
    scores,
    weights,
)
from messplus.offpolicy.logged import Logged, Target

LEAST_EFFECTIVE: Final = 100.0
"""Observations that an estimate must be worth: with fewer, a share is known to 10 points at best."""

MOST_UNSUPPORTED: Final = 0.01
"""Share of requests for which the plan may choose what the log's policy never would have."""

BOOTSTRAPS: Final = 1000
_SPREAD = "set `spread` on the route (0.05, say), so that every model is chosen now and then"


@dataclass(frozen=True, slots=True)
class Value:
    """What a plan would have given per request, of those with a choice.

    Attributes:
        satisfaction: Mean satisfaction, in [0, 1].
        cost: Mean cost, in the unit of the log.
        agrees: Share of requests for which the log chose what the plan would have.
    """

    satisfaction: Estimate | Refused
    cost: Estimate | Refused
    agrees: float


def evaluate(
    logged: Logged,
    plan: Floats,
    *,
    rng: np.random.Generator,
    method: Method = "dr",
    level: float = 0.95,
) -> Value:
    """Estimate mean satisfaction and mean cost under a plan.

    Args:
        logged: The decisions.
        plan: q, shape (N, M), rows that sum to 1, 0 where a model could not be asked.
        rng: Of the bootstrap.
        method: See `messplus.offpolicy.estimates`.
        level: Confidence of the intervals, in (0, 1).

    Raises:
        SettingError: The level is out of range.
    """
    require_range("level", level, "in (0, 1)", ok=0.0 < level < 1.0)
    agrees = of_chosen(logged, plan)
    refused = _refused(logged, plan)
    targets = (logged.satisfaction, logged.spending)
    satisfaction, cost = (
        refused or _estimate(logged, target, plan, method, level, rng) for target in targets
    )
    return Value(satisfaction, cost, float(agrees.mean()) if len(logged) else 0.0)


def _refused(logged: Logged, plan: Floats) -> Refused | None:
    """What stands against any estimate of this plan."""
    if not len(logged):
        return Refused(
            f"only one model could be asked in each of {logged.forced} decisions",
            "give the route more than one model",
        )
    weight = weights(logged, plan)
    here = of_chosen(logged, plan)
    # Where the choice was certain nothing is known of other models.
    unsupported = float(np.where(logged.propensity >= 1.0, 1.0 - here, 0.0).mean())
    if unsupported > MOST_UNSUPPORTED:
        return Refused(
            f"for {unsupported:.0%} of the requests this policy chooses what was never tried: the"
            " logged choice had probability 1",
            f"{_SPREAD}, and leave out what was logged before",
        )
    doubt = 5.0 * float(weight.std()) / np.sqrt(len(weight)) + 1e-6
    if effective(weight) >= LEAST_EFFECTIVE and abs(float(weight.mean()) - 1.0) > doubt:
        return Refused(
            f"the mean weight is {weight.mean():.2f} and should be 1: the logged propensities are not"
            " the probabilities of the choices",
            "leave out decisions of a policy that does not log them",
        )
    return None


def _estimate(
    logged: Logged,
    target: Target,
    plan: Floats,
    method: Method,
    level: float,
    rng: np.random.Generator,
) -> Estimate | Refused:
    known = ~np.isnan(target.known)
    what = "verdicts" if target.high == 1.0 else "outcomes"
    if not known.any():
        return Refused(f"there are no {what}", f"send {what} with the id of their decision")
    v = known_weights(target, weights(logged, plan))
    worth = effective(v)
    if worth < LEAST_EFFECTIVE:
        return Refused(
            f"{known.sum()} {what} tell as much of this policy as {worth:.0f} would of the one that"
            f" ran; {LEAST_EFFECTIVE:.0f} are the least",
            f"log more, collect more {what}, or {_SPREAD}",
        )
    if method == "dr" and not np.isfinite(target.predicted[logged.available]).all():
        return Refused(
            "the log holds no predictions to improve on", "use method ips or snips, which need none"
        )
    found = scores(logged, target, plan, method)
    return summary(found, level, rng, target, worth, float(v.max() / v.mean()))


def summary(
    found: Floats,
    level: float,
    rng: np.random.Generator,
    target: Target,
    worth: float,
    largest: float,
) -> Estimate:
    """Mean, standard error and both intervals of scores, shape (N,), within the target's range."""
    value = float(found.mean())
    stderr = float(found.std(ddof=1) / np.sqrt(len(found)))
    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    means = _block_means(found, rng)
    low, high = np.quantile(means, [0.5 - level / 2.0, 0.5 + level / 2.0])

    def within(low: float, high: float) -> Interval:
        lowest, highest = np.clip([low, high], target.low, target.high)
        return Interval(float(lowest), float(highest))

    return Estimate(
        value=value,
        stderr=stderr,
        normal=within(value - z * stderr, value + z * stderr),
        blocks=within(low, high),
        effective=worth,
        largest=largest,
    )


def _block_means(found: Floats, rng: np.random.Generator) -> Floats:
    """Means of samples of blocks of time, drawn with replacement, shape (BOOTSTRAPS,).

    About sqrt(N) blocks, 20 at least and 200 at most: long beside what makes neighbours alike.
    """
    n = len(found)
    blocks = int(np.clip(np.sqrt(n), min(20, n), 200))
    edges = np.arange(blocks) * n // blocks
    sums = np.add.reduceat(found, edges)
    sizes = np.diff(np.append(edges, n))
    drawn = rng.multinomial(blocks, np.full(blocks, 1.0 / blocks), size=BOOTSTRAPS)
    return (drawn @ sums) / (drawn @ sizes)
