"""Routers that predict each model's satisfaction and cost, and choose by a multiplier.

`argmin of cost - multiplier * satisfaction`, over the models: the plug-in rule of RouterBench
(arXiv:2403.12031, section 4.1, "predictive routers"; there the multiplier is a willingness to pay)
and of CARROT (arXiv:2502.03261, section 3). What differs between such routers is who predicts.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from messplus.core.types import Floats
from messplus.replay.baselines.frozen import Models
from messplus.replay.baselines.trained import Past

KNOBS = (0.0, *np.geomspace(1e-3, 1e3, 181).tolist())
"""Multipliers that are tried, in units of what the models' mean costs differ by."""


class Forecast(NamedTuple):
    """What is expected of each model on each request, both of shape (n, M)."""

    p_sat: Floats
    cost: Floats


class Forecaster(Protocol):
    """What was learned about the models."""

    def forecast(self, features: Floats) -> Forecast:
        """What to expect on requests with these features, shape (n, d)."""
        ...


class Learner(Protocol):
    """Learns to forecast."""

    def fit(self, past: Past, rng: np.random.Generator) -> Forecaster:
        """What these requests teach."""
        ...


@dataclass(frozen=True, slots=True)
class Priced:
    """Chooses by a multiplier on what one learner forecasts; implements `frozen.Trainer`."""

    learner: Learner

    @property
    def knobs(self) -> tuple[float, ...]:
        """Multipliers."""
        return KNOBS

    def train(self, past: Past, rng: np.random.Generator) -> "PricedRouter":
        """Fit the forecaster."""
        spread = float(np.ptp(past.cost.mean(axis=0))) or 1.0
        return PricedRouter(self.learner.fit(past, rng), spread)


@dataclass(frozen=True, slots=True)
class PricedRouter:
    """The plug-in rule; implements `frozen.Router`.

    Attributes:
        forecaster: What is expected of the models.
        spread: Cost per unit of the multiplier.
    """

    forecaster: Forecaster
    spread: float

    def choose(self, features: Floats, knobs: Floats) -> Models:
        """The cheapest model, net of what its satisfaction is worth; ties to the cheaper model."""
        p_sat, cost = self.forecaster.forecast(features)
        worth = self.spread * knobs[None, :, None] * p_sat[:, None, :]
        return np.asarray(np.argmin(cost[:, None, :] - worth, axis=2))
