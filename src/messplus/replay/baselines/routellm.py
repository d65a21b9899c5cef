"""`routellm`: two models, and the probability that the strong one wins.

RouteLLM (Ong et al., arXiv:2406.18665, sections 3 and 4): a request goes to the strong model if its learned
win probability reaches a threshold, and the threshold is a quantile: that of a wanted share of calls to the
strong model, which is the knob. `routellm_heads` has two of its four ways to learn that probability.

Differs: human preferences become recorded outcomes of the training split, on which the strong model wins if
it is worth more; the encoder is the stream's, and not fine-tuned. Left out: similarity-weighted ranking, which
solves a Bradley-Terry model for every request, and the causal LLM classifier, which is a fine-tuned LLM.

A pair can promise no more than its better model keeps: out of reach, the share that satisfies most is taken.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from messplus.core.types import Floats
from messplus.errors import unknown
from messplus.replay.baselines.frozen import Models, frozen_router
from messplus.replay.baselines.routellm_heads import WinScore, classify, factorise, undecided
from messplus.replay.baselines.trained import TRAIN_SHARE, Past, Trained
from messplus.replay.streams import Stream

Head = Literal["mf", "bert"]

SHARES = tuple(np.linspace(0.0, 1.0, 101).tolist())
"""Shares of the requests to be sent to the strong model that are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteLLMSettings:
    """`routellm`: a threshold on the probability that the strong model beats the weak one.

    Attributes:
        head: What learns that probability: `mf`, matrix factorisation; `bert`, a classifier.
        weak: Name of the weak model; "" is the cheapest of the zoo.
        strong: Name of the strong model; "" is the one that satisfies most of the training split.
        train_share: Share of the stream to be trained on, in (0, 1).
    """

    head: Head = "mf"
    weak: str = ""
    strong: str = ""
    train_share: float = TRAIN_SHARE

    def build(self, stream: Stream) -> Trained:
        """The router for one stream; raises `SettingError` for a model that it has not."""
        trainer = WinProbability(
            head=self.head,
            weak=_index(self.weak, stream) if self.weak else 0,
            strong=_index(self.strong, stream) if self.strong else None,
        )
        return frozen_router(stream, self.train_share, trainer)


def _index(model: str, stream: Stream) -> int:
    """Where this model is in the zoo."""
    if model not in stream.models:
        raise unknown(f"model of {stream.label}:", model, stream.models)
    return stream.models.index(model)


@dataclass(frozen=True, slots=True, kw_only=True)
class WinProbability:
    """Learns the win probability of a pair; implements `frozen.Trainer`.

    Attributes:
        head: What learns it.
        weak: The weak model.
        strong: The strong model. None: the one with the best mean on the training split.
    """

    head: Head
    weak: int
    strong: int | None

    @property
    def knobs(self) -> tuple[float, ...]:
        """Shares of the strong model."""
        return SHARES

    def train(self, past: Past, rng: np.random.Generator) -> "PairRouter":
        """Fit the head, and note what it says of the training requests."""
        strong = int(np.argmax(past.score.mean(axis=0))) if self.strong is None else self.strong
        score = self._fit(past, strong, rng)
        return PairRouter(self.weak, strong, score, np.sort(score.log_odds(past.features)))

    def _fit(self, past: Past, strong: int, rng: np.random.Generator) -> WinScore:
        """The head's score of the pair."""
        if strong == self.weak:
            return undecided(past.features.shape[1])
        if self.head == "mf":
            return factorise(past, rng).between(strong, self.weak)
        return classify(past.features, past.score[:, strong] > past.score[:, self.weak])


@dataclass(frozen=True, slots=True, eq=False)
class PairRouter:
    """A threshold on a win probability; implements `frozen.Router`.

    Attributes:
        weak: The weak model.
        strong: The strong model.
        score: Log-odds of a win of the strong one; they rank requests as the probability does.
        known: Log-odds of the training requests, ascending, shape (n,): the quantiles.
    """

    weak: int
    strong: int
    score: WinScore
    known: Floats

    def choose(self, features: Floats, knobs: Floats) -> Models:
        """The strong model for a request among the share (the knob) with the highest log-odds."""
        odds = self.score.log_odds(features)
        above = len(self.known) - np.searchsorted(self.known, odds, side="right")
        # a share of 0 is nobody and a share of 1 everybody, even those below all known requests
        to_strong = above[:, None] < knobs * (len(self.known) + 1)
        return np.where(to_strong, self.strong, self.weak)
