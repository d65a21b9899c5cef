"""`irt`: abilities of models, difficulty and discrimination of requests.

IRT-Router (Song et al., arXiv:2506.01048), its multidimensional form: model m answers request q with probability

    sigmoid(a(q) . theta_m - b(q))

with the model's ability theta_m and the request's discrimination a(q) and difficulty b(q), both linear in its
embedding; the choice trades it against the model's cost by a weight, here a multiplier on it. Trained by Adam on the
whole training split at once, with a penalty on the weights.

Left out: abilities from texts that describe the models (theirs can rate a model never seen; here abilities are
learned, one vector per model), warming up requests by their nearest neighbours, and the neural form.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from messplus.core.types import Floats
from messplus.errors import require_range
from messplus.predictors.logistic import sigmoid
from messplus.replay.baselines.adam import descend
from messplus.replay.baselines.frozen import frozen_router
from messplus.replay.baselines.priced import Forecast, Priced
from messplus.replay.baselines.trained import TRAIN_SHARE, Past, Trained
from messplus.replay.streams import Stream

STEPS = 300
"""Steps of Adam over the whole split."""

RATE = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class IrtSettings:
    """`irt`: abilities, difficulties and a multiplier.

    Attributes:
        dimensions: Of ability, >= 1.
        decay: Penalty on half the squared weights, per request, >= 0.
        train_share: Share of the stream to be trained on, in (0, 1).
    """

    dimensions: int = 8
    decay: float = 0.003
    train_share: float = TRAIN_SHARE

    def build(self, stream: Stream) -> Trained:
        """The router for one stream."""
        response = ItemResponse(dimensions=self.dimensions, decay=self.decay)
        return frozen_router(stream, self.train_share, Priced(response))


class Weights(NamedTuple):
    """What is learned; features come with a constant 1 in front."""

    ability: Floats  # (M, k), theta
    discrimination: Floats  # (1 + d, k)
    difficulty: Floats  # (1 + d,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResponse:
    """Learns by maximum likelihood; implements `priced.Learner`.

    Attributes:
        dimensions: Of ability, >= 1.
        decay: Penalty on half the squared weights, per request, >= 0.
    """

    dimensions: int
    decay: float

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        require_range("dimensions", self.dimensions, "at least 1", ok=self.dimensions >= 1)
        ok = 0.0 <= self.decay < np.inf
        require_range("decay", self.decay, "at least 0 and finite", ok=ok)

    def fit(self, past: Past, rng: np.random.Generator) -> "Responses":
        """Start where every model is what it is on average, and descend."""
        x = with_one(past.features)
        width = x.shape[1], self.dimensions
        mean = past.score.mean(axis=0).clip(0.01, 0.99)
        ability = 0.1 * rng.normal(size=(past.n_models, self.dimensions))
        ability[:, 0] = np.log(mean / (1.0 - mean))
        discrimination = 0.1 * rng.normal(size=width) / np.sqrt(width[0])
        discrimination[0, 0] = 1.0  # so that logits start at the models' mean log-odds
        start = Weights(ability, discrimination, np.zeros(width[0]))
        learned = descend(lambda w: gradient(w, x, past.score), start, STEPS, RATE, self.decay)
        return Responses(learned, past.cost.mean(axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """Learned abilities and items; implements `priced.Forecaster`."""

    weights: Weights
    cost: Floats  # (M,), mean

    def forecast(self, features: Floats) -> Forecast:
        """Probabilities; mean costs."""
        p_sat = sigmoid(logits(self.weights, with_one(features)))
        return Forecast(p_sat, np.broadcast_to(self.cost, p_sat.shape))


def logits(weights: Weights, x: Floats) -> Floats:
    """a(q) . theta_m - b(q), shape (n, M), for features (n, 1 + d)."""
    return x @ weights.discrimination @ weights.ability.T - (x @ weights.difficulty)[:, None]


def gradient(weights: Weights, x: Floats, score: Floats) -> Weights:
    """Of the mean negative log-likelihood of the scores (n, M)."""
    error = (sigmoid(logits(weights, x)) - score) / score.size  # (n, M)
    return Weights(
        ability=error.T @ (x @ weights.discrimination),
        discrimination=x.T @ (error @ weights.ability),
        difficulty=-x.T @ error.sum(axis=1),
    )


def with_one(features: Floats) -> Floats:
    """Features behind a constant 1, shape (n, 1 + d)."""
    return np.column_stack((np.ones(len(features)), features))
