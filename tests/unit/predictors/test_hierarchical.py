"""The joint logistic of the zoo against slow, obvious versions of itself."""

import numpy as np
import pytest
from scipy.optimize import minimize

from messplus.core.types import Believer
from messplus.errors import SettingError
from messplus.predictors.hierarchical import CURVATURE_FLOOR, Hierarchical, JointPosterior
from messplus.predictors.logistic import sigmoid

RNG = np.random.default_rng(11)
M, D = 3, 4


def direction(state: JointPosterior, model: int, x: np.ndarray) -> np.ndarray:
    """phi_m(x), written out."""
    phi = np.zeros(len(state.mean))
    phi[model] = 1.0
    if state.n_slopes:
        phi[M : M + D] = x
    if state.own_slopes:
        phi[M + D + model * D : M + D + (model + 1) * D] = x
    return phi


def only(model: int, n_models: int = M) -> np.ndarray:
    return np.equal(np.arange(n_models), model)


def stream(requests: int) -> list[tuple[np.ndarray, np.ndarray, int]]:
    return [
        (RNG.normal(size=D), RNG.integers(0, 2, M).astype(float), int(RNG.integers(M)))
        for _ in range(requests)
    ]


SHAPES = {
    "blind": Hierarchical(slope_sd=0.0, walk=0.0),
    "shared": Hierarchical(walk=0.0),
    "own": Hierarchical(own_slope_sd=0.4, walk=0.0),
}
every_shape = pytest.mark.parametrize("model", SHAPES.values(), ids=SHAPES)


@every_shape
def test_equals_a_dense_filter(model: Hierarchical) -> None:
    """The extended Kalman filter as the textbook has it, with phi and P written out."""
    state = model.init(M, D)
    mean, covariance = state.mean.copy(), state.covariance.copy()
    for x, satisfied, m in stream(60):
        phi = direction(state, m, x)
        p = 1.0 / (1.0 + np.exp(-phi @ mean))
        noise = 1.0 / max(float(p * (1.0 - p)), CURVATURE_FLOOR)
        gain = covariance @ phi / (phi @ covariance @ phi + noise)
        mean = mean + gain * (satisfied[m] - p) * noise
        covariance = covariance - np.outer(gain, phi @ covariance)
        state = model.update(state, x, satisfied, only(m))
    np.testing.assert_allclose(state.mean, mean, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(state.covariance, covariance, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(state.covariance, state.covariance.T)


@every_shape
def test_prediction_has_the_full_variance(model: Hierarchical) -> None:
    state = model.init(M, D)
    for x, satisfied, m in stream(30):
        state = model.update(state, x, satisfied, only(m))
    x = RNG.normal(size=D)
    expected = []
    for m in range(M):
        phi = direction(state, m, x)
        doubt = phi @ state.covariance @ phi
        expected.append(1 / (1 + np.exp(-phi @ state.mean / np.sqrt(1 + np.pi / 8 * doubt))))
    np.testing.assert_allclose(model.predict(state, x), expected, rtol=1e-12)


@every_shape
def test_covariance_is_the_inverse_of_the_summed_curvature(model: Hierarchical) -> None:
    state = model.init(M, D)
    precision = np.linalg.inv(state.covariance)
    for x, satisfied, _ in stream(50):
        for m in range(M):  # one at a time: each verdict is linearised where the last one led
            phi = direction(state, m, x)
            p = float(sigmoid(phi @ state.mean))
            precision += max(p * (1 - p), CURVATURE_FLOOR) * np.outer(phi, phi)
            state = model.update(state, x, satisfied, only(m))
    np.testing.assert_allclose(state.covariance, np.linalg.inv(precision), rtol=1e-7, atol=1e-12)


def test_all_verdicts_of_a_request_equal_one_after_the_other() -> None:
    model = SHAPES["shared"]
    together, apart = model.init(M, D), model.init(M, D)
    for x, satisfied, _ in stream(20):
        together = model.update(together, x, satisfied, np.ones(M, np.bool_))
        for m in range(M):
            apart = model.update(apart, x, satisfied, only(m))
    np.testing.assert_array_equal(together.mean, apart.mean)
    np.testing.assert_array_equal(together.covariance, apart.covariance)


def test_comes_close_to_the_maximum_a_posteriori_fit() -> None:
    """One pass of Kalman steps against a batch fit of the same correlated posterior by scipy."""
    model = Hierarchical(walk=0.0, own_sd=0.5, slope_sd=1.0)
    state = model.init(M, D)
    prior_mean, precision = state.mean.copy(), np.linalg.inv(state.covariance)
    truth = np.array([-0.8, 0.1, 0.9, 1.0, -1.5, 0.0, 0.5])
    design, verdicts = [], []
    for _ in range(3000):
        x, m = RNG.normal(size=D), int(RNG.integers(M))
        phi = direction(state, m, x)
        verdict = float(RNG.random() < sigmoid(phi @ truth))
        design.append(phi)
        verdicts.append(verdict)
        state = model.update(state, x, np.full(M, verdict), only(m))
    rows, ys = np.array(design), np.array(verdicts)

    def negative_log_posterior(theta: np.ndarray) -> float:
        z, off = rows @ theta, theta - prior_mean
        return float(np.logaddexp(0.0, z).sum() - ys @ z + 0.5 * off @ precision @ off)

    batch = minimize(negative_log_posterior, prior_mean).x
    # A posterior standard deviation is .05 to .09 here: within about one of the batch solution.
    np.testing.assert_allclose(state.mean, batch, atol=0.08)


def test_a_verdict_on_one_model_moves_the_others_by_the_shared_part() -> None:
    """With a blind zoo the others move by shared^2 / (shared^2 + own^2) of what the judged does."""
    model = Hierarchical(slope_sd=0.0, shared_sd=1.0, own_sd=0.5, tilt=0.0, walk=0.0)
    state = model.update(model.init(M, D), np.zeros(D), np.ones(M), only(1))
    moved = state.mean
    assert moved[1] == pytest.approx(1.25 * 0.5 / (1.0 + 0.25 * 1.25))  # P (s - p) / (1 + h P)
    assert moved[0] == moved[2] == pytest.approx(moved[1] * 1.0 / 1.25)

    apart = Hierarchical(slope_sd=0.0, shared_sd=0.0, own_sd=0.5, tilt=0.0, walk=0.0)
    state = apart.update(apart.init(M, D), np.zeros(D), np.ones(M), only(1))
    assert state.mean[[0, 2]].tolist() == [0.0, 0.0]


def test_what_is_hard_for_one_model_is_expected_to_be_hard_for_all() -> None:
    model = Hierarchical(tilt=0.0)
    state = model.init(2, 1)
    for _ in range(150):
        x = RNG.normal(size=1)
        state = model.update(state, x, np.full(2, float(x[0] > 0)), only(0, 2))
    easy, hard = (model.predict(state, np.array([x])) for x in (1.0, -1.0))
    assert easy[1] > 0.8  # never judged
    assert hard[1] < 0.2


def test_the_prior_rises_with_the_order_of_the_zoo() -> None:
    model = Hierarchical(prior=0.8, tilt=0.3, slope_sd=0.0)
    log_odds = np.log(0.8 / 0.2)
    np.testing.assert_allclose(model.init(3, D).mean, log_odds + np.array([-0.3, 0.0, 0.3]))
    np.testing.assert_allclose(model.init(1, D).mean, [log_odds])


def test_a_blind_zoo_keeps_no_feature() -> None:
    model: Believer[JointPosterior] = Hierarchical(slope_sd=0.0)
    state = model.init(5, 10_000)
    assert state.covariance.shape == (5, 5)
    belief = model.believe(state, np.ones(10_000))
    np.testing.assert_array_equal(belief.p_sat, belief.level)
    np.testing.assert_allclose(belief.doubt, np.sqrt(1.0 + 0.25**2))


def test_doubt_falls_with_verdicts_and_most_where_they_are() -> None:
    model = Hierarchical()
    state = model.init(M, D)
    for _ in range(100):
        state = model.update(state, RNG.normal(size=D), np.ones(M), only(2))
    belief = model.believe(state, np.full(D, 3.0))
    np.testing.assert_array_equal(belief.level, model.predict(state, np.zeros(D)))
    assert belief.doubt[2] < belief.doubt[0] < np.sqrt(1.0 + 0.25**2)


def test_the_walk_adds_its_variance_once_per_learned_request_up_to_the_prior() -> None:
    still, walking = (Hierarchical(slope_sd=0.0, walk=walk) for walk in (0.0, 1e-3))
    x, everyone = np.zeros(D), np.ones(M, np.bool_)
    variance = [
        np.diagonal(model.update(model.init(M, D), x, np.ones(M), everyone).covariance)
        for model in (still, walking)
    ]
    np.testing.assert_allclose(variance[1] - variance[0], 1e-3)

    state = walking.init(M, D)
    for _ in range(2000):
        state = walking.update(state, x, np.ones(M), only(0))
    assert np.diagonal(state.covariance).max() <= 1.0 + 0.25**2
    assert np.linalg.eigvalsh(state.covariance).min() > 0.0


def test_with_the_walk_it_follows_a_model_that_changes() -> None:
    errors = []
    for walk in (0.0, 1e-3):
        model = Hierarchical(slope_sd=0.0, walk=walk)
        state = model.init(1, D)
        for t in range(4000):
            verdict = np.array([float(t % 10 < (9 if t < 3000 else 2))])
            state = model.update(state, np.zeros(D), verdict, np.ones(1, np.bool_))
        errors.append(abs(model.predict(state, np.zeros(D))[0] - 0.2))
    assert errors[1] < 0.1
    assert errors[0] > 0.3


def test_own_slopes_that_would_not_fit_are_refused_with_the_fix() -> None:
    model = Hierarchical(own_slope_sd=0.4)
    assert len(model.init(28, 64).mean) == 28 + 64 + 28 * 64
    with pytest.raises(SettingError, match=r"make 6564 weights.*set own_slope_sd=0 or encode"):
        model.init(100, 64)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"prior": 1.0}, r"prior must be in \(0, 1\), got 1.0"),
        ({"own_sd": 0.0}, r"own_sd must be positive, got 0.0"),
        ({"walk": -1e-6}, r"walk must be at least 0 and finite"),
        ({"slope_sd": 0.0, "own_slope_sd": 0.4}, r"own_slope_sd needs shared slopes"),
    ],
)
def test_a_bad_setting_is_named(settings: dict[str, float], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Hierarchical(**settings)
