"""Routers that are trained, given one knob's setting that reaches alpha, and frozen.

Most published routers are a prediction and one knob: a multiplier on the predicted score, or a threshold.
Papers sweep the knob and draw a curve. Whoever has a promise to keep must choose one setting, and only
the training split can tell which: it is chosen here on predictions for requests that the router was not
trained on (5 folds), as the first one that reaches alpha, mixed with the one before so that alpha is met
exactly there. Then the router is trained once more, on all of the split.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from messplus.core.types import Bools, Decision, Draws, Floats, Request, Verdict
from messplus.replay.baselines.trained import Past

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


class Trainer(Protocol):
    """Trains a router.

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
        setting = calibrated(self.trainer, past, self.alpha, rng)
        return Frozen(self.trainer.train(past, rng), setting)


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


def calibrated(trainer: Trainer, past: Past, alpha: float, rng: np.random.Generator) -> Setting:
    """The setting of the knob that reaches alpha on requests that were not trained on.

    The first that does, mixed with the one before so that alpha is met exactly; if none does, the one
    that satisfies most.
    """
    knobs = np.asarray(trainer.knobs, dtype=np.float64)
    if len(knobs) == 1:
        return Setting(float(knobs[0]), float(knobs[0]), 1.0)
    fold = rng.permutation(len(past)) % FOLDS
    satisfied = np.empty((len(past), len(knobs)))
    for held_out in range(FOLDS):
        test = fold == held_out
        router = trainer.train(past.of_rows(~test), rng)
        chosen = router.choose(past.features[test], knobs)
        satisfied[test] = np.take_along_axis(past.score[test], chosen, axis=1)
    mean = satisfied.mean(axis=0)
    reached = np.flatnonzero(mean >= alpha)
    if len(reached) == 0:
        best = float(knobs[np.argmax(mean)])
        return Setting(best, best, 1.0)
    k = int(reached[0])
    if k == 0:
        return Setting(float(knobs[0]), float(knobs[0]), 1.0)
    share = (mean[k] - alpha) / (mean[k] - mean[k - 1])
    return Setting(float(knobs[k - 1]), float(knobs[k]), float(share))


def stand_in(model: int, available: Bools) -> int:
    """The model itself if it is there; else the next dearer one, else the dearest that is."""
    there = np.flatnonzero(available)
    dearer = there[there >= model]
    return int(dearer[0] if len(dearer) else there[-1])
