"""`mlp`: scores predicted by a small neural network.

RouterBench's MLP router (Hu et al., arXiv:2403.12031, section 4.1): a multilayer perceptron on the embedding of the
prompt predicts every model's score; the choice trades it against the model's cost by a multiplier. Here one
hidden layer predicts all models at once, and a model's cost is its mean on the training split, as there.
Left out: a search over the shape of the network for each table; RouterBench reports the best of several.
"""

from dataclasses import dataclass

import numpy as np

from messplus.core.types import Floats
from messplus.errors import require_extra, require_range
from messplus.replay.baselines.frozen import frozen_router
from messplus.replay.baselines.priced import Forecast, Priced
from messplus.replay.baselines.trained import TRAIN_SHARE, Past, Trained
from messplus.replay.streams import Stream

EPOCHS = 30
BATCH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class MlpSettings:
    """`mlp`: a perceptron and a multiplier.

    Attributes:
        hidden: Units of the hidden layer, >= 1.
        decay: Penalty on the squared weights, >= 0.
        train_share: Share of the stream to be trained on, in (0, 1).
    """

    hidden: int = 100
    decay: float = 1.0
    train_share: float = TRAIN_SHARE

    def build(self, stream: Stream) -> Trained:
        """The router for one stream; raises `MissingExtraError` without the extra `baselines`."""
        require_extra("baselines", ["sklearn"], "the mlp policy")
        perceptron = Perceptron(hidden=self.hidden, decay=self.decay)
        return frozen_router(stream, self.train_share, Priced(perceptron))


@dataclass(frozen=True, slots=True, kw_only=True)
class Perceptron:
    """One hidden layer of rectified units, least squares; implements `priced.Learner`.

    Attributes:
        hidden: Units of the hidden layer, >= 1.
        decay: Penalty on the squared weights, >= 0.
    """

    hidden: int
    decay: float

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        require_range("hidden", self.hidden, "at least 1", ok=self.hidden >= 1)
        ok = 0.0 <= self.decay < np.inf
        require_range("decay", self.decay, "at least 0 and finite", ok=ok)

    def fit(self, past: Past, rng: np.random.Generator) -> "Layers":
        """Train by Adam for a fixed number of epochs."""
        from sklearn.neural_network import MLPRegressor  # the extra `baselines` starts here

        network = MLPRegressor(
            hidden_layer_sizes=(self.hidden,),
            alpha=self.decay,
            batch_size=min(BATCH, len(past)),
            learning_rate_init=1e-3,
            random_state=int(rng.integers(2**31)),
        )
        score = past.score if past.n_models > 1 else past.score[:, 0]
        for _ in range(EPOCHS):
            network.partial_fit(past.features, score)
        (into, out), (into_bias, out_bias) = network.coefs_, network.intercepts_
        return Layers(into, into_bias, out, out_bias, past.cost.mean(axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """A trained perceptron; implements `priced.Forecaster`."""

    into: Floats  # (d, hidden)
    into_bias: Floats  # (hidden,)
    out: Floats  # (hidden, M)
    out_bias: Floats  # (M,)
    cost: Floats  # (M,), mean

    def forecast(self, features: Floats) -> Forecast:
        """Scores within [0, 1]; mean costs."""
        hidden = np.maximum(features @ self.into + self.into_bias, 0.0)
        p_sat = (hidden @ self.out + self.out_bias).clip(0.0, 1.0)
        return Forecast(p_sat, np.broadcast_to(self.cost, p_sat.shape))
