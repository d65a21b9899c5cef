"""`knn`: predictions from the nearest training requests.

RouterBench's kNN router (Hu et al., arXiv:2403.12031, section 4.1): a model's predicted score is its mean
score over the k training prompts that are nearest in the embedding. It is also the predictor that
arXiv:2505.12601 finds hard to beat. Left out: nothing; the embedding is the stream's encoder, and cost is
predicted by the same neighbours (RouterBench takes each model's mean).
"""

from dataclasses import dataclass

import numpy as np

from messplus.core.types import Floats
from messplus.errors import require_range
from messplus.replay.baselines.frozen import frozen_router
from messplus.replay.baselines.priced import Forecast, Priced
from messplus.replay.baselines.trained import TRAIN_SHARE, Past, Trained
from messplus.replay.streams import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class KnnSettings:
    """`knn`: nearest neighbours and a multiplier.

    Attributes:
        k: Neighbours, >= 1.
        train_share: Share of the stream to be trained on, in (0, 1).
    """

    k: int = 40
    train_share: float = TRAIN_SHARE

    def build(self, stream: Stream) -> Trained:
        """The router for one stream."""
        return frozen_router(stream, self.train_share, Priced(Neighbours(k=self.k)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Learns by heart; implements `priced.Learner`.

    Attributes:
        k: Neighbours, >= 1; all training requests if there are fewer.
    """

    k: int

    def __post_init__(self) -> None:
        """Check the range; raises `SettingError`."""
        require_range("k", self.k, "at least 1", ok=self.k >= 1)

    def fit(self, past: Past, rng: np.random.Generator) -> "Neighbourhood":
        """Keep everything."""
        return Neighbourhood(past, min(self.k, len(past)))


@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhood:
    """The training requests; implements `priced.Forecaster`."""

    past: Past
    k: int

    def forecast(self, features: Floats) -> Forecast:
        """The mean over the k nearest, by Euclidean distance."""
        known = self.past.features
        # |a - b|^2 less |a|^2, which is the same for all b
        distance = np.einsum("nd,nd->n", known, known) - 2.0 * features @ known.T
        near = np.argpartition(distance, self.k - 1, axis=1)[:, : self.k]
        return Forecast(self.past.score[near].mean(axis=1), self.past.cost[near].mean(axis=1))
