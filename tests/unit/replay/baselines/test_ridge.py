"""Ridge regression against its definition and against leaving out by hand."""

import numpy as np

from messplus.replay.baselines.ridge import PENALTIES, fit_ridge


def solved(x: np.ndarray, y: np.ndarray, penalty: float) -> tuple[np.ndarray, float]:
    """The normal equations of one target, the intercept free."""
    x1 = np.column_stack((x, np.ones(len(x))))
    free = np.diag((*np.full(x.shape[1], penalty), 0.0))
    weight = np.linalg.solve(x1.T @ x1 + free, x1.T @ y)
    return weight[:-1], float(weight[-1])


def test_each_target_gets_the_penalty_of_least_error_on_what_is_left_out() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(30, 8)) + 2.0
    plain = x @ rng.normal(size=8) + 0.3 * rng.normal(size=30)
    y = np.column_stack((plain, rng.normal(size=30)))  # the second is noise: much is penalised
    learned = fit_ridge(x, y)
    chosen = []
    for target in range(2):
        error = np.zeros(len(PENALTIES))
        for i, penalty in enumerate(PENALTIES):
            for out in range(30):
                rest = np.arange(30) != out
                weight, intercept = solved(x[rest], y[rest, target], penalty)
                error[i] += (y[out, target] - x[out] @ weight - intercept) ** 2
        chosen.append(int(np.argmin(error)))
        weight, intercept = solved(x, y[:, target], PENALTIES[chosen[-1]])
        np.testing.assert_allclose(learned.weight[:, target], weight, atol=1e-9)
        np.testing.assert_allclose(learned.intercept[target], intercept, atol=1e-9)
    assert chosen[0] < chosen[1]


def test_more_features_than_rows_and_a_feature_that_never_changes() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(12, 20))
    x[:, 0] = 1.0
    learned = fit_ridge(x, x[:, 1:3] + 5.0)
    assert np.isfinite(learned.weight).all()
    np.testing.assert_allclose(learned.weight[0], 0.0, atol=1e-9)
    np.testing.assert_allclose(learned.predict(x).mean(axis=0), (x[:, 1:3] + 5.0).mean(axis=0))
