"""Ridge regression of many targets at once, its penalty chosen by leaving one out."""

from typing import NamedTuple

import numpy as np

from messplus.core.types import Floats

PENALTIES = np.geomspace(1e-2, 1e4, 25)
"""Penalties on the squared weights that are tried."""


class Ridge(NamedTuple):
    """A linear model; the intercept is not penalised.

    Attributes:
        weight: Shape (d, K).
        intercept: Shape (K,).
    """

    weight: Floats
    intercept: Floats

    def predict(self, x: Floats) -> Floats:
        """Predictions for features (n, d), shape (n, K)."""
        return np.asarray(x @ self.weight + self.intercept)


def fit_ridge(x: Floats, y: Floats) -> Ridge:
    """Least squares with, for each target, the penalty of the least leave-one-out error.

    That error has a closed form: the residual over one minus the leverage (Allen's PRESS).

    Args:
        x: Features, shape (n, d).
        y: Targets, shape (n, K).
    """
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    u, s, vt = np.linalg.svd(x - x_mean, full_matrices=False)
    projected = u.T @ (y - y_mean)
    error = np.empty((len(PENALTIES), y.shape[1]))
    for i, penalty in enumerate(PENALTIES):
        shrink = s**2 / (s**2 + penalty)
        leverage = 1.0 / len(x) + u**2 @ shrink
        residual = y - y_mean - u @ (shrink[:, None] * projected)
        error[i] = ((residual / np.maximum(1.0 - leverage, 1e-9)[:, None]) ** 2).mean(axis=0)
    chosen = PENALTIES[np.argmin(error, axis=0)]
    weight = vt.T @ (s[:, None] / (s[:, None] ** 2 + chosen) * projected)
    return Ridge(weight, y_mean - x_mean @ weight)
