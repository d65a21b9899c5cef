"""A running mean of what each model charged: the estimate of the authors' code, without its slips.

Theirs starts from a dummy value that stays in the mean (main.py) or forgets all but the last
explored request (simulator.py). Here a mean holds what was charged and nothing else.
"""

from dataclasses import dataclass

import numpy as np

from messplus.core.types import Bools, Floats, Request


@dataclass(frozen=True, slots=True)
class CostSums:
    """Sufficient statistics; they add up over replicas."""

    total: Floats  # (M,), in the zoo's unit
    calls: Floats  # (M,)


@dataclass(frozen=True, slots=True)
class RunningMean:
    """Mean cost per model over all its calls so far; 0 for a model that was never called."""

    def init(self, n_models: int, n_features: int) -> CostSums:
        """Nothing charged."""
        return CostSums(np.zeros(n_models), np.zeros(n_models))

    def predict(self, state: CostSums, request: Request) -> Floats:
        """The means, shape (M,)."""
        return state.total / np.maximum(state.calls, 1.0)

    def update(self, state: CostSums, request: Request, cost: Floats, asked: Bools) -> CostSums:
        """Add one bill."""
        return CostSums(state.total + np.where(asked, cost, 0.0), state.calls + asked)
