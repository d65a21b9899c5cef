"""Baselines that choose blindly, from fixed probabilities.

They may know things that a router cannot (each model's true mean): then their docstring says so.
"""

from dataclasses import dataclass

import numpy as np

from messplus.core.types import Decision, Draws, Floats, Request, Verdict
from messplus.errors import unknown
from messplus.replay.streams import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class AlwaysSettings:
    """`always:MODEL`: every request to one model.

    Attributes:
        model: Its name.
    """

    model: str

    def build(self, stream: Stream) -> "RandomChoice":
        """All probability on that model."""
        if self.model not in stream.models:
            raise unknown(f"model of {stream.label}:", self.model, stream.models)
        return always(stream.models.index(self.model), stream.n_models)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheapestSettings:
    """`cheapest`: every request to the first model of the zoo."""

    def build(self, stream: Stream) -> "RandomChoice":
        """All probability on the cheapest model."""
        return always(0, stream.n_models)


@dataclass(frozen=True, slots=True, kw_only=True)
class LargestSettings:
    """`largest`: every request to the last model of the zoo."""

    def build(self, stream: Stream) -> "RandomChoice":
        """All probability on the largest model."""
        return always(stream.n_models - 1, stream.n_models)


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomConstrainedSettings:
    """`random-constrained`: the paper's educated guessing. Knows each model's true mean."""

    def build(self, stream: Stream) -> "RandomChoice":
        """Fixed probabilities that reach alpha."""
        return RandomChoice(educated_guess(stream.score.mean(axis=0), stream.alpha))


@dataclass(frozen=True, slots=True)
class RandomChoice:
    """Draws the model from fixed probabilities: blind to the request, learns nothing.

    Attributes:
        probability: Of each model, shape (M,), sums to 1.
    """

    probability: Floats

    def init(self, n_models: int, n_features: int) -> None:
        """Nothing to remember."""

    def decide(self, state: None, request: Request, draws: Draws) -> tuple[Decision, None]:
        """The model in whose part of [0, 1) the draw falls."""
        available = request.can_be_asked(len(self.probability))
        probability = np.where(available, self.probability, 0.0)
        if not probability.any():  # none of its models is there: any that is
            probability = available.astype(np.float64)
        probability = probability / probability.sum()
        edges = np.cumsum(probability)
        model = int(np.searchsorted(edges, draws.choose * edges[-1], side="right"))
        nothing = np.full(len(self.probability), np.nan)
        decision = Decision(
            model=model,
            asked=(model,),
            explored=False,
            propensity=float(probability[model]),
            queue=0.0,
            p_sat=nothing,
            cost=nothing,
        )
        return decision, None

    def charge(self, state: None, request: Request, decision: Decision, cost: Floats) -> None:
        """Nothing to learn."""

    def learn(
        self,
        state: None,
        request: Request,
        decision: Decision,
        verdict: Verdict,
    ) -> None:
        """Nothing to learn."""


def educated_guess(mean_score: Floats, alpha: float) -> Floats:
    """The paper's "educated guessing": probabilities that reach alpha, given every model's mean.

    Starts from the uniform mix and, while it falls short, shifts weight from the models below the
    mix's expectation to those above it (by 1 %, at most 5,000 times). It is blind to cost: if the
    uniform mix reaches alpha it stays uniform. Source: arXiv:2505.19947, appendix B, and the
    authors' notebook.

    Args:
        mean_score: Each model's true mean satisfaction, shape (M,): hindsight.
        alpha: The promise.

    Returns:
        Probabilities, shape (M,). If alpha is above the best model's mean, all on that model.
    """
    n_models = len(mean_score)
    probability = np.full(n_models, 1.0 / n_models)
    if alpha >= mean_score.max():
        return np.asarray(np.eye(n_models)[int(np.argmax(mean_score))])
    for _ in range(5000):
        expected = float(probability @ mean_score)
        if expected >= alpha - 1e-6:
            break
        probability = probability * np.where(mean_score > expected, 1.01, 0.99)
        probability /= probability.sum()
    return probability


def always(model: int, n_models: int) -> RandomChoice:
    """All probability on one model."""
    return RandomChoice(np.asarray(np.eye(n_models)[model]))
