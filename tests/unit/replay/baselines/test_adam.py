"""Adam against its definition and on a problem with a known minimum."""

from typing import NamedTuple

import numpy as np

from messplus.core.types import Floats
from messplus.replay.baselines.adam import descend


class Point(NamedTuple):
    x: Floats
    y: Floats


def test_the_first_step_is_the_rate_whatever_the_gradient() -> None:
    start = Point(np.array([1.0, 1.0]), np.array([[2.0]]))
    moved = descend(lambda _: Point(np.array([5.0, -0.1]), np.array([[0.0]])), start, 1, 0.01)
    np.testing.assert_allclose(moved.x, [0.99, 1.01], rtol=1e-6)
    np.testing.assert_allclose(moved.y, [[2.0]])
    np.testing.assert_array_equal(start.x, [1.0, 1.0])


def test_the_second_step_by_hand() -> None:
    slopes = iter((Point(np.array([1.0]), np.zeros(0)), Point(np.array([3.0]), np.zeros(0))))
    moved = descend(lambda _: next(slopes), Point(np.zeros(1), np.zeros(0)), 2, 0.1)
    mean = (0.1 * 0.9 * 1 + 0.1 * 3) / (1 - 0.9**2)
    square = (0.001 * 0.999 * 1 + 0.001 * 9) / (1 - 0.999**2)
    np.testing.assert_allclose(moved.x, -0.1 - 0.1 * mean / np.sqrt(square), rtol=1e-6)


def test_it_finds_the_bottom_of_a_bowl() -> None:
    found = descend(
        lambda p: Point(2.0 * (p.x - 3.0), 20.0 * (p.y + 1.0)),
        Point(np.zeros(2), np.zeros((1, 1))), 2000, 0.02,
    )  # fmt: skip
    np.testing.assert_allclose(found.x, 3.0, atol=1e-3)
    np.testing.assert_allclose(found.y, -1.0, atol=1e-3)


def test_decay_pulls_to_zero() -> None:
    # (x - 3)^2 + x^2 is least at 1.5.
    found = descend(
        lambda p: Point(2.0 * (p.x - 3.0), p.y), Point(np.zeros(1), np.zeros(1)), 2000, 0.02, 2.0
    )
    np.testing.assert_allclose(found.x, 1.5, atol=1e-3)
