"""Online Bayesian logistic regression of the whole zoo at once: what one model shows, others learn.

The log-odds that model m satisfies a request with features x are linear in one weight vector theta:

    z_m(x) = a_m + w . x + u_m . x = phi_m(x) . theta

with an intercept a_m per model, slopes w that all models share (a hard request is hard for all) and,
if wanted, slopes u_m of its own. The prior of theta is Gaussian and *correlated*: the intercepts have
a common part, so a verdict on one model moves the others through the joint covariance P. A zoo of a
hundred models is then told apart by few verdicts each. A verdict s in [0, 1] is one step of the
extended Kalman filter for a logistic observation, as in `messplus.predictors.logistic`:

    p = sigmoid(z_m)        h = max(p (1 - p), floor)        k = P phi_m
    P <- P - k k' h / (1 + h phi_m.k)           theta <- theta + k (s - p) / (1 + h phi_m.k)

Source: the hierarchical prior is that of random-effects logistic regression (Gelman & Hill 2007,
chapter 14); the shrinkage of predictions is MacKay's (1992).
"""

import math
from dataclasses import dataclass

import numpy as np

from messplus.core.types import Belief, Bools, Floats
from messplus.errors import SettingError, require_range
from messplus.predictors.logistic import sigmoid

CURVATURE_FLOOR = 0.03
"""Least h: after long agreement a few contradicting verdicts still move the zoo."""

MAX_OWN_DIMENSIONS = 2000
"""Most weights with own slopes: the covariance is then 32 MB and a verdict costs some milliseconds."""


@dataclass(frozen=True, slots=True)
class JointPosterior:
    """Gaussian belief about the K weights of the zoo.

    Their order: M intercepts; d shared slopes unless blind; then, if models have slopes of their
    own, d of model 0, d of model 1, ...
    """

    mean: Floats  # (K,), log-odds
    covariance: Floats  # (K, K), exactly symmetric
    n_models: int
    n_slopes: int  # d, or 0 if blind to the request

    @property
    def own_slopes(self) -> bool:
        """Whether each model has slopes of its own."""
        return len(self.mean) > self.n_models + self.n_slopes


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchical:
    """Logistic regression of all models jointly; implements `messplus.core.types.Believer`.

    Attributes:
        prior: Satisfaction expected of the middle of the zoo before any verdict, in (0, 1).
        tilt: Prior log-odds by which the last (dearest) model is above that middle and the first
            below it, >= 0; the models between lie on a line. 0: none is preferred.
        shared_sd: Prior standard deviation of the part that all intercepts have in common, in
            log-odds, >= 0. 0: no model teaches another by its level.
        own_sd: Same of each model's own part, > 0.
        slope_sd: Same of each shared slope, in log-odds per unit of feature, >= 0. 0: blind to
            the request, and no feature takes up memory.
        own_slope_sd: Same of each model's own slopes, >= 0; needs slope_sd > 0. 0: none, and a
            verdict costs O((M + d)^2) time; else O((M + d + M d)^2), in time and in memory.
        walk: Variance added to every intercept per request learned from, >= 0: lets a model drift.
            Never lifts a variance above that of the prior.
    """

    prior: float = 0.5
    tilt: float = 0.45
    shared_sd: float = 1.0
    own_sd: float = 0.25
    slope_sd: float = 0.55
    own_slope_sd: float = 0.0
    walk: float = 4e-6

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        require_range("prior", self.prior, "in (0, 1)", ok=0 < self.prior < 1)
        for name in ("tilt", "shared_sd", "slope_sd", "own_slope_sd", "walk"):
            value = getattr(self, name)
            require_range(name, value, "at least 0 and finite", ok=0 <= value < np.inf)
        require_range("own_sd", self.own_sd, "positive", ok=0 < self.own_sd < np.inf)
        if self.own_slope_sd > 0 and self.slope_sd == 0:
            raise SettingError("own_slope_sd needs shared slopes: give slope_sd > 0, got 0")

    def init(self, n_models: int, n_features: int) -> JointPosterior:
        """The prior.

        Raises:
            SettingError: Own slopes would make more than `MAX_OWN_DIMENSIONS` weights.
        """
        n_slopes = n_features if self.slope_sd > 0 else 0
        level = n_models + n_slopes
        size = level + (n_models * n_slopes if self.own_slope_sd > 0 else 0)
        if self.own_slope_sd > 0 and size > MAX_OWN_DIMENSIONS:
            raise SettingError(
                f"own slopes of {n_models} models on {n_features} features make {size} weights; "
                f"at most {MAX_OWN_DIMENSIONS} are kept: set own_slope_sd=0 or encode into "
                "fewer features"
            )
        variance = np.full(size, self.own_slope_sd**2)
        variance[:n_models] = self.own_sd**2
        variance[n_models:level] = self.slope_sd**2
        covariance = np.diag(variance)
        covariance[:n_models, :n_models] += self.shared_sd**2
        mean = np.zeros(size)
        mean[:n_models] = math.log(self.prior / (1.0 - self.prior))
        if n_models > 1:
            mean[:n_models] += np.linspace(-self.tilt, self.tilt, n_models)
        return JointPosterior(mean, covariance, n_models, n_slopes)

    def predict(self, state: JointPosterior, x: Floats) -> Floats:
        """P(satisfied) per model, shape (M,): the logistic averaged over the posterior."""
        return averaged(*_log_odds(state, x))

    def believe(self, state: JointPosterior, x: Floats) -> Belief:
        """Prediction, and each model's level: that of the request with features 0.

        Blind to the request the level is the mean satisfaction itself; with slopes it is that of
        the average request, where features are centred.
        """
        mean, variance = levels(state)
        return Belief(self.predict(state, x), averaged(mean, variance), np.sqrt(variance))

    def update(
        self, state: JointPosterior, x: Floats, satisfied: Floats, observed: Bools
    ) -> JointPosterior:
        """One Kalman step per observed model, then the walk; the arrays of `state` are reused."""
        models: list[int] = np.flatnonzero(observed).tolist()
        for model in models:
            p = float(sigmoid(_along(state, state.mean, model, x)))
            h = max(p * (1.0 - p), CURVATURE_FLOOR)
            k = _along(state, state.covariance, model, x)
            shrink = 1.0 + h * float(_along(state, k, model, x))
            state.mean[:] += k * ((satisfied[model] - p) / shrink)
            k *= math.sqrt(h / shrink)
            state.covariance[:] -= np.multiply.outer(k, k)  # exactly symmetric, as written
        if models and self.walk > 0:
            diagonal = np.einsum("kk->k", state.covariance)  # a view
            variance = diagonal[: state.n_models]
            room = self.shared_sd**2 + self.own_sd**2 - variance
            variance += np.minimum(np.maximum(room, 0.0), self.walk)
        return state


def averaged(mean: Floats, variance: Floats) -> Floats:
    """The logistic averaged over Gaussian log-odds, nearly (MacKay 1992); any shapes that agree."""
    return sigmoid(mean / np.sqrt(1.0 + np.pi / 8.0 * variance))


def levels(state: JointPosterior) -> tuple[Floats, Floats]:
    """Mean and variance of each intercept, in log-odds, both (M,): copy what is to be kept."""
    variance = np.diagonal(state.covariance)[: state.n_models]
    return state.mean[: state.n_models], np.maximum(variance, 0.0)


def _log_odds(state: JointPosterior, x: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of phi_m(x) . theta for each model, both (M,); all blocks are views."""
    mean, variance = levels(state)
    m, d = state.n_models, state.n_slopes
    if d == 0:
        return mean, variance
    shared, own = slice(m, m + d), slice(m + d, None)
    mean = mean + state.mean[shared] @ x
    on_shared = x @ state.covariance[shared]  # (K,), covariance of w . x with every weight
    variance = variance + 2.0 * on_shared[:m] + on_shared[shared] @ x
    if state.own_slopes:
        mean = mean + state.mean[own].reshape(m, d) @ x
        with_intercept = state.covariance[:m, own].reshape(m, m, d)
        among = state.covariance[own, own].reshape(m, d, m, d)
        cross = np.einsum("mmi->mi", with_intercept) + on_shared[own].reshape(m, d)
        variance = variance + (2.0 * cross + np.einsum("mimj,j->mi", among, x)) @ x
    return mean, np.maximum(variance, 0.0)


def _along(state: JointPosterior, values: Floats, model: int, x: Floats) -> Floats:
    """phi_m(x)' values, for values of shape (K,) or (K, K), without forming phi."""
    m, d = state.n_models, state.n_slopes
    total = values[model].copy()
    if d:
        total += x @ values[m : m + d]
    if state.own_slopes:
        start = m + d + model * d
        total += x @ values[start : start + d]
    return np.asarray(total)
