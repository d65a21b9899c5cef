"""The online logistic against slow, obvious versions of itself."""

import numpy as np
from scipy.optimize import minimize

from messplus.predictors.logistic import OnlineLogistic, sigmoid

RNG = np.random.default_rng(7)


def test_covariance_is_the_inverse_of_the_summed_curvature() -> None:
    """The rank-one updates equal inverting prior precision + sum h x x' outright."""
    model = OnlineLogistic(intercept_sd=1.5, slope_sd=0.7)
    state = model.init(1, 3)
    precision = np.linalg.inv(state.covariance[0])
    for _ in range(50):
        x = RNG.normal(size=3)
        p = float(sigmoid(state.mean[0] @ np.append(1.0, x)))
        x1 = np.append(1.0, x)
        precision += max(p * (1 - p), 1e-3) * np.outer(x1, x1)
        state = model.update(state, x, RNG.integers(0, 2, 1).astype(float), np.ones(1, np.bool_))
    np.testing.assert_allclose(state.covariance[0], np.linalg.inv(precision), rtol=1e-8)


def test_comes_close_to_the_maximum_a_posteriori_fit() -> None:
    """One pass of Kalman steps against a batch fit of the same posterior by scipy."""
    truth = np.array([0.4, 1.0, -1.5])
    xs = RNG.normal(size=(3000, 2))
    ys = (RNG.random(3000) < sigmoid(truth[0] + xs @ truth[1:])).astype(float)
    model = OnlineLogistic(intercept_sd=2.0, slope_sd=1.0)
    state = model.init(1, 2)
    for x, y in zip(xs, ys, strict=True):
        state = model.update(state, x, np.array([y]), np.ones(1, np.bool_))

    design = np.column_stack([np.ones(len(xs)), xs])

    def negative_log_posterior(theta: np.ndarray) -> float:
        z = design @ theta
        penalty = theta[0] ** 2 / 8.0 + (theta[1:] ** 2).sum() / 2.0
        return float(np.logaddexp(0.0, z).sum() - ys @ z + penalty)

    batch = minimize(negative_log_posterior, np.zeros(3)).x
    # A posterior standard deviation is about .05 here: within one of the batch solution.
    np.testing.assert_allclose(state.mean[0], batch, atol=0.05)


def test_doubt_pulls_a_prediction_towards_even_odds() -> None:
    model = OnlineLogistic()
    state = model.init(2, 1)
    for _ in range(5):
        state = model.update(state, np.zeros(1), np.ones(2), np.array([True, True]))
    state.covariance[1] *= 100.0
    sure, unsure = model.predict(state, np.zeros(1))
    assert sure > unsure > 0.5


def test_sigmoid_does_not_overflow() -> None:
    np.testing.assert_array_equal(sigmoid(np.array([-1e6, 0.0, 1e6])), [0.0, 0.5, 1.0])
