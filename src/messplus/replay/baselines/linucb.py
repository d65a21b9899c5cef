"""`linucb`: linear upper confidence bounds and a paced price.

ParetoBandit (Taberner-Miller, arXiv:2604.00136) with cost and quality swapped: disjoint LinUCB (Li et al.,
arXiv:1003.0146), a ridge regression of satisfaction on [1, x] per model, whose statistics may be forgotten
geometrically, and the pacer of `messplus.replay.baselines.pacer`.

    ucb = theta . [1, x] + width * sqrt([1, x]' P [1, x])        P = (ridge + sum of [1, x] [1, x]')^-1

What differs: the pacer keeps satisfaction above alpha, not spending below a budget, so it multiplies the
bound and not the cost; costs are linear, not on a logarithmic scale, as it is their sum that is to be small.
Nothing is forgotten by default: their 0.997 remembers 333 requests and belongs to 25 features; here are 65
to 100. Left out: priors from recorded requests, and the hard ceiling on the cost of a request.
"""

from dataclasses import dataclass

import numpy as np

from messplus.core.types import Bools, Floats
from messplus.errors import require_range
from messplus.replay.baselines.pacer import Paced, Pacer, listed
from messplus.replay.streams import Stream


@dataclass(frozen=True, slots=True)
class Regressions:
    """What was learned of each model; `Ridge.update` changes it in place."""

    weights: Floats  # (M, 1 + d); index 0 is the intercept
    covariance: Floats  # (M, 1 + d, 1 + d), in units of the noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Ridge:
    """Recursive ridge regression of satisfaction per model; implements `pacer.Learner`.

    Attributes:
        prior: Satisfaction expected of a model without verdicts, in [0, 1].
        ridge: Penalty on each slope, in verdicts, > 0; the intercept has 1.
        width: Half-width of the confidence bound, in standard errors of unit noise, >= 0.
        memory: Weight of a model's statistics after each further verdict on it, in (0, 1]; no
            weight of the regression gets less certain by it than it was at first.
    """

    prior: float
    ridge: float
    width: float
    memory: float

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        require_range("prior", self.prior, "in [0, 1]", ok=0 <= self.prior <= 1)
        require_range("ridge", self.ridge, "positive and finite", ok=0 < self.ridge < np.inf)
        require_range("width", self.width, "at least 0 and finite", ok=0 <= self.width < np.inf)
        require_range("memory", self.memory, "in (0, 1]", ok=0 < self.memory <= 1)

    def init(self, n_models: int, n_features: int) -> Regressions:
        """The prior: every model as good, whatever the request."""
        weights = np.zeros((n_models, 1 + n_features))
        weights[:, 0] = self.prior
        return Regressions(weights, np.tile(np.diag(self._variance(n_features)), (n_models, 1, 1)))

    def predict(self, state: Regressions, x: Floats) -> Floats:
        """Expected satisfaction, shape (M,), kept within [0, 1]."""
        return np.clip(state.weights @ _with_intercept(x), 0.0, 1.0)

    def hope(self, state: Regressions, x: Floats, rng: np.random.Generator) -> Floats:
        """Upper confidence bounds, shape (1, M)."""
        x1 = _with_intercept(x)
        doubt = np.maximum((state.covariance @ x1) @ x1, 0.0)
        return (state.weights @ x1 + self.width * np.sqrt(doubt))[None, :]

    def update(
        self, state: Regressions, x: Floats, satisfied: Floats, observed: Bools
    ) -> Regressions:
        """One step of recursive least squares per observed model; arrays are reused."""
        x1 = _with_intercept(x)
        models: list[int] = np.flatnonzero(observed).tolist()
        for m in models:
            weights, covariance = state.weights[m], state.covariance[m]
            if self.memory < 1.0:
                # Each weight is forgotten back to its prior, not beyond: some are hardly heard of.
                growth = self._variance(len(x)) / np.diagonal(covariance)
                growth = np.sqrt(np.minimum(growth, 1.0 / self.memory))
                covariance *= np.multiply.outer(growth, growth)
            k = covariance @ x1
            shrink = 1.0 + float(k @ x1)
            weights += k * ((satisfied[m] - float(weights @ x1)) / shrink)
            k /= np.sqrt(shrink)
            covariance -= np.multiply.outer(k, k)
        return state

    def _variance(self, n_features: int) -> Floats:
        """Prior variance of each weight, shape (1 + d,)."""
        variance = np.full(1 + n_features, 1.0 / self.ridge)
        variance[0] = 1.0
        return variance


@dataclass(frozen=True, slots=True, kw_only=True)
class LinUcbSettings:
    """`linucb`: see the module. The defaults are one choice for all data.

    Attributes:
        width: See Ridge; so for the following.
        ridge: See Ridge.
        memory: See Ridge.
        first: See Pacer; so for the following.
        step: See Pacer.
        smoothing: See Pacer.
        most: See Pacer.
    """

    width: float = 0.4
    ridge: float = 8.0
    memory: float = 1.0
    first: float = 4.0
    step: float = 0.3
    smoothing: float = 0.05
    most: float = 100.0

    def build(self, stream: Stream) -> Paced[Regressions]:
        """The router for one stream: the promise is the first guess of any satisfaction."""
        return Paced(
            learner=Ridge(
                prior=stream.alpha, ridge=self.ridge, width=self.width, memory=self.memory
            ),
            costs=listed(stream),
            pacer=Pacer(
                alpha=stream.alpha,
                first=self.first,
                step=self.step,
                smoothing=self.smoothing,
                most=self.most,
            ),
        )


def _with_intercept(x: Floats) -> Floats:
    """The features behind a constant 1, shape (1 + d,)."""
    return np.concatenate(([1.0], x))
