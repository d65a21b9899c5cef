"""`cluster`: what each model is worth on requests of the same kind.

Avengers-Pro (Zhang et al., arXiv:2508.12631, section 2): requests are embedded and clustered by k-means; in each
cluster every model has a mean score p and a mean cost q, both scaled to [0, 1] over the models; a request is
answered by the model with the greatest w * p + (1 - w) * (1 - q), summed over the clusters nearest to it. w, the
knob, goes from the cheapest model to the best. Theirs: 60 clusters of some thousands of prompts, embedded by
Qwen3-embedding-8B; here as many clusters as leave each some `SIZE` requests, at most 60, of the stream's features.

Left out: normalising the embedding, which the stream's encoder does where it should.
"""

from dataclasses import dataclass

import numpy as np

from messplus.core.types import Floats
from messplus.errors import require_extra, require_range
from messplus.replay.baselines.frozen import Models, frozen_router
from messplus.replay.baselines.trained import TRAIN_SHARE, Past, Trained
from messplus.replay.streams import Stream

MOST = 60
"""Clusters, of which there are fewer where `SIZE` allows no more."""

SIZE = 20
"""Training requests for each cluster, on average, at least."""

WEIGHTS = tuple(np.linspace(0.0, 1.0, 201).tolist())
"""Weights of score against cost that are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSettings:
    """`cluster`: k-means, and a weight of score against cost.

    Attributes:
        nearest: Clusters whose profiles a request is judged by, >= 1.
        train_share: Share of the stream to be trained on, in (0, 1).
    """

    nearest: int = 4
    train_share: float = TRAIN_SHARE

    def build(self, stream: Stream) -> Trained:
        """The router for one stream; raises `MissingExtraError` without the extra `baselines`."""
        require_extra("baselines", ["sklearn"], "the cluster policy")
        return frozen_router(stream, self.train_share, Profiles(nearest=self.nearest))


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    """Clusters requests and profiles the models; implements `frozen.Trainer`.

    Attributes:
        nearest: Clusters whose profiles a request is judged by, >= 1; all if there are fewer.
    """

    nearest: int

    def __post_init__(self) -> None:
        """Check the range; raises `SettingError`."""
        require_range("nearest", self.nearest, "at least 1", ok=self.nearest >= 1)

    @property
    def knobs(self) -> tuple[float, ...]:
        """Weights."""
        return WEIGHTS

    def train(self, past: Past, rng: np.random.Generator) -> "ClusterRouter":
        """Cluster the requests, and scale each cluster's means over the models."""
        from sklearn.cluster import KMeans  # the extra `baselines` starts here

        distinct = len(np.unique(past.features, axis=0))
        k = max(1, min(MOST, len(past) // SIZE, distinct))
        means = KMeans(k, n_init=3, random_state=int(rng.integers(2**31))).fit(past.features)
        member = np.eye(k)[means.labels_]  # (n, k)
        count = member.sum(axis=0)[:, None]
        return ClusterRouter(
            np.asarray(means.cluster_centers_),
            _scaled(member.T @ past.score / count),
            _scaled(member.T @ past.cost / count),
            min(self.nearest, k),
        )


@dataclass(frozen=True, slots=True, eq=False)
class ClusterRouter:
    """Each model's profile in each cluster; implements `frozen.Router`."""

    centres: Floats  # (k, d)
    score: Floats  # (k, M), in [0, 1]
    cost: Floats  # (k, M), in [0, 1]
    nearest: int

    def choose(self, features: Floats, knobs: Floats) -> Models:
        """The greatest sum over the nearest clusters; ties to the cheaper model."""
        distance = (self.centres**2).sum(axis=1) - 2.0 * features @ self.centres.T
        near = np.argpartition(distance, self.nearest - 1, axis=1)[:, : self.nearest]
        score, cost = self.score[near].sum(axis=1), self.cost[near].sum(axis=1)  # (n, M)
        weight = knobs[None, :, None]
        value = weight * score[:, None, :] - (1.0 - weight) * cost[:, None, :]
        return np.asarray(np.argmax(value, axis=2))


def _scaled(means: Floats) -> Floats:
    """To [0, 1] over the models in each cluster; 0 where all are the same."""
    low = means.min(axis=1, keepdims=True)
    spread = np.ptp(means, axis=1, keepdims=True)
    return np.asarray((means - low) / np.where(spread > 0, spread, 1.0))
