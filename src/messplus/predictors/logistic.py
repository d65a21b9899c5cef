"""Online Bayesian logistic regression, one per model, by second-order (Kalman) updates.

Each verdict is one step of the extended Kalman filter for a logistic observation, which is online
Newton with the exact rank-one inverse: no learning rate, no passes over old data, O(d^2) per model.

    p = sigmoid(theta . x)      h = p (1 - p)      k = P x
    P <- P - k k' h / (1 + h x.k)          theta <- theta + k (s - p) / (1 + h x.k)

The posterior covariance P also says how sure the model is; the prediction is shrunk towards 1/2 by
that doubt (MacKay 1992), which keeps it calibrated while there are few verdicts.
"""

from dataclasses import dataclass

import numpy as np

from messplus.core.types import Bools, Floats
from messplus.errors import require_range

CURVATURE_FLOOR = 1e-3
"""Least h: a saturated prediction still learns from a verdict that contradicts it."""


@dataclass(frozen=True, slots=True)
class Posterior:
    """Gaussian belief about each model's weights; index 0 is the intercept."""

    mean: Floats  # (M, 1 + d)
    covariance: Floats  # (M, 1 + d, 1 + d)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineLogistic:
    """Bayesian logistic regression on the features of the request, with an intercept per model.

    Attributes:
        intercept_sd: Prior standard deviation of a model's intercept, in log-odds, > 0.
        slope_sd: Prior standard deviation of each weight, in log-odds per unit of feature, > 0.
        prior: Satisfaction expected of a model without verdicts, in (0, 1).
    """

    intercept_sd: float = 1.5
    slope_sd: float = 0.7
    prior: float = 0.5

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        require_range(
            "intercept_sd", self.intercept_sd, "positive", ok=0 < self.intercept_sd < np.inf
        )
        require_range("slope_sd", self.slope_sd, "positive", ok=0 < self.slope_sd < np.inf)
        require_range("prior", self.prior, "in (0, 1)", ok=0 < self.prior < 1)

    def init(self, n_models: int, n_features: int) -> Posterior:
        """The prior."""
        variance = np.full(1 + n_features, self.slope_sd**2)
        variance[0] = self.intercept_sd**2
        mean = np.zeros((n_models, 1 + n_features))
        mean[:, 0] = np.log(self.prior / (1.0 - self.prior))
        return Posterior(
            mean=mean,
            covariance=np.tile(np.diag(variance), (n_models, 1, 1)),
        )

    def predict(self, state: Posterior, x: Floats) -> Floats:
        """P(satisfied) per model, shape (M,): the logistic averaged over the posterior."""
        x1 = _with_intercept(x)
        doubt = (state.covariance @ x1) @ x1
        return sigmoid((state.mean @ x1) / np.sqrt(1.0 + np.pi / 8.0 * doubt))

    def update(self, state: Posterior, x: Floats, satisfied: Floats, observed: Bools) -> Posterior:
        """One Kalman step for every observed model; the arrays of `state` are reused."""
        x1 = _with_intercept(x)
        for m in np.flatnonzero(observed):
            mean, covariance = state.mean[m], state.covariance[m]
            p = float(sigmoid(mean @ x1))
            h = max(p * (1.0 - p), CURVATURE_FLOOR)
            k = covariance @ x1
            shrink = 1.0 + h * float(k @ x1)
            mean += k * ((satisfied[m] - p) / shrink)
            k *= np.sqrt(h / shrink)
            covariance -= np.multiply.outer(k, k)  # exactly symmetric, as written
        return state


def sigmoid(z: Floats) -> Floats:
    """1 / (1 + exp(-z)), for any z without overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * z)


def _with_intercept(x: Floats) -> Floats:
    """The features behind a constant 1, shape (1 + d,)."""
    x1 = np.empty(1 + len(x))
    x1[0] = 1.0
    x1[1:] = x
    return x1
