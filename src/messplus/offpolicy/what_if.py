"""What other promises and other policies would have given and cost, from one log."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from messplus.core.types import Floats
from messplus.errors import require_range
from messplus.offpolicy.choosing import Chosen, Family, mix_for
from messplus.offpolicy.estimates import Method
from messplus.offpolicy.logged import Logged
from messplus.offpolicy.plans import always, certainly, priced
from messplus.offpolicy.value import Value, evaluate

PRICES: Final = 60
"""Prices tried for each promise."""

CURVE: Final = 9
"""Prices shown as a curve."""


@dataclass(frozen=True, slots=True)
class Line:
    """One policy and its value.

    Attributes:
        policy: `as logged`, `price P`, `alpha A`, `always:MODEL`, `mix for A`.
        alpha: The promise that it is chosen for; None if it is chosen for none.
        price: Of one more satisfied request, in units of cost, the mean over folds; None if it has none.
        value: What it would have given.
    """

    policy: str
    alpha: float | None
    price: float | None
    value: Value


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Answers from one log.

    Attributes:
        logged: What they are from.
        lines: The policy that ran, then one line for each promise and each static mix that keeps it,
            then each model for all.
        curve: Policies at one price for all, from the cheapest answers to the best.
        notes: What the answers rest on, each a sentence for people.
    """

    logged: Logged
    lines: tuple[Line, ...]
    curve: tuple[Line, ...]
    notes: tuple[str, ...]


def what_if(
    logged: Logged,
    alphas: Sequence[float],
    *,
    seed: int = 0,
    method: Method = "dr",
    level: float = 0.95,
) -> WhatIf:
    """Estimate what promises would have cost, beside what was logged and static choices.

    The policy for a promise is the one at the lowest price that reaches it: least cost - price * p_sat,
    with the logged predictions. For each fifth of the log, in time, that price is chosen on the other
    four: a policy is not judged on the requests that it was chosen for. Static mixes likewise.

    Args:
        logged: The decisions.
        alphas: Promises, each in (0, 1].
        seed: Of the bootstraps, >= 0: all lines are judged by the same draws.
        method: See `messplus.offpolicy.estimates`.
        level: Confidence of the intervals, in (0, 1).

    Raises:
        SettingError: An alpha or the level is out of range.
    """
    for alpha in alphas:
        require_range("alpha", alpha, "in (0, 1]", ok=0.0 < alpha <= 1.0)

    def value(plan: Floats, of: Logged = logged) -> Value:
        rng = np.random.default_rng(seed)
        return evaluate(of, plan, rng=rng, method=method, level=level)

    n_models = len(logged.models)
    # The policy that ran chose what it chose: weights of 1.
    itself = replace(logged, propensity=np.ones(len(logged)))
    lines = [Line("as logged", None, None, value(certainly(logged.chosen, n_models), itself))]
    constant = [certainly(always(logged, m), n_models) for m in range(n_models)]
    family = Family(logged, PRICES)
    for alpha in alphas:
        for name, chosen in (
            (f"alpha {alpha:g}", family.for_alpha(alpha)),
            (f"mix for {alpha:g}", mix_for(logged, constant, alpha)),
        ):
            if isinstance(chosen, Chosen):
                lines.append(Line(name, alpha, chosen.price, value(chosen.plan)))
            else:
                lines.append(Line(name, alpha, None, Value(chosen, chosen, np.nan)))
    lines += [
        Line(f"always:{model}", None, None, value(plan))
        for model, plan in zip(logged.models, constant, strict=True)
    ]
    curve = (
        Line(f"price {price:.3g}", None, price, value(certainly(priced(logged, price), n_models)))
        for price in family.some(CURVE)
    )
    return WhatIf(logged, tuple(lines), tuple(curve), _notes(logged))


def _notes(logged: Logged) -> tuple[str, ...]:
    """What estimates of this log rest on."""
    notes = [_OF_VERDICTS[logged.verdicts]]
    if logged.verdicts != "none":
        share = float(logged.judged[~logged.certain].mean()) if (~logged.certain).any() else 1.0
        notes[0] = f"{share:.0%} of the answers were judged. {notes[0]}"
    if logged.forced:
        notes.append(
            f"{logged.forced:,} decisions are left out: only one model could be asked (sessions that"
            " stay with their model, models that were down), and any policy would have done the same."
        )
    return tuple(notes)


_OF_VERDICTS: Final = {
    "audit": "Satisfaction is by audits, taken to be right and drawn at one rate from all answers.",
    "user": (
        "Satisfaction is by users, who are taken to answer as often for good answers of a model as for"
        " bad ones. If they do not, it is wrong by as much: audit a share of the answers."
    ),
    "judge": (
        "Satisfaction is a judge's opinion, taken to be right. If it is not, it is wrong by as much:"
        " audit a share of the answers."
    ),
    "none": "Nobody judged any answer.",
}
