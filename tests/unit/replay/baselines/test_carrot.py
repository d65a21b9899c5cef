"""CARROT: two regressions, plugged in."""

import numpy as np
import pytest
from tests.unit.replay.baselines.dear_calls import (
    assert_dear_calls_are_spent_on_what_is_hard,
    corners,
    halves,
)

from messplus.replay.baselines.carrot import CarrotSettings, Plane
from messplus.replay.baselines.knn import Neighbours
from messplus.replay.baselines.trained import Past


def test_it_finds_the_lines_that_scores_and_costs_lie_on() -> None:
    x = np.random.default_rng(0).uniform(-1.0, 1.0, (200, 2))
    score = np.column_stack((0.5 + 0.3 * x[:, 0], 0.9 - 0.1 * x[:, 1]))
    cost = np.column_stack((2.0 + x[:, 1], 9.0 + 4.0 * x[:, 0]))
    planes = Plane().fit(Past(features=x, score=score, cost=cost), np.random.default_rng(0))
    p_sat, expected = planes.forecast(np.array([[0.5, -0.5], [4.0, -5.0]]))
    np.testing.assert_allclose(p_sat, [[0.65, 0.95], [1.0, 1.0]], atol=1e-3)  # clipped
    np.testing.assert_allclose(expected, [[1.5, 11.0], [0.0, 25.0]], atol=0.02)


def test_dear_calls_go_to_hard_requests() -> None:
    assert_dear_calls_are_spent_on_what_is_hard("carrot", halves())


def test_neighbours_need_no_line() -> None:
    assert_dear_calls_are_spent_on_what_is_hard("carrot:regressor=knn,k=20", corners())
    with pytest.raises(AssertionError):
        assert_dear_calls_are_spent_on_what_is_hard("carrot", corners())


def test_the_setting_says_which_regression() -> None:
    course = CarrotSettings(regressor="knn", k=7).build(halves(50)).course
    assert course.trainer.learner == Neighbours(k=7)  # type: ignore[attr-defined]
