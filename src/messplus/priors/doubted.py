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

A prior whose probability falls below `DROPPED` is dropped for good, and costs no time from then on. It
need not come back: a right one has fallen so far with a chance below DROPPED * (1 - TRUST) / TRUST,
about 1e-4, and then costs what a cold start costs, as the cold believer has missed no verdict. That
one is never dropped: however right a prior was, the world may change.
"""

import math
from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np

from messplus.core.types import Belief, Believer, Bools, Floats
from messplus.predictors.mixture import MixtureState

TRUST = 0.9
"""Probability that a prior is right, before any verdict."""

DROPPED = 1e-3
"""Probability that a prior is right below which it is dropped."""

SHIFTS = np.array([-2.0, -1.0, 1.0, 2.0])
"""By how much a level may be off, in log-odds."""

SURE = 0.01
"""Both believers are judged within [SURE, 1 - SURE]: no single verdict can decide."""

_MOST = 50.0  # of a log likelihood ratio, so that its exponential is finite


@dataclass(frozen=True, slots=True)
class DoubtedState:
    """What both believers learned, and the evidence against the prior.

    Attributes:
        warm: What was learned elsewhere and since. None: it was wrong, and is dropped.
        cold: What was learned since.
        against: log E_cold.
        shifted: log E_mb, shape (known models, shifts).
    """

    warm: MixtureState | None
    cold: MixtureState
    against: float
    shifted: Floats

    @property
    def trust(self) -> float:
        """Probability that the prior is right, in (0, 1); 0 once it is dropped."""
        if self.warm is None:
            return 0.0
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
        cold = self.cold.predict(state.cold, x)
        if state.warm is None:
            return cold
        trust = state.trust
        return np.asarray(trust * self.warm.predict(state.warm, x) + (1.0 - trust) * cold)

    def believe(self, state: DoubtedState, x: Floats) -> Belief:
        """Weighted means; where the two differ on a level, that adds to the doubt about it."""
        cold = self.cold.believe(state.cold, x)
        if state.warm is None:
            return cold
        trust, warm = state.trust, self.warm.believe(state.warm, x)
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
        if state.warm is None:
            return replace(state, cold=self.cold.update(state.cold, x, satisfied, observed))
        judged = observed & self.known
        s = satisfied[judged]
        cold = self.cold.predict(state.cold, x)[judged]
        warm = self.warm.predict(state.warm, x)[judged]
        start = self.warm.predict(self.start, x)[judged]
        # One row per guess at the log-odds: cold, warm, the prior's, and the prior's shifted.
        guesses = _log_odds(np.array([cold, warm, *[start] * (1 + len(SHIFTS))]))
        guesses[3:] += SHIFTS[:, np.newaxis]
        likelihood = _log_likelihood(guesses, s)
        shifted = state.shifted.copy()
        shifted[judged[self.known]] += (likelihood[3:] - likelihood[2]).T
        after = DoubtedState(
            warm=self.warm.update(state.warm, x, satisfied, observed),
            cold=self.cold.update(state.cold, x, satisfied, observed),
            against=state.against + float((likelihood[0] - likelihood[1]).sum()),
            shifted=shifted,
        )
        return replace(after, warm=None) if after.trust < DROPPED else after


def _log_odds(p: Floats) -> Floats:
    """Of probabilities kept within [SURE, 1 - SURE]."""
    p = np.minimum(np.maximum(p, SURE), 1.0 - SURE)
    return np.asarray(np.log(p / (1.0 - p)))


def _log_likelihood(log_odds: Floats, satisfied: Floats) -> Floats:
    """Of verdicts in [0, 1], each by itself."""
    return np.asarray(satisfied * log_odds - np.logaddexp(0.0, log_odds))
