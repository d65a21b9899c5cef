"""The router of clusters and profiles."""

import numpy as np
import pytest
from tests.unit.replay.baselines.dear_calls import (
    assert_dear_calls_are_spent_on_what_is_hard,
    corners,
    halves,
)

from messplus.errors import SettingError
from messplus.replay.baselines.cluster import ClusterRouter, Profiles
from messplus.replay.baselines.trained import Past


def test_the_greatest_sum_over_the_nearest_clusters() -> None:
    router = ClusterRouter(
        centres=np.array([[0.0], [1.0], [9.0]]),
        score=np.array([[0.0, 1.0, 0.5], [0.0, 0.2, 1.0], [1.0, 0.0, 0.0]]),
        cost=np.array([[0.0, 0.5, 1.0], [0.0, 0.5, 1.0], [1.0, 0.0, 0.0]]),
        nearest=2,
    )
    # Of the first two: scores 0, 1.2, 1.5 and costs 0, 1, 2; so the second model from
    # w = 1 / 2.2 = .455, the third from 1 / 1.3 = .769.
    chosen = router.choose(np.array([[0.4]]), np.array([0.0, 0.45, 0.46, 0.76, 0.78, 1.0]))
    np.testing.assert_array_equal(chosen, [[0, 0, 1, 1, 2, 2]])
    # Of the last two: scores 1, .2, 1 and costs 1, .5, 1.
    np.testing.assert_array_equal(router.choose(np.array([[6.0]]), np.array([0.0, 1.0])), [[1, 0]])


def test_profiles_are_scaled_over_the_models_of_a_cluster() -> None:
    left = np.repeat([True, False], (30, 10))
    past = Past(
        features=np.where(left, -1.0, 1.0)[:, None],
        score=np.where(left[:, None], [0.0, 0.5, 1.0], [0.5, 0.5, 0.5]),
        cost=np.where(left[:, None], [1.0, 2.0, 3.0], [1.0, 2.0, 9.0]),
    )
    router = Profiles(nearest=5).train(past, np.random.default_rng(0))
    order = np.argsort(router.centres[:, 0])
    np.testing.assert_allclose(router.centres[order], [[-1.0], [1.0]])
    assert router.nearest == 2
    # On the right all scores are .5: no model is better there.
    np.testing.assert_allclose(router.score[order], [[0.0, 0.5, 1.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(router.cost[order][1], [0.0, 0.125, 1.0])


def test_models_that_are_the_same_are_no_choice() -> None:
    past = Past(features=np.arange(40.0)[:, None], score=np.ones((40, 2)), cost=np.ones((40, 2)))
    router = Profiles(nearest=1).train(past, np.random.default_rng(0))
    assert (router.choose(past.features, np.array([0.0, 0.5, 1.0])) == 0).all()


@pytest.mark.parametrize("toy", [halves, corners])
def test_dear_calls_go_to_hard_requests(toy: type) -> None:
    assert_dear_calls_are_spent_on_what_is_hard("cluster:nearest=1", toy())


def test_no_cluster_is_too_few() -> None:
    with pytest.raises(SettingError, match="nearest must be at least 1, got 0"):
        Profiles(nearest=0)
