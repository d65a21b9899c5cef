"""Recursive ridge regression and its confidence bound."""

import numpy as np
import pytest

from messplus.replay.baselines.linucb import Regressions, Ridge

BOTH = np.ones(2, dtype=np.bool_)
RNG = np.random.default_rng(0)


def fitted(ridge: Ridge, x: np.ndarray, s: np.ndarray) -> Regressions:
    state = ridge.init(2, x.shape[1])
    for row, satisfied in zip(x, s, strict=True):
        state = ridge.update(state, row, satisfied, BOTH)
    return state


def test_recursion_is_ridge_regression_in_one_go() -> None:
    rng = np.random.default_rng(1)
    x, s = rng.normal(size=(30, 3)), rng.integers(0, 2, (30, 2)).astype(float)
    state = fitted(Ridge(prior=0.6, ridge=4.0, width=0.5, memory=1.0), x, s)
    x1 = np.column_stack((np.ones(30), x))
    precision = np.diag([1.0, 4.0, 4.0, 4.0]) + x1.T @ x1
    first = np.array([0.6, 0.0, 0.0, 0.0])
    for m in range(2):
        weights = first + np.linalg.solve(precision, x1.T @ (s[:, m] - x1 @ first))
        np.testing.assert_allclose(state.weights[m], weights)
        np.testing.assert_allclose(state.covariance[m], np.linalg.inv(precision))


def test_the_bound_by_hand() -> None:
    ridge = Ridge(prior=0.7, ridge=4.0, width=0.5, memory=1.0)
    state = ridge.init(2, 1)
    # At x = 2 the prior variance is 1 + 2^2 / 4 = 2.
    hope = ridge.hope(state, np.array([2.0]), RNG)
    np.testing.assert_allclose(hope, [[0.7 + 0.5 * np.sqrt(2.0)] * 2])
    state = ridge.update(state, np.array([2.0]), np.array([1.0, np.nan]), np.array([True, False]))
    hope = ridge.hope(state, np.array([2.0]), RNG)
    # theta.x = .7 + .3 * 2 / (1 + 2), variance 2 / (1 + 2)
    np.testing.assert_allclose(hope, [[0.9 + 0.5 * np.sqrt(2.0 / 3.0), 0.7 + 0.5 * np.sqrt(2.0)]])
    np.testing.assert_allclose(ridge.predict(state, np.array([2.0])), [0.9, 0.7])


@pytest.mark.parametrize(("memory", "low", "high"), [(1.0, 0.45, 0.55), (0.95, 0.0, 0.05)])
def test_with_a_short_memory_it_follows_a_model_that_has_become_bad(
    memory: float, low: float, high: float
) -> None:
    ridge = Ridge(prior=0.5, ridge=8.0, width=0.0, memory=memory)
    s = np.repeat([1.0, 0.0], 200)[:, None] * np.ones(2)
    state = fitted(ridge, np.zeros((400, 3)), s)
    assert low <= ridge.predict(state, np.zeros(3))[0] <= high


def test_forgetting_never_knows_less_than_the_prior() -> None:
    ridge = Ridge(prior=0.5, ridge=8.0, width=0.0, memory=0.9)
    state = fitted(ridge, np.zeros((500, 3)), np.ones((500, 2)))  # slopes are never heard of
    variance = np.diagonal(state.covariance[0])
    np.testing.assert_allclose(variance[1:], 1.0 / 8.0)
    assert variance[0] == pytest.approx(1.0 - 0.9, rel=1e-6)  # 1 / (1 + .9 + .9^2 + ...)


def test_forgetting_weighs_the_past_geometrically() -> None:
    """Blind to the request, the weight is the discounted mean: what is not held back by the prior."""
    ridge = Ridge(prior=0.5, ridge=8.0, width=0.0, memory=0.9)
    s = np.random.default_rng(2).integers(0, 2, (300, 2)).astype(float)
    state = fitted(ridge, np.zeros((300, 1)), s)
    weight = 0.9 ** np.arange(300)[::-1]
    np.testing.assert_allclose(state.weights[:, 0], weight @ s / weight.sum(), atol=1e-6)
