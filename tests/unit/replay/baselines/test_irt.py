"""Item response theory."""

import numpy as np
import pytest
from tests.unit.replay.baselines.dear_calls import (
    assert_dear_calls_are_spent_on_what_is_hard,
    halves,
)
from tests.unit.replay.baselines.gradients import finite_differences

from messplus.errors import SettingError
from messplus.predictors.logistic import sigmoid
from messplus.replay.baselines.irt import ItemResponse, Responses, Weights, gradient, logits
from messplus.replay.baselines.trained import Past


def some_weights() -> Weights:
    rng = np.random.default_rng(2)
    return Weights(rng.normal(size=(3, 2)), rng.normal(size=(5, 2)), rng.normal(size=5))


def test_ability_meets_difficulty_by_hand() -> None:
    weights = Weights(
        ability=np.array([[1.0, 0.0], [2.0, -1.0]]),
        discrimination=np.array([[1.0, 0.5], [0.0, 2.0]]),
        difficulty=np.array([0.25, 1.0]),
    )
    # The request 3 discriminates by (1, 6.5) and is 3.25 difficult.
    np.testing.assert_allclose(logits(weights, np.array([[1.0, 3.0]])), [[-2.25, -7.75]])
    p_sat, cost = Responses(weights, np.array([1.0, 4.0])).forecast(np.array([[3.0], [0.0]]))
    np.testing.assert_allclose(p_sat, sigmoid(np.array([[-2.25, -7.75], [0.75, 1.25]])))
    np.testing.assert_allclose(cost, [[1.0, 4.0], [1.0, 4.0]])


@pytest.mark.parametrize("part", range(3))
def test_the_gradient_is_that_of_the_likelihood(part: int) -> None:
    rng = np.random.default_rng(3)
    x, score = rng.normal(size=(7, 5)), rng.random((7, 3))
    weights = some_weights()

    def loss(value: np.ndarray) -> float:
        p = sigmoid(logits(Weights._make((*weights[:part], value, *weights[part + 1 :])), x))
        return -float((score * np.log(p) + (1.0 - score) * np.log(1.0 - p)).mean())

    expected = finite_differences(loss, weights[part])
    np.testing.assert_allclose(gradient(weights, x, score)[part], expected, atol=1e-7)


def test_it_recovers_the_probabilities_that_made_the_answers() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(2000, 4))
    truth = sigmoid(logits(some_weights(), np.column_stack((np.ones(2000), x))))
    score = (rng.random(truth.shape) < truth).astype(float)
    past = Past(features=x, score=score, cost=np.ones_like(score))
    learned = ItemResponse(dimensions=2, decay=0.0).fit(past, np.random.default_rng(0))
    p_sat, _ = learned.forecast(x)
    # 17 weights from 6,000 answers: a root mean square error of about .5 * sqrt(17 / 6,000) = .027.
    assert np.sqrt(((p_sat - truth) ** 2).mean()) < 0.04


def test_dear_calls_go_to_hard_requests() -> None:
    assert_dear_calls_are_spent_on_what_is_hard("irt:dimensions=2", halves())


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(SettingError, match="dimensions must be at least 1, got 0"):
        ItemResponse(dimensions=0, decay=0.0)
    with pytest.raises(SettingError, match="decay must be at least 0 and finite, got -1"):
        ItemResponse(dimensions=1, decay=-1.0)
