"""A running mean per model: which model is better on the whole, blind to the request."""

from dataclasses import dataclass

import numpy as np

from messplus.core.types import Bools, Floats
from messplus.errors import require_range


@dataclass(frozen=True, slots=True)
class VerdictSums:
    """Sufficient statistics; they add up over replicas."""

    satisfied: Floats  # (M,), sum of verdicts
    verdicts: Floats  # (M,), how many


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningMean:
    """Posterior mean of a Beta prior: (sum + prior n0) / (count + n0).

    Attributes:
        prior: Satisfaction expected of a model without verdicts, in [0, 1].
        strength: How many verdicts the prior is worth (n0), > 0.
    """

    prior: float = 0.5
    strength: float = 2.0

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        require_range("prior", self.prior, "in [0, 1]", ok=0 <= self.prior <= 1)
        require_range("strength", self.strength, "positive", ok=0 < self.strength < np.inf)

    def init(self, n_models: int, n_features: int) -> VerdictSums:
        """No verdicts yet."""
        return VerdictSums(np.zeros(n_models), np.zeros(n_models))

    def predict(self, state: VerdictSums, x: Floats) -> Floats:
        """The means, shape (M,), whatever the request."""
        prior_sum = self.prior * self.strength
        return (state.satisfied + prior_sum) / (state.verdicts + self.strength)

    def update(
        self, state: VerdictSums, x: Floats, satisfied: Floats, observed: Bools
    ) -> VerdictSums:
        """Add the verdicts of one request."""
        return VerdictSums(
            state.satisfied + np.where(observed, satisfied, 0.0), state.verdicts + observed
        )
