"""Nearest neighbours against sorting everything."""

import numpy as np

from messplus.predictors.knn import NearestNeighbours

RNG = np.random.default_rng(3)


def brute_force(
    xs: np.ndarray, ys: np.ndarray, seen: np.ndarray, x: np.ndarray, k: int, shrinkage: float
) -> np.ndarray:
    """The definition, model by model."""
    out = []
    for m in range(ys.shape[1]):
        mine = np.flatnonzero(seen[:, m])
        near = mine[np.argsort(((xs[mine] - x) ** 2).sum(axis=1))][:k]
        mean = (ys[mine, m].sum() + 1.0) / (len(mine) + 2.0)
        out.append((ys[near, m].sum() + shrinkage * mean) / (len(near) + shrinkage))
    return np.array(out)


def test_equals_the_definition_while_the_window_grows_and_turns() -> None:
    model = NearestNeighbours(k=7, shrinkage=3.0, capacity=300)
    xs = RNG.normal(size=(700, 4)).astype(np.float32).astype(float)
    ys = RNG.integers(0, 2, size=(700, 3)).astype(float)
    seen = RNG.random((700, 3)) < [1.0, 0.5, 0.02]
    state = model.init(3, 4)
    for t in range(700):
        if t in (1, 5, 255, 256, 257, 299, 300, 301, 699):
            rows = slice(max(0, t - 300), t)
            expected = brute_force(xs[rows], ys[rows], seen[rows], xs[t], 7, 3.0)
            np.testing.assert_allclose(model.predict(state, xs[t]), expected, rtol=1e-6)
        state = model.update(state, xs[t], ys[t], seen[t])


def test_an_old_request_is_forgotten_when_the_window_is_full() -> None:
    model = NearestNeighbours(k=1, shrinkage=1e-6, capacity=2)
    state = model.init(1, 1)
    for x, verdict in ((0.0, 1.0), (5.0, 0.0), (6.0, 0.0)):
        state = model.update(state, np.array([x]), np.array([verdict]), np.array([True]))
    assert model.predict(state, np.array([0.0]))[0] < 1e-3
