"""The perceptron router."""

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor
from tests.unit.replay.baselines.dear_calls import (
    assert_dear_calls_are_spent_on_what_is_hard,
    corners,
    halves,
)

from messplus.errors import SettingError
from messplus.replay.baselines.mlp import BATCH, EPOCHS, Layers, Perceptron
from messplus.replay.baselines.trained import Past


def test_the_forward_pass_by_hand() -> None:
    layers = Layers(
        into=np.array([[1.0, -1.0]]),
        into_bias=np.array([0.0, 0.5]),
        out=np.array([[0.5, 2.0], [0.25, 0.0]]),
        out_bias=np.array([0.1, -0.5]),
        cost=np.array([3.0, 4.0]),
    )
    p_sat, cost = layers.forecast(np.array([[0.4], [-0.5]]))
    # Hidden units: (.4, .1) and (0, 1).
    np.testing.assert_allclose(p_sat, [[0.325, 0.3], [0.35, 0.0]])
    np.testing.assert_allclose(cost, [[3.0, 4.0], [3.0, 4.0]])


@pytest.mark.parametrize("n_models", [1, 3])
def test_it_predicts_what_the_trained_network_predicts(n_models: int) -> None:
    rng = np.random.default_rng(1)
    past = Past(
        features=rng.normal(size=(60, 5)),
        score=rng.random((60, n_models)),
        cost=rng.random((60, n_models)),
    )
    ours = Perceptron(hidden=6, decay=0.1).fit(past, np.random.default_rng(2))
    theirs = MLPRegressor(
        hidden_layer_sizes=(6,),
        alpha=0.1,
        batch_size=BATCH,
        random_state=int(np.random.default_rng(2).integers(2**31)),
    )
    for _ in range(EPOCHS):
        theirs.partial_fit(past.features, past.score.squeeze())
    predicted = theirs.predict(past.features).reshape(60, n_models).clip(0.0, 1.0)
    p_sat, cost = ours.forecast(past.features)
    np.testing.assert_allclose(p_sat, predicted)
    np.testing.assert_allclose(cost[7], past.cost.mean(axis=0))


@pytest.mark.parametrize("toy", [halves, corners])
def test_dear_calls_go_to_hard_requests(toy: type) -> None:
    assert_dear_calls_are_spent_on_what_is_hard("mlp", toy())


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(SettingError, match="hidden must be at least 1, got 0"):
        Perceptron(hidden=0, decay=0.0)
    with pytest.raises(SettingError, match="decay must be at least 0 and finite, got -1"):
        Perceptron(hidden=1, decay=-1.0)
