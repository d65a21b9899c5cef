"""k nearest neighbours: a request is answered as well as those like it were.

Needs no training and forgets by its window. Each model is judged by its own neighbours, the
nearest requests on which it got a verdict, shrunk towards its mean over the window.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from messplus.core.types import Bools, Floats
from messplus.errors import require_range

_GROWTH = 256  # rows to start with; the window doubles until it is full


@dataclass(frozen=True, slots=True)
class Window:
    """The latest judged requests; a ring once `capacity` of the predictor is reached."""

    features: NDArray[np.float32]  # (rows, d)
    half_norm: NDArray[np.float32]  # (rows,), |x|^2 / 2
    satisfied: Floats  # (rows, M)
    observed: Bools  # (rows, M)
    seen: int = 0  # requests learned from, ever


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestNeighbours:
    """Mean verdict of the k nearest requests, shrunk towards the model's mean.

    Attributes:
        k: Neighbours per model, >= 1.
        shrinkage: How many neighbours the model's own mean is worth, > 0.
        capacity: Requests remembered, >= k. Time per prediction grows with it.
    """

    k: int = 40
    shrinkage: float = 8.0
    capacity: int = 4096

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        require_range("k", self.k, "at least 1", ok=self.k >= 1)
        require_range("shrinkage", self.shrinkage, "positive", ok=0 < self.shrinkage < np.inf)
        require_range(
            "capacity", self.capacity, f"at least k = {self.k}", ok=self.capacity >= self.k
        )

    def init(self, n_models: int, n_features: int) -> Window:
        """Nothing remembered."""
        return _empty(min(_GROWTH, self.capacity), n_models, n_features)

    def predict(self, state: Window, x: Floats) -> Floats:
        """Shrunk mean of each model's nearest verdicts, shape (M,); 1/2 before any."""
        rows = min(state.seen, len(state.features))
        observed, satisfied = state.observed[:rows], state.satisfied[:rows]
        count = observed.sum(axis=0)
        mean = (np.where(observed, satisfied, 0.0).sum(axis=0) + 1.0) / (count + 2.0)
        if rows == 0:
            return np.asarray(mean)

        # Largest x.r - |r|^2 / 2 is smallest Euclidean distance.
        near = state.features[:rows] @ x.astype(np.float32) - state.half_norm[:rows]
        near_each = np.where(observed.T, near, -np.inf)  # (M, rows)
        k = min(self.k, rows)
        picked = np.argpartition(near_each, rows - k, axis=1)[:, rows - k :]
        real = np.take_along_axis(observed.T, picked, axis=1)  # fewer than k verdicts: padding
        verdict = np.where(real, np.take_along_axis(satisfied.T, picked, axis=1), 0.0)
        total = verdict.sum(axis=1) + self.shrinkage * mean
        return np.asarray(total / (real.sum(axis=1) + self.shrinkage))

    def update(self, state: Window, x: Floats, satisfied: Floats, observed: Bools) -> Window:
        """Remember one request; the oldest makes room when the window is full."""
        if not observed.any():
            return state
        window = state
        if state.seen == len(state.features) < self.capacity:
            window = _grown(state, min(2 * len(state.features), self.capacity))
        row = window.seen % len(window.features)
        window.features[row] = x
        window.half_norm[row] = 0.5 * float(x @ x)
        window.satisfied[row] = np.where(observed, satisfied, 0.0)
        window.observed[row] = observed
        return replace(window, seen=window.seen + 1)


def _empty(rows: int, n_models: int, n_features: int) -> Window:
    return Window(
        features=np.zeros((rows, n_features), dtype=np.float32),
        half_norm=np.zeros(rows, dtype=np.float32),
        satisfied=np.zeros((rows, n_models)),
        observed=np.zeros((rows, n_models), dtype=np.bool_),
    )


def _grown(window: Window, rows: int) -> Window:
    """The same window with room for `rows` requests."""
    old = len(window.features)
    bigger = _empty(rows, window.satisfied.shape[1], window.features.shape[1])
    bigger.features[:old] = window.features
    bigger.half_norm[:old] = window.half_norm
    bigger.satisfied[:old] = window.satisfied
    bigger.observed[:old] = window.observed
    return replace(bigger, seen=window.seen)
