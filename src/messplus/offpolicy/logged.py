"""Decisions of a log as arrays."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from messplus.core.types import Bools, Floats
from messplus.errors import DataError

Verdicts = Literal["audit", "user", "judge", "none"]
Ints = NDArray[np.int64]


class Target(NamedTuple):
    """One thing to be estimated: satisfaction, or cost.

    Attributes:
        known: What came of each decision, shape (N,); NaN where that is not known.
        chance: Probability with which it became known, shape (N,), in (0, 1]; that of an answer which
            nobody judged, too.
        predicted: What was expected of each model, shape (N, M), before anything was known. NaN
            throughout if nothing was expected.
        low: The least it can be.
        high: The most.
    """

    known: Floats
    chance: Floats
    predicted: Floats
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Logged:
    """N decisions in order of time, on M models in ascending cost.

    Only decisions with a choice: where one model alone could be asked (a session that stays with its
    model, a zoo that is down), every policy would have done the same.

    Attributes:
        models: Names, M of them.
        available: Which could be asked, shape (N, M); at least two in each row.
        chosen: Index of the chosen model, shape (N,).
        propensity: Probability, given the past, that it was chosen, shape (N,), in (0, 1].
        p_sat: Predicted satisfaction, shape (N, M), within [0, 1]; NaN if there was no prediction.
        cost: Expected cost, shape (N, M), >= 0.
        alpha: The promise, shape (N,).
        satisfied: Satisfaction with what was delivered, shape (N,), within [0, 1]; NaN if not known.
        certain: Where it is known for sure and not by chance: a failed call, a rule, shape (N,).
        spent: What the answer cost, shape (N,), >= 0, a call in place of a failed one included, and
            calls that only taught not; NaN if no outcome was reported.
        verdicts: Whose word `satisfied` is.
        forced: Decisions that are not among the N, for lack of a choice.
        cost_unit: Of all costs.
    """

    models: tuple[str, ...]
    available: Bools
    chosen: Ints
    propensity: Floats
    p_sat: Floats
    cost: Floats
    alpha: Floats
    satisfied: Floats
    certain: Bools
    spent: Floats
    verdicts: Verdicts
    forced: int = 0
    cost_unit: str = "usd"

    def __post_init__(self) -> None:
        """Check that shapes and ranges agree.

        Raises:
            DataError: They do not, and where.
        """
        n, m = self.available.shape
        if m != len(self.models):
            raise DataError(f"available must have {len(self.models)} columns, got {m}")
        for name in ("p_sat", "cost"):
            if getattr(self, name).shape != (n, m):
                raise DataError(f"{name} must have shape {(n, m)}, got {getattr(self, name).shape}")
        for name in ("chosen", "propensity", "alpha", "satisfied", "certain", "spent"):
            if getattr(self, name).shape != (n,):
                raise DataError(f"{name} must have shape {(n,)}, got {getattr(self, name).shape}")
        wrong = ~((self.propensity > 0) & (self.propensity <= 1))
        if wrong.any():
            row = int(np.argmax(wrong))
            raise DataError(
                f"decision {row}: propensity must be in (0, 1], got {self.propensity[row]:g}"
            )

    def __len__(self) -> int:
        """N."""
        return len(self.chosen)

    @property
    def judged(self) -> Bools:
        """Where satisfaction is known, shape (N,)."""
        return ~np.isnan(self.satisfied)

    @property
    def satisfaction(self) -> Target:
        """Satisfaction as something to be estimated.

        An audit is drawn at one rate for all. Users, and judges that give opinions, are taken to
        answer for each model at a rate of its own that has nothing to do with how good the answer is.
        """
        chance = np.ones(len(self))
        open_ = ~self.certain
        groups = np.zeros(len(self), np.int64) if self.verdicts == "audit" else self.chosen
        judged = self.judged
        for group in np.unique(groups[open_]):
            here = open_ & (groups == group)
            chance[here] = max(judged[here].mean(), 1.0 / here.sum())  # of none judged: never used
        return Target(self.satisfied, chance, self.p_sat, 0.0, 1.0)

    @property
    def spending(self) -> Target:
        """What was spent as something to be estimated; outcomes that are missing are so by chance."""
        known = ~np.isnan(self.spent)
        share = max(float(known.mean()) if len(self) else 1.0, 1.0 / max(len(self), 1))
        return Target(self.spent, np.full(len(self), share), self.cost, 0.0, np.inf)
