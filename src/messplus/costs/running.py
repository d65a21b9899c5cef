"""A running mean of what each model charged: the estimate of the authors' code, without its slips.

Theirs starts from a dummy value that stays in the mean (main.py) or forgets all but the last
explored request (simulator.py). Here a mean holds what was charged, and a list price where
there is one.
"""

from dataclasses import dataclass

import numpy as np

from messplus.core.types import Bools, Floats, Request
from messplus.errors import SettingError, require_range


@dataclass(frozen=True, slots=True)
class CostSums:
    """Sufficient statistics; they add up over replicas."""

    total: Floats  # (M,), in the zoo's unit
    calls: Floats  # (M,)


@dataclass(frozen=True, slots=True)
class RunningMean:
    """Mean cost per model over all its calls so far.

    Attributes:
        list_price: What each model is expected to charge for the average request, in the zoo's unit,
            each >= 0; counts as one bill. None: 0 for a model that was never called.
    """

    list_price: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        """Check the range; raises `SettingError`."""
        for price in self.list_price or ():
            ok = 0 <= price < np.inf
            require_range("list_price", price, "at least 0 and finite", ok=ok)

    def init(self, n_models: int, n_features: int) -> CostSums:
        """The list prices, or nothing.

        Raises:
            SettingError: There is not one list price per model.
        """
        if self.list_price is None:
            return CostSums(np.zeros(n_models), np.zeros(n_models))
        if len(self.list_price) != n_models:
            raise SettingError(
                f"list_price has {len(self.list_price)} prices for {n_models} models"
            )
        return CostSums(np.array(self.list_price), np.ones(n_models))

    def predict(self, state: CostSums, request: Request) -> Floats:
        """The means, shape (M,)."""
        return state.total / np.maximum(state.calls, 1.0)

    def update(self, state: CostSums, request: Request, cost: Floats, asked: Bools) -> CostSums:
        """Add one bill."""
        return CostSums(state.total + np.where(asked, cost, 0.0), state.calls + asked)
