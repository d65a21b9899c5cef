"""Routers that are trained, given one knob's setting that reaches alpha, and frozen.

Most published routers are a prediction and one knob: a multiplier on the predicted score, or a threshold.
Papers sweep the knob and draw a curve. Whoever has a promise to keep must choose one setting, and only
the training split can tell which: it is chosen here on predictions for requests that the router was not
trained on (5 folds), as the first one that reaches alpha, mixed with the one before so that alpha is met
exactly there. Then the router is trained once more, on all of the split.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from messplus.core.types import Bools, Decision, Draws, Floats, Request, Verdict
from messplus.replay.baselines.trained import Past, Trained, train_requests
from messplus.replay.streams import Stream

FOLDS = 5

Models = NDArray[np.intp]


class Router(Protocol):
    """A trained router: what it would choose at any setting of its knob."""

    def choose(self, features: Floats, knobs: Floats) -> Models:
        """The model for each request at each setting, shape (n, K).

        Args:
            features: Shape (n, d).
            knobs: Settings, shape (K,); the greater, the better and dearer the answers.
        """
        ...


class Trainer(Hashable, Protocol):
    """Trains a router; equal trainers train alike.

    Attributes:
        knobs: Settings of the knob that are tried, ascending.
    """

    @property
    def knobs(self) -> Sequence[float]:
        """Settings of the knob that are tried, ascending; one if there is no knob."""
        ...

    def train(self, past: Past, rng: np.random.Generator) -> Router:
        """A router that has learned from these requests; the chances of it are `rng`'s."""
        ...


class Setting(NamedTuple):
    """A mix of two settings of the knob: `share` of the requests get `low`, the rest `high`."""

    low: float
    high: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Trains a router, sets its knob and freezes it; implements `trained.Course`.

    Attributes:
        alpha: The promise that the knob is set for.
        trainer: What trains the router.
    """

    alpha: float
    trainer: Trainer

    def graduate(self, past: Past, rng: np.random.Generator) -> "Frozen":
        """The frozen router."""
        training = train(self.trainer, past, int(rng.integers(2**63)))
        return Frozen(training.router, training.setting(self.alpha))


def frozen_router(stream: Stream, train_share: float, trainer: Trainer) -> Trained:
    """The policy that trains a router on the first part of a stream and freezes it.

    Args:
        stream: What will be served; its alpha is what the knob is set for.
        train_share: Share of it to be trained on, in (0, 1).
        trainer: What trains the router.

    Raises:
        SettingError: The share is out of range.
    """
    return Trained(
        requests=train_requests(stream.n_requests, train_share),
        course=Freeze(alpha=stream.alpha, trainer=trainer),
    )


class Training(NamedTuple):
    """A trained router, and what its knob does on requests that it was not trained on.

    Attributes:
        router: Trained on all requests.
        knobs: Settings of its knob, shape (K,), ascending.
        satisfaction: Mean satisfaction at each, cross-fitted, shape (K,).
    """

    router: Router
    knobs: Floats
    satisfaction: Floats

    def setting(self, alpha: float) -> Setting:
        """The first setting that reaches alpha, mixed with the one before so that alpha is met exactly.

        If none reaches it, the one that satisfies most.
        """
        reached = np.flatnonzero(self.satisfaction >= alpha)
        k = int(reached[0]) if len(reached) else int(np.argmax(self.satisfaction))
        low, high = float(self.knobs[max(k - 1, 0)]), float(self.knobs[k])
        if k == 0 or len(reached) == 0:
            return Setting(high, high, 1.0)
        before, there = self.satisfaction[k - 1], self.satisfaction[k]
        return Setting(low, high, float((there - alpha) / (there - before)))


@lru_cache(maxsize=16)  # the promise only sets the knob: a ladder of promises costs one training
def train(trainer: Trainer, past: Past, luck: int) -> Training:
    """Cross-fit, then train on everything; `luck` is the seed of all chance."""
    rng = np.random.default_rng(luck)
    knobs = np.asarray(trainer.knobs, dtype=np.float64)
    satisfied = np.zeros((len(past), len(knobs)))
    fold = rng.permutation(len(past)) % FOLDS
    for held_out in range(FOLDS if len(knobs) > 1 else 0):  # without a knob there is nothing to set
        test = fold == held_out
        router = trainer.train(past.of_rows(~test), rng)
        chosen = router.choose(past.features[test], knobs)
        satisfied[test] = np.take_along_axis(past.score[test], chosen, axis=1)
    return Training(trainer.train(past, rng), knobs, satisfied.mean(axis=0))


@dataclass(frozen=True, slots=True)
class Frozen:
    """A trained router that learns nothing more.

    Attributes:
        router: What chooses.
        setting: Of its knob.
    """

    router: Router
    setting: Setting

    def init(self, n_models: int, n_features: int) -> int:
        """The number of models: all there is to remember."""
        return n_models

    def decide(self, state: int, request: Request, draws: Draws) -> tuple[Decision, int]:
        """The router's choice at one of two settings; a stand-in if that model is not there."""
        low, high, share = self.setting
        x = request.features[None, :]
        at_low, at_high = self.router.choose(x, np.array([low, high]))[0].tolist()
        drawn = at_low if draws.choose < share else at_high
        model = stand_in(drawn, request.can_be_asked(state))
        nothing = np.full(state, np.nan)
        chance = share * (at_low == drawn) + (1.0 - share) * (at_high == drawn)
        decision = Decision(
            model=model,
            asked=(model,),
            explored=False,
            propensity=chance if model == drawn else 1.0,
            queue=0.0,
            p_sat=nothing,
            cost=nothing,
        )
        return decision, state

    def charge(self, state: int, request: Request, decision: Decision, cost: Floats) -> int:
        """Nothing to learn."""
        return state

    def learn(self, state: int, request: Request, decision: Decision, verdict: Verdict) -> int:
        """Nothing to learn."""
        return state


def stand_in(model: int, available: Bools) -> int:
    """The model itself if it is there; else the next dearer one, else the dearest that is."""
    there = np.flatnonzero(available)
    dearer = there[there >= model]
    return int(dearer[0] if len(dearer) else there[-1])
