"""Policies chosen for a promise, each on other requests than those that it is judged on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from messplus.core.types import Floats
from messplus.offpolicy.estimates import FOLDS, Refused, fold_of, scores
from messplus.offpolicy.logged import Ints, Logged, Target
from messplus.offpolicy.plans import certainly, price_grid, priced


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """A policy that keeps a promise.

    Attributes:
        plan: q, shape (N, M): in each fold of the one that was chosen on the others.
        price: The median of its prices; None if it has none.
    """

    plan: Floats
    price: float | None


class Family:
    """Policies at one price each, from the cheapest answers to those with the best prediction."""

    def __init__(self, logged: Logged, size: int) -> None:
        """Lay out the prices.

        Args:
            logged: The decisions.
            size: Prices at most, >= 3.
        """
        self.logged = logged
        self._predicted = bool(np.isfinite(logged.p_sat[logged.available]).all())
        self.prices = price_grid(logged, size) if self._predicted else np.empty(0)

    @cached_property
    def _choices(self) -> list[Ints]:
        """What the policy at each price chooses, each of shape (N,)."""
        return [priced(self.logged, float(price)) for price in self.prices]

    @cached_property
    def _satisfaction(self) -> Floats:
        """Sums of satisfaction at each price over each fold, shape (prices, FOLDS)."""
        n_models = len(self.logged.models)
        plans = (certainly(choice, n_models) for choice in self._choices)
        return np.array([fold_sums(self.logged, self.logged.satisfaction, plan) for plan in plans])

    def some(self, n: int) -> list[float]:
        """Prices along the family, at most n, the ends among them; none without predictions."""
        if not len(self.prices):
            return []
        places = np.unique(np.linspace(0, len(self.prices) - 1, n).round().astype(int))
        return [float(self.prices[place]) for place in places]

    def for_alpha(self, alpha: float) -> Chosen | Refused:
        """The policy at the lowest price that reaches a promise."""
        if (refused := _unfit(self.logged)) or not self._predicted:
            return refused or Refused(
                "the log holds no predictions", "log with the adaptive policy"
            )
        folds = fold_of(len(self.logged))
        plan = np.zeros(self.logged.available.shape)
        prices = []
        for fold in range(FOLDS):
            elsewhere = np.delete(self._satisfaction, fold, axis=1).sum(axis=1)
            level = ascending(elsewhere / (folds != fold).sum())
            if level[-1] < alpha:
                return Refused(
                    f"no price reaches {alpha:g}: the best is about {level[-1]:.3f}",
                    "lower alpha, or add a better model",
                )
            place = int(np.argmax(level >= alpha))
            prices.append(self.prices[place])
            here = np.flatnonzero(folds == fold)
            plan[here, self._choices[place][here]] = 1.0
        return Chosen(plan, float(np.median(prices)))


def mix_for(logged: Logged, plans: Sequence[Floats], alpha: float) -> Chosen | Refused:
    """The cheapest mix, blind to the request, of constant policies that reaches a promise.

    Args:
        logged: The decisions.
        plans: One per model, each of shape (N, M).
        alpha: The promise.
    """
    if refused := _unfit(logged):
        return refused
    folds = fold_of(len(logged))
    satisfied = np.array([fold_sums(logged, logged.satisfaction, plan) for plan in plans])
    spent = np.array([fold_sums(logged, logged.spending, plan) for plan in plans])
    found = np.zeros(logged.available.shape)
    for fold in range(FOLDS):
        n = int((folds != fold).sum())
        level = np.delete(satisfied, fold, axis=1).sum(axis=1) / n
        share = cheapest_mix(level, np.delete(spent, fold, axis=1).sum(axis=1) / n, alpha)
        if share is None:
            return Refused(
                f"no model reaches {alpha:g}: the best is about {level.max():.3f}",
                "lower alpha, or add a better model",
            )
        here = folds == fold
        found[here] = sum(part * plan[here] for part, plan in zip(share, plans, strict=True))
    return Chosen(found, None)


def cheapest_mix(level: Floats, cost: Floats, alpha: float) -> Floats | None:
    """Shares of models, shape (M,), that reach alpha on average at the least cost; None if none do.

    One constraint: a mix of at most two models is best.
    """
    best: tuple[float, Floats] | None = None
    for above in np.flatnonzero(level >= alpha):
        for below in (above, *np.flatnonzero(level < alpha)):
            span = level[above] - level[below]
            up = (alpha - level[below]) / span if span > 0 else 1.0
            share = np.zeros(len(level))
            share[below] += 1.0 - up
            share[above] += up
            total = float(share @ cost)
            if best is None or total < best[0]:
                best = total, share
    return None if best is None else best[1]


def fold_sums(logged: Logged, target: Target, plan: Floats) -> Floats:
    """Sums over each fold of doubly robust scores, shape (FOLDS,)."""
    target = target._replace(predicted=np.nan_to_num(target.predicted))
    found = scores(logged, target, plan, "dr")
    return np.asarray(np.bincount(fold_of(len(logged)), weights=found, minlength=FOLDS), np.float64)


def ascending(values: Floats) -> Floats:
    """The closest ascending sequence, by least squares: a dearer price satisfies no less; (n,).

    By the min-max formula of isotonic regression: max over i <= k of min over j >= k of the mean of
    values i to j.
    """
    n = len(values)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    first, last = np.arange(n)[:, None], np.arange(n)[None, :]
    means = (sums[last + 1] - sums[first]) / np.maximum(last - first + 1, 1)
    means = np.where(last >= first, means, np.inf)
    least = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]
    least = np.where(last >= first, least, -np.inf)
    return np.asarray(least.max(axis=0))


def _unfit(logged: Logged) -> Refused | None:
    """Why no policy can be chosen on this log."""
    if len(logged) < 2 * FOLDS:
        return Refused(f"{len(logged)} decisions with a choice are too few", "log more")
    if not logged.judged.any():
        return Refused("there are no verdicts", "send verdicts with the id of their decision")
    if (logged.propensity >= 1.0).all():
        return Refused(
            "every logged choice had probability 1: nothing is known of other models",
            "set `spread` on the route (0.05, say), so that every model is chosen now and then",
        )
    return None
