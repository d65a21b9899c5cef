"""A small world with known odds, and a prior learned on it."""

from dataclasses import dataclass

import numpy as np

from messplus.core.types import Floats
from messplus.predictors.logistic import sigmoid
from messplus.priors import Prior, Start, fit

MODELS = ("small", "middle", "large")
D = 4


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Requests with features, verdicts and bills of every model."""

    features: Floats  # (n, D)
    score: Floats  # (n, M)
    cost: Floats  # (n, M)


def world(n: int, seed: int = 0, level: tuple[float, ...] = (-0.8, 0.4, 1.5)) -> World:
    """Levels in log-odds that differ between models, slopes that are shared, log-normal bills."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, D)) / 2
    z = np.array(level) + (features @ [1.0, -0.5, 0.0, 0.3])[:, np.newaxis]
    score = (rng.random(z.shape) < sigmoid(z)).astype(np.float64)
    cost = np.exp(rng.normal([-9.0, -8.0, -6.0][: len(level)], 0.3, size=z.shape))
    return World(features, score, cost)


def learned(data: World, models: tuple[str, ...] = MODELS) -> Prior:
    return fit(
        data.features, data.score, data.cost, models=models, cost_unit="usd", encoding="test"
    )


def started(prior: Prior, models: tuple[str, ...] = MODELS, alpha: float = 0.7) -> Start:
    return prior.start(
        models,
        cost_unit="usd",
        encoding="test",
        n_features=D,
        alpha=alpha,
        list_price=(1e-3,) * len(models),
    )
