"""Which model is safe, and whether a promise can be kept at all: bounds on how good models are."""

from typing import Literal, NamedTuple

import numpy as np

from messplus.core.types import Floats


class Safe(NamedTuple):
    """The model to fall back on.

    Attributes:
        model: Its index.
        rate: Lower bound of its mean satisfaction, in [0, 1].
        known: Whether that is enough. If not, no model is known to be: `model` is the one with the
            highest lower bound, and nothing can be guaranteed yet.
    """

    model: int
    rate: float
    known: bool


def bound(level: Floats, doubt: Floats, sds: float) -> Floats:
    """Levels moved by so many standard deviations of doubt, in log-odds; shape of `level`.

    Args:
        level: Mean satisfaction, within [0, 1].
        doubt: Posterior standard deviation of the level, in log-odds, >= 0.
        sds: Standard deviations: negative for a lower bound. 2: wrong about once in 44 times, as far
            as the posterior is right.
    """
    # Levels of 0 and 1 have no log-odds. 1e-9 off: with no doubt nothing visible changes.
    p = np.clip(level, 1e-9, 1.0 - 1e-9)
    odds = p / (1.0 - p) * np.exp(np.clip(sds * doubt, -50.0, 50.0))
    return np.asarray(odds / (1.0 + odds))


def safe_model(
    level: Floats, doubt: Floats, cost: Floats, alpha: float, margin: float, sds: float = 2.0
) -> Safe:
    """The cheapest model whose lower bound reaches alpha + margin, or else the best by that bound.

    Not the best model: what is better than needed is often many times dearer. Ties go to the first.

    Args:
        level: Mean satisfaction of each model, shape (M,), within [0, 1].
        doubt: Posterior standard deviation of each level, in log-odds, shape (M,), >= 0.
        cost: Expected cost of each model, shape (M,); infinite where it cannot be asked. At least
            one is finite.
        alpha: The promise.
        margin: How far above alpha, >= 0; for a contract at least `Contract.rate_needed` - alpha.
        sds: Standard deviations of doubt that the lower bound is below the level.
    """
    askable = np.isfinite(cost)
    lower = bound(level, doubt, -sds)
    adequate = askable & (lower >= alpha + margin)
    known = bool(adequate.any())
    if known:
        model = int(np.argmin(np.where(adequate, cost, np.inf)))
    else:
        model = int(np.argmax(np.where(askable, lower, -np.inf)))
    return Safe(model, float(lower[model]), known)


def attainable(
    level: Floats, doubt: Floats, alpha: float, sds: float = 2.0
) -> Literal["yes", "doubtful", "no"]:
    """Whether some model alone would keep the average at alpha.

    "yes" if one would by its lower bound, "no" if none would even by its upper bound. "no" speaks of
    models on their own; a router that knows which model suits which request can do better than the
    best of them, so it is a reason to look at the zoo and at alpha, not a proof.

    Args:
        level: Mean satisfaction of each model that can be asked, shape (M,), M >= 1.
        doubt: Posterior standard deviation of each, in log-odds, shape (M,), >= 0.
        alpha: The promise.
        sds: Standard deviations of doubt that the bounds are away.
    """
    if (bound(level, doubt, -sds) >= alpha).any():
        return "yes"
    return "doubtful" if (bound(level, doubt, sds) >= alpha).any() else "no"
