"""Runs of one policy at promises around the one asked for, until what they realise encloses it.

A policy that keeps alpha with two points to spare is run at a lower promise, one that falls short at a
higher one, so that its cost can be read off where it realises alpha (`messplus.replay.compare.cost_at`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from messplus.replay.metrics import Metrics

TRIES = 4
"""At most so many further runs for each account."""

NEAR = 0.005
"""A realised satisfaction this close to alpha on one side of it is near enough to interpolate from."""

LEAST_STEP = 0.004
FURTHEST = 0.2
"""Least and greatest distance by which a promise is moved."""


@dataclass(frozen=True, slots=True)
class Account:
    """A way to look at a run: what it cost per request, and what it satisfied.

    Attributes:
        name: As the page calls it.
        cost: Cost per request.
        satisfaction: Share satisfied.
    """

    name: str
    cost: Callable[[Metrics], float]
    satisfaction: Callable[[Metrics], float]


WHOLE = Account("whole stream", lambda m: m.cost_mean, lambda m: m.satisfaction)
LATE = Account("after the first fifth", lambda m: m.cost_mean_late, lambda m: m.satisfaction_late)


def enclosing(run: Callable[[float], Metrics], alpha: float) -> dict[float, Metrics]:
    """Runs by how far their promise was moved, 0 among them, that enclose alpha in both accounts.

    Where a policy cannot be moved so far, or not at all, they do not enclose it.

    Args:
        run: Makes a run at alpha plus the given difference.
        alpha: The promise asked for.
    """
    runs = {0.0: run(0.0)}
    for account in (WHOLE, LATE):
        for attempt in range(TRIES):
            margin = {shift: account.satisfaction(m) - alpha for shift, m in runs.items()}
            shift = _next(margin, attempt)
            shift = min(max(shift, -FURTHEST, 1e-3 - alpha), FURTHEST, 1.0 - alpha)
            if shift in runs:
                break
            runs[shift] = run(shift)
            if len({account.satisfaction(m) for m in runs.values()}) == 1:
                break  # it has no use for a promise
    return runs


def _next(margin: dict[float, float], attempt: int) -> float:
    """The difference to try next; one that was tried already if there is nothing to gain.

    Args:
        margin: Realised satisfaction less alpha, by the differences tried so far.
        attempt: Tries so far.
    """
    above = {shift: m for shift, m in margin.items() if m >= 0}
    below = {shift: m for shift, m in margin.items() if m <= 0}
    nearest = min(margin, key=lambda shift: abs(margin[shift]))
    if not above or not below:
        step = max(abs(margin[nearest]) * 1.5, LEAST_STEP) * 2.0**attempt
        return nearest - step if above else nearest + step
    over, under = min(above, key=above.__getitem__), max(below, key=below.__getitem__)
    if min(margin[over], -margin[under]) <= NEAR or margin[over] == margin[under]:
        return nearest
    weight = margin[over] / (margin[over] - margin[under])
    return over + weight * (under - over)
