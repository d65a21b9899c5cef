"""The embeddings of RouterDC (arXiv:2409.19886, section 3): how they are trained, and what they say."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from messplus.core.types import Bools, Floats
from messplus.errors import require_range
from messplus.replay.baselines import contrastive
from messplus.replay.baselines.adam import descend
from messplus.replay.baselines.priced import Forecast
from messplus.replay.baselines.trained import Past

WIDTH = 64
BATCH = 64
STEPS = 1000
RATE = 3e-3
DECAY = 0.03
"""L2 penalty. It leaves no direction alone: it keeps vectors short, so that steps still turn them."""

BEST = WORST = 3
CLUSTERS = 5
STRANGERS = 3


class Weights(NamedTuple):
    """What is trained.

    Attributes:
        projection: Of the features, shape (d, k).
        shift: Added to it, shape (k,).
        models: Embedding of each model, shape (M, k).
    """

    projection: Floats
    shift: Floats
    models: Floats


class Batch(NamedTuple):
    """Requests, and what they are contrasted with.

    Attributes:
        features: Shape (n, d).
        positive: Models that they should be near, shape (n, M).
        negative: Models that they should be far from, shape (n, M).
        company: Requests that they should be near, and far from.
    """

    features: Floats
    positive: Bools
    negative: Bools
    company: contrastive.Company


def loss(weights: Weights, batch: Batch, sample_weight: float) -> tuple[float, Weights]:
    """Both contrastive losses, and their gradient."""
    request = contrastive.unit(batch.features @ weights.projection + weights.shift)
    model = contrastive.unit(weights.models)
    to_llm = contrastive.sample_llm(request.rows @ model.rows.T, batch.positive, batch.negative)
    to_sample = contrastive.sample_sample(request.rows @ request.rows.T, batch.company)

    both_ways = (
        to_sample.gradient + to_sample.gradient.T
    )  # a request is compared, and compared with
    to_request = request.back(
        to_llm.gradient @ model.rows + sample_weight * both_ways @ request.rows
    )
    gradient = Weights(
        projection=batch.features.T @ to_request,
        shift=to_request.sum(axis=0),
        models=model.back(to_llm.gradient.T @ request.rows),
    )
    return to_llm.loss + sample_weight * to_sample.loss, gradient


def contrasts(score: Floats, rng: np.random.Generator) -> tuple[Bools, Bools]:
    """Of each request the best models that satisfy it and the worst that do not, each (n, M).

    Args:
        score: Shape (n, M), in [0, 1]; from 1/2 on a request counts as satisfied.
        rng: Ranks models with the same score.
    """
    lot = rng.permuted(np.broadcast_to(np.arange(score.shape[1]), score.shape), axis=1)
    rank = np.argsort(np.lexsort((lot, score), axis=1), axis=1)
    best, worst = rank >= score.shape[1] - BEST, rank < WORST
    return best & (score >= 0.5), worst & (score < 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class DualContrast:
    """Trains the embeddings; implements `priced.Learner`.

    Attributes:
        sample_weight: Weight of the sample-sample loss, >= 0.
    """

    sample_weight: float

    def __post_init__(self) -> None:
        """Check the range; raises `SettingError`."""
        ok = 0.0 <= self.sample_weight < np.inf
        require_range("sample_weight", self.sample_weight, "at least 0 and finite", ok=ok)

    def fit(self, past: Past, rng: np.random.Generator) -> "Similarity":
        """Embeddings of the models, and the projection to them."""
        cluster = clusters(past.features, rng)
        positive, negative = contrasts(past.score, rng)

        def slope(weights: Weights) -> Weights:
            rows = rng.integers(len(past), size=BATCH)
            company = contrastive.company(cluster[rows], STRANGERS, rng)
            batch = Batch(past.features[rows], positive[rows], negative[rows], company)
            return loss(weights, batch, self.sample_weight)[1]

        d = past.features.shape[1]
        start = Weights(
            projection=rng.normal(size=(d, WIDTH)) / np.sqrt(d),
            shift=np.zeros(WIDTH),
            models=rng.normal(size=(past.n_models, WIDTH)),
        )
        weights = descend(slope, start, STEPS, RATE, DECAY)
        return Similarity(
            weights.projection,
            weights.shift,
            contrastive.unit(weights.models).rows,
            past.cost.mean(axis=0),
        )


def clusters(features: Floats, rng: np.random.Generator) -> NDArray[np.intp]:
    """Each request's cluster by k-means, shape (n,); fewer clusters than `CLUSTERS` if n is small."""
    from sklearn.cluster import KMeans  # only fitting needs scikit-learn

    distinct = len(np.unique(features, axis=0))
    means = KMeans(min(CLUSTERS, distinct), n_init=1, random_state=int(rng.integers(2**31))).fit(
        features
    )
    return np.asarray(means.labels_, dtype=np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class Similarity:
    """Trained embeddings; implements `priced.Forecaster`.

    Attributes:
        projection: Shape (d, k).
        shift: Shape (k,).
        models: Of norm 1, shape (M, k).
        cost: Mean cost of each model on the training split, shape (M,).
    """

    projection: Floats
    shift: Floats
    models: Floats
    cost: Floats

    def to_models(self, features: Floats) -> Floats:
        """Cosine similarity of requests with these features (n, d) to each model, shape (n, M)."""
        return contrastive.unit(features @ self.projection + self.shift).rows @ self.models.T

    def forecast(self, features: Floats) -> Forecast:
        """The softmax of the similarities for satisfaction, mean costs."""
        raised = np.exp(self.to_models(features))
        share = raised / raised.sum(axis=1, keepdims=True)
        return Forecast(share, np.broadcast_to(self.cost, share.shape))
