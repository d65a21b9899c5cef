"""The router of support vectors."""

import numpy as np
import pytest
from sklearn.svm import SVR
from tests.unit.replay.baselines.dear_calls import (
    assert_dear_calls_are_spent_on_what_is_hard,
    corners,
    halves,
)

from messplus.errors import SettingError
from messplus.replay.baselines.svm import EPSILON, Kernels, SupportVectors
from messplus.replay.baselines.trained import Past


def test_the_kernel_expansion_by_hand() -> None:
    kernels = Kernels(
        vectors=np.array([[0.0], [2.0]]),
        weight=np.array([[0.5, 0.0], [-0.25, 1.0]]),
        intercept=np.array([0.4, 0.2]),
        gamma=0.5,
        cost=np.array([3.0, 4.0]),
    )
    p_sat, cost = kernels.forecast(np.array([[1.0]]))
    near = np.exp(-0.5)
    np.testing.assert_allclose(p_sat, [[0.4 + 0.25 * near, 0.2 + near]])
    np.testing.assert_allclose(cost, [[3.0, 4.0]])


def test_it_predicts_what_the_machines_predict() -> None:
    rng = np.random.default_rng(1)
    past = Past(
        features=rng.normal(size=(80, 4)),
        score=rng.integers(0, 2, (80, 3)).astype(float),
        cost=rng.random((80, 3)),
    )
    ours = SupportVectors(penalty=0.5).fit(past, np.random.default_rng(0))
    unseen = rng.normal(size=(20, 4))
    p_sat, cost = ours.forecast(unseen)
    for m in range(3):
        machine = SVR(C=0.5, epsilon=EPSILON, gamma=ours.gamma).fit(past.features, past.score[:, m])
        np.testing.assert_allclose(p_sat[:, m], machine.predict(unseen).clip(0.0, 1.0))
    np.testing.assert_allclose(cost[7], past.cost.mean(axis=0))


def test_features_that_tell_nothing_leave_a_constant() -> None:
    past = Past(features=np.ones((20, 2)), score=np.ones((20, 2)), cost=np.ones((20, 2)))
    p_sat, _ = (
        SupportVectors(penalty=1.0).fit(past, np.random.default_rng(0)).forecast(np.ones((3, 2)))
    )
    np.testing.assert_allclose(p_sat, 1.0)


@pytest.mark.parametrize("toy", [halves, corners])
def test_dear_calls_go_to_hard_requests(toy: type) -> None:
    assert_dear_calls_are_spent_on_what_is_hard("svm:penalty=100", toy())


def test_a_penalty_out_of_range_is_refused() -> None:
    with pytest.raises(SettingError, match="penalty must be positive and finite, got 0"):
        SupportVectors(penalty=0.0)
