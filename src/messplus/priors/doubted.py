"""A believer that starts from what was learned elsewhere, and drops it once it proves wrong.

Loosening lets a prior drift. One that is wrong altogether (other users, another judge, names mixed
up) would still be held: what it thinks bad is never asked, so it never learns that it is good. So a
*cold* believer learns from the same verdicts, and the two are weighted by Bayes' rule, the odds of
the prior against the verdicts so far being those at the start over E,

    odds = TRUST / (1 - TRUST) / E        E = (E_cold + mean over models m and shifts b of E_mb) / 2

    E_cold    likelihood of all verdicts as predicted by the cold believer, over that by the warm one
    E_mb      likelihood of model m's verdicts at the prior's log-odds + b, over that at the prior's

If the prior is right, each term has expectation 1 at any time (each factor's is 1 given the past),
so E is a test martingale: the chance that the odds ever fall by a factor k is at most 1 / k
(Ville 1939). The first term sees features that mislead, the second a level that is off: the cold
believer guesses too, so it alone would not tell soon. Shifts start at 1: where the prior is off by
less than half of that, E_mb falls, and drift is left to loosening.

One model on which the prior proves wrong is enough to doubt it on all of them.
"""

import math
from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from messplus.core.types import Belief, Believer, Bools, Floats
from messplus.predictors.logistic import sigmoid
from messplus.predictors.mixture import MixtureState

TRUST = 0.9
"""Probability that a prior is right, before any verdict."""

SHIFTS = np.array([-2.0, -1.0, 1.0, 2.0])
"""By how much a level may be off, in log-odds."""

SURE = 0.01
"""Both believers are judged within [SURE, 1 - SURE]: no single verdict can decide."""

_MOST = 50.0  # of a log likelihood ratio, so that its exponential is finite


@dataclass(frozen=True, slots=True)
class DoubtedState:
    """What both believers learned, and the evidence against the prior.

    Attributes:
        warm: What was learned elsewhere and since.
        cold: What was learned since.
        against: log E_cold.
        shifted: log E_mb, shape (known models, shifts).
    """

    warm: MixtureState
    cold: MixtureState
    against: float
    shifted: Floats

    @property
    def trust(self) -> float:
        """Probability that the prior is right, in (0, 1)."""
        shifted = float(np.exp(np.minimum(self.shifted, _MOST)).mean())
        evidence = 0.5 * (math.exp(min(self.against, _MOST)) + shifted)
        return TRUST / (TRUST + (1.0 - TRUST) * evidence)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Doubted:
    """Two believers, weighted; implements `messplus.core.types.Believer`.

    Attributes:
        warm: Starts from `start`.
        cold: Starts from nothing.
        start: What was learned elsewhere; never changed.
        known: Models of which something was learned elsewhere, shape (M,), at least one: only
            verdicts on these are evidence.
    """

    warm: Believer[MixtureState]
    cold: Believer[MixtureState]
    start: MixtureState
    known: Bools

    def init(self, n_models: int, n_features: int) -> DoubtedState:
        """A copy of the start; the zoo and the features must be those that it was made for."""
        return DoubtedState(
            warm=deepcopy(self.start),
            cold=self.cold.init(n_models, n_features),
            against=0.0,
            shifted=np.zeros((int(self.known.sum()), len(SHIFTS))),
        )

    def predict(self, state: DoubtedState, x: Floats) -> Floats:
        """Weighted mean of both predictions, shape (M,)."""
        trust, cold = state.trust, self.cold.predict(state.cold, x)
        return np.asarray(trust * self.warm.predict(state.warm, x) + (1.0 - trust) * cold)

    def believe(self, state: DoubtedState, x: Floats) -> Belief:
        """Weighted means; where the two differ on a level, that adds to the doubt about it."""
        trust = state.trust
        warm, cold = self.warm.believe(state.warm, x), self.cold.believe(state.cold, x)
        apart = _log_odds(warm.level) - _log_odds(cold.level)
        variance = trust * warm.doubt**2 + (1.0 - trust) * cold.doubt**2
        return Belief(
            p_sat=trust * warm.p_sat + (1.0 - trust) * cold.p_sat,
            level=trust * warm.level + (1.0 - trust) * cold.level,
            doubt=np.sqrt(variance + trust * (1.0 - trust) * apart**2),
        )

    def update(
        self, state: DoubtedState, x: Floats, satisfied: Floats, observed: Bools
    ) -> DoubtedState:
        """Weigh the prior by what was predicted of these verdicts, then both learn."""
        judged = observed & self.known
        s = satisfied[judged]
        against = _log_likelihood(_log_odds(self.cold.predict(state.cold, x)[judged]), s)
        against -= _log_likelihood(_log_odds(self.warm.predict(state.warm, x)[judged]), s)
        at_start = _log_odds(self.warm.predict(self.start, x)[judged])[:, np.newaxis]
        ratio = _log_likelihood(at_start + SHIFTS, s[:, np.newaxis])
        ratio -= _log_likelihood(at_start, s[:, np.newaxis])
        shifted = state.shifted.copy()
        shifted[judged[self.known]] += ratio
        return DoubtedState(
            warm=self.warm.update(state.warm, x, satisfied, observed),
            cold=self.cold.update(state.cold, x, satisfied, observed),
            against=state.against + float(against.sum()),
            shifted=shifted,
        )


def _log_odds(p: Floats) -> Floats:
    """Of probabilities kept within [SURE, 1 - SURE]."""
    p = np.clip(p, SURE, 1.0 - SURE)
    return np.asarray(np.log(p / (1.0 - p)))


def _log_likelihood(log_odds: Floats, satisfied: Floats) -> Floats:
    """Of verdicts in [0, 1], each by itself."""
    p = sigmoid(log_odds)
    return np.asarray(satisfied * np.log(p) + (1.0 - satisfied) * np.log1p(-p))
