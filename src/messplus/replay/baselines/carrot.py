"""`carrot`: regress score and cost, plug both into the best choice.

CARROT (Somerstep et al., arXiv:2502.03261, section 3): estimate each model's expected score and expected cost
on a request, and choose argmin of cost - multiplier * score. Its claim is that this plug-in rule is minimax
optimal with any good regression; its own are nearest neighbours and a fine-tuned RoBERTa.

`linear` is ridge regression of both on the features of the request, the penalty chosen for each target by its
leave-one-out error; `knn` is nearest neighbours for both. Left out: fine-tuning an encoder (the stream's is
frozen). Differs: the multiplier is set to keep a promise, not swept.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from messplus.core.types import Floats
from messplus.replay.baselines.frozen import frozen_router
from messplus.replay.baselines.knn import Neighbours
from messplus.replay.baselines.priced import Forecast, Learner, Priced
from messplus.replay.baselines.ridge import Ridge, fit_ridge
from messplus.replay.baselines.trained import TRAIN_SHARE, Past, Trained
from messplus.replay.streams import Stream

Regressor = Literal["linear", "knn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrotSettings:
    """`carrot`: two regressions and a multiplier.

    Attributes:
        regressor: `linear` or `knn`.
        k: Neighbours of `knn`, >= 1.
        train_share: Share of the stream to be trained on, in (0, 1).
    """

    regressor: Regressor = "linear"
    k: int = 100
    train_share: float = TRAIN_SHARE

    def build(self, stream: Stream) -> Trained:
        """The router for one stream."""
        learner: Learner = Plane() if self.regressor == "linear" else Neighbours(k=self.k)
        return frozen_router(stream, self.train_share, Priced(learner))


@dataclass(frozen=True, slots=True)
class Plane:
    """Ridge regression of score and cost; implements `priced.Learner`."""

    def fit(self, past: Past, rng: np.random.Generator) -> "Planes":
        """Both regressions."""
        return Planes(fit_ridge(past.features, past.score), fit_ridge(past.features, past.cost))


@dataclass(frozen=True, slots=True)
class Planes:
    """Score and cost, linear in the features; implements `priced.Forecaster`."""

    score: Ridge
    cost: Ridge

    def forecast(self, features: Floats) -> Forecast:
        """Scores within [0, 1], costs >= 0."""
        p_sat = self.score.predict(features).clip(0.0, 1.0)
        return Forecast(p_sat, self.cost.predict(features).clip(0.0))
