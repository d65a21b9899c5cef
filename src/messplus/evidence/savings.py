"""What one model for all, or a fixed mix, would have cost and satisfied: sums over a log that one policy made.

For each model k, the doubly robust score of a request is

    z = c_k + 1{k was chosen} (c - c_k) / e

with c_k the cost that was expected of k, c what was charged, and e the probability, given the past, with
which k was chosen (docs/explanation/off-policy.md). Its mean is what k alone would have cost, whatever the
expectations were worth, provided that every model was chosen now and then. Satisfaction likewise, the
corrections scaled up since only some answers are judged.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from messplus.offpolicy.choosing import cheapest_mix

Baseline = Literal["always_largest", "cheapest_feasible", "static_mix"]

Z: Final = 1.959964
"""Of a 95 % interval."""

LEAST_EFFECTIVE: Final = 100.0
MOST_UNSUPPORTED: Final = 0.01
_ALONE: Final = "`spread` on the route (0.05, say) would measure it"


@dataclass(slots=True)
class Constant:
    """One model for all requests.

    Attributes:
        requests: That it would have answered.
        predicted_cost: Sum of what was expected to be charged.
        predicted_satisfied: Sum of predicted satisfaction.
        unsupported: Requests for which another model was chosen for sure.
        weight: Sum of 1 / e over requests that it was chosen for and was charged for.
        weight_squared: Sum of its squares.
        cost_error: Sum of (c - c_k) / e.
        cost_error_squared: Sum of the squares of that.
        judged_error: Sum of (s - p_k) / e over judged answers.
        judged_error_squared: Sum of the squares of that.
    """

    requests: int = 0
    predicted_cost: float = 0.0
    predicted_satisfied: float = 0.0
    unsupported: int = 0
    weight: float = 0.0
    weight_squared: float = 0.0
    cost_error: float = 0.0
    cost_error_squared: float = 0.0
    judged_error: float = 0.0
    judged_error_squared: float = 0.0


@dataclass(slots=True)
class Constants:
    """Every model for all requests.

    Attributes:
        models: By name.
    """

    models: dict[str, Constant] = field(default_factory=dict)

    def decided(
        self,
        models: Sequence[str],
        available: Sequence[bool],
        p_sat: Sequence[float],
        cost: Sequence[float],
        chosen: str,
        propensity: float,
    ) -> None:
        """A request came.

        Args:
            models: The zoo in ascending cost, M names.
            available: Which of them could be asked.
            p_sat: Predicted satisfaction of each.
            cost: Expected cost of each.
            chosen: Who was to answer.
            propensity: With which probability.
        """
        certain = propensity >= 1.0 and sum(available) > 1
        for m, name in enumerate(models):
            one = self._of(name)
            place = _stand_in(available, m)
            one.requests += 1
            one.predicted_cost += _number(cost[place])
            one.predicted_satisfied += _number(p_sat[place])
            one.unsupported += certain and models[place] != chosen

    def charged(self, model: str, expected: float, cost: float, propensity: float) -> None:
        """The chosen model was called; `expected` is what its call was expected to cost."""
        one, weight = self._of(model), 1.0 / propensity
        off = (cost - _number(expected)) * weight
        one.weight += weight
        one.weight_squared += weight * weight
        one.cost_error += off
        one.cost_error_squared += off * off

    def judged(
        self, model: str, predicted: float, satisfied: float, propensity: float,
        before: float | None,
    ) -> None:  # fmt: skip
        """The chosen model's answer was judged; `before` is the verdict that is taken back, if any."""
        one = self._of(model)
        off = (satisfied - _number(predicted)) / propensity
        was = 0.0 if before is None else (before - _number(predicted)) / propensity
        one.judged_error += off - was
        one.judged_error_squared += off * off - was * was

    def _of(self, model: str) -> Constant:
        found = self.models.get(model)
        if found is None:
            found = self.models[model] = Constant()
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What a promise costs beside something simpler.

    Attributes:
        baseline: What it is compared with.
        policy: That in particular: `always:large`, `60 % small, 40 % large`.
        cost_mean: What that would have cost per request; None if unknown, as all below.
        cost_low: Lower end of a 95 % interval, for one look.
        cost_high: Upper end.
        satisfaction: What it would have satisfied.
        saved: 1 - cost / cost of the baseline.
        saved_low: Lower end.
        saved_high: Upper end.
        basis: `measured`: by answers that were drawn at random. `predicted`: by predictions alone.
        note: What it rests on, or why it is not known.
    """

    baseline: Baseline
    policy: str = ""
    cost_mean: float | None = None
    cost_low: float | None = None
    cost_high: float | None = None
    satisfaction: float | None = None
    saved: float | None = None
    saved_low: float | None = None
    saved_high: float | None = None
    basis: Literal["measured", "predicted"] = "predicted"
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Value:
    """What one model for all would have given per request."""

    cost: float
    cost_off: float
    satisfaction: float
    measured: bool


def savings(
    constants: Constants,
    *,
    alpha: float,
    cost_mean: float | None,
    ascending: Sequence[str],
    judged_share: float,
) -> tuple[Saving, ...]:
    """Compare a promise with always the largest, the cheapest single model that keeps it, and the best mix.

    Args:
        constants: What each model alone would have given.
        alpha: The promise.
        cost_mean: What an answer did cost; None: not known yet.
        ascending: The models that may answer, in ascending list price.
        judged_share: Share of answers that were judged, in [0, 1].
    """
    values = {
        name: _value(constants.models[name], judged_share)
        for name in ascending
        if name in constants.models
    }
    if cost_mean is None or not values:
        nothing = "no answer with a known cost yet"
        return tuple(
            Saving(baseline=one, note=nothing)
            for one in ("always_largest", "cheapest_feasible", "static_mix")
        )
    return (
        _largest(values, cost_mean),
        _cheapest(values, alpha, cost_mean),
        _mix(values, alpha, cost_mean),
    )


def _largest(values: Mapping[str, _Value], cost_mean: float) -> Saving:
    name = list(values)[-1]
    return _saving("always_largest", f"always:{name}", {name: 1.0}, values, cost_mean)


def _cheapest(values: Mapping[str, _Value], alpha: float, cost_mean: float) -> Saving:
    good = [name for name, value in values.items() if value.satisfaction >= alpha]
    if not good:
        return Saving(
            baseline="cheapest_feasible",
            note=f"no model alone reaches {alpha:g}, as far as is known",
        )
    name = min(good, key=lambda one: values[one].cost)
    return _saving("cheapest_feasible", f"always:{name}", {name: 1.0}, values, cost_mean)


def _mix(values: Mapping[str, _Value], alpha: float, cost_mean: float) -> Saving:
    names = list(values)
    level = np.array([values[name].satisfaction for name in names])
    cost = np.array([values[name].cost for name in names])
    share = cheapest_mix(level, cost, alpha)
    if share is None:
        return Saving(baseline="static_mix", note=f"no mix reaches {alpha:g}, as far as is known")
    parts = {name: float(part) for name, part in zip(names, share, strict=True) if part > 0}
    policy = ", ".join(f"{part:.0%} {name}" for name, part in parts.items())
    return _saving("static_mix", policy, parts, values, cost_mean)


def _saving(
    baseline: Baseline,
    policy: str,
    parts: Mapping[str, float],
    values: Mapping[str, _Value],
    cost_mean: float,
) -> Saving:
    """A mix of models beside what was spent."""
    cost = sum(part * values[name].cost for name, part in parts.items())
    off = math.sqrt(sum((part * values[name].cost_off) ** 2 for name, part in parts.items()))
    measured = all(values[name].measured for name in parts)
    low, high = max(cost - off, 0.0), cost + off
    return Saving(
        baseline=baseline,
        policy=policy,
        cost_mean=cost,
        cost_low=low if measured else None,
        cost_high=high if measured else None,
        satisfaction=sum(part * values[name].satisfaction for name, part in parts.items()),
        saved=_saved(cost_mean, cost),
        saved_low=_saved(cost_mean, low) if measured else None,
        saved_high=_saved(cost_mean, high) if measured else None,
        basis="measured" if measured else "predicted",
        note="" if measured else f"by predictions alone: {_ALONE}",
    )


def _value(one: Constant, judged_share: float) -> _Value:
    n = max(one.requests, 1)
    effective = one.weight**2 / one.weight_squared if one.weight_squared else 0.0
    measured = one.unsupported <= MOST_UNSUPPORTED * n and effective >= LEAST_EFFECTIVE
    cost, satisfied = one.predicted_cost / n, one.predicted_satisfied / n
    off = 0.0
    if measured:
        cost = max(cost + one.cost_error / n, 0.0)
        off = Z * math.sqrt(max(one.cost_error_squared / n - (one.cost_error / n) ** 2, 0.0) / n)
        if judged_share > 0:
            satisfied += one.judged_error / n / judged_share
    return _Value(cost, off, min(max(satisfied, 0.0), 1.0), measured)


def _saved(cost: float, baseline: float) -> float | None:
    return 1.0 - cost / baseline if baseline > 0 else None


def _stand_in(available: Sequence[bool], m: int) -> int:
    """Who answers in place of a model that cannot be asked: the next dearer one, else the dearest."""
    if available[m]:
        return m
    can = [place for place, one in enumerate(available) if one]
    return next((place for place in can if place > m), can[-1])


def _number(value: float) -> float:
    """0 for a prediction that was not made."""
    return 0.0 if math.isnan(value) else value
