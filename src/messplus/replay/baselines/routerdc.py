"""`routerdc`: each request to the model whose embedding is most like its own.

RouterDC (Chen et al., arXiv:2409.19886): one embedding per model, an encoder of requests, and the argmax of
their cosine similarity (section 3.1). Trained with the sample-LLM contrastive loss (its K+ = 3 best models
that satisfy a request against the K- = 3 worst that do not) plus lambda times the sample-sample loss (one
request of the same k-means cluster, of N = 5, against H = 3 of others): `contrastive`.

Differs: no language model is fine-tuned; a linear projection of the stream's encoding is trained in its place,
at a learning rate that suits it (3e-3, not 5e-5), in as many steps (1000) of as many requests (64). With a
frozen encoding lambda = 1 makes it worse (requests move onto their five centres, and there is no more to tell
them apart by): 0.1 is the default. Clusters are of the encoding itself, without t-SNE. Models that are equally
good on a request are ranked by lot.

As published it is blind to cost and has no knob, so it cannot aim at a promise. `priced` gives it one, which
is not in the paper: the softmax of the similarities stands for satisfaction, and the mean of the training
split for cost.
"""

from dataclasses import dataclass

import numpy as np

from messplus.core.types import Floats
from messplus.errors import require_extra
from messplus.replay.baselines.frozen import Models, Trainer, frozen_router
from messplus.replay.baselines.priced import Priced
from messplus.replay.baselines.routerdc_embeddings import DualContrast, Similarity
from messplus.replay.baselines.trained import TRAIN_SHARE, Past, Trained
from messplus.replay.streams import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterDCSettings:
    """`routerdc`: the nearest model, after training by contrast.

    Attributes:
        priced: Whether it minds cost, by a multiplier that is set to reach alpha; as published it
            does not.
        sample_weight: lambda, weight of the sample-sample loss, >= 0; the paper's is 1.
        train_share: Share of the stream to be trained on, in (0, 1).
    """

    priced: bool = False
    sample_weight: float = 0.1
    train_share: float = TRAIN_SHARE

    def build(self, stream: Stream) -> Trained:
        """The router for one stream; raises `MissingExtraError` without scikit-learn."""
        require_extra("baselines", ["sklearn"], "the routerdc policy")
        learner = DualContrast(sample_weight=self.sample_weight)
        trainer: Trainer = Priced(learner) if self.priced else Nearest(learner)
        return frozen_router(stream, self.train_share, trainer)


@dataclass(frozen=True, slots=True)
class Nearest:
    """The router as published: no knob; implements `frozen.Trainer`."""

    learner: DualContrast

    @property
    def knobs(self) -> tuple[float, ...]:
        """One setting, which changes nothing."""
        return (0.0,)

    def train(self, past: Past, rng: np.random.Generator) -> "NearestRouter":
        """Fit the embeddings."""
        return NearestRouter(self.learner.fit(past, rng))


@dataclass(frozen=True, slots=True)
class NearestRouter:
    """The argmax of the similarities; implements `frozen.Router`."""

    similarity: Similarity

    def choose(self, features: Floats, knobs: Floats) -> Models:
        """The most similar model, whatever the knob; ties to the cheaper one."""
        nearest = np.argmax(self.similarity.to_models(features), axis=1)
        return np.repeat(nearest[:, None], len(knobs), axis=1)
