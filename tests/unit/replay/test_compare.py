"""Equal satisfaction, break-even, AIQ and intervals, by hand and against simulation."""

import math

import numpy as np
import pytest

from messplus.replay.compare import aiq, break_even, cost_at, geometric_interval


@pytest.mark.parametrize(
    ("alpha", "cost"),
    [(0.7, 10.0), (0.72, 20.0), (0.71, math.sqrt(200.0)), (0.76, 40.0), (0.74, math.sqrt(800.0))],
)
def test_cost_is_read_off_where_alpha_is_realised(alpha: float, cost: float) -> None:
    satisfaction, costs = np.array([0.72, 0.7, 0.76]), np.array([20.0, 10.0, 40.0])
    assert cost_at(alpha, satisfaction, costs) == pytest.approx(cost)


@pytest.mark.parametrize("alpha", [0.69, 0.77])
def test_nothing_is_extrapolated(alpha: float) -> None:
    assert math.isnan(cost_at(alpha, np.array([0.7, 0.76]), np.array([1.0, 2.0])))


def test_runs_of_one_satisfaction_count_once() -> None:
    assert cost_at(0.7, np.array([0.7, 0.7]), np.array([1.0, 4.0])) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("exploration", "baseline", "serving", "requests"),
    [(100.0, 5.0, 3.0, 50), (101.0, 5.0, 3.0, 51), (0.0, 5.0, 3.0, 0), (1.0, 5.0, 5.0, math.inf)],
)
def test_break_even(exploration: float, baseline: float, serving: float, requests: float) -> None:
    assert break_even(exploration, baseline, serving) == requests


def test_aiq_of_a_triangle_and_of_what_lies_below_it() -> None:
    # From .4 at cost 1 to .8 at cost 3, flat to 5: (2 * .6 + 2 * .8) / 4
    corners = np.array([1.0, 3.0, 5.0]), np.array([0.4, 0.8, 0.8])
    assert aiq(*corners, 1.0, 5.0) == pytest.approx(0.7)
    more = np.append(corners[0], [2.0, 4.0, 3.0]), np.append(corners[1], [0.55, 0.3, 0.1])
    assert aiq(*more, 1.0, 5.0) == pytest.approx(0.7)
    better = np.append(corners[0], 2.0), np.append(corners[1], 0.7)
    assert aiq(*better, 1.0, 5.0) == pytest.approx((0.55 + 0.75 + 1.6) / 4)


def test_aiq_reaches_flat_beyond_its_points() -> None:
    assert aiq(np.array([2.0]), np.array([0.5]), 1.0, 9.0) == pytest.approx(0.5)


def test_the_interval_covers_what_it_says() -> None:
    """Data sets scatter around a true ratio: 95 % intervals cover it about as often."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        sets = np.log(0.8) + 0.3 * rng.normal(size=(30, 1)) + 0.1 * rng.normal(size=(30, 5))
        _, low, high = geometric_interval(sets, rng)
        covered += low <= 0.8 <= high
    # 95 % of 200 has sd 3; the percentile bootstrap with 30 data sets covers a little less.
    assert 178 <= covered <= 198


def test_gaps_are_left_out() -> None:
    gaps = np.log(np.array([[2.0, np.nan], [np.nan, np.nan], [8.0, 8.0]]))
    mean, low, high = geometric_interval(gaps, np.random.default_rng(0))
    assert mean == pytest.approx(4.0)
    assert low == pytest.approx(2.0)
    assert high == pytest.approx(8.0)
    nothing = geometric_interval(np.full((2, 2), np.nan), np.random.default_rng(0))
    assert all(math.isnan(x) for x in nothing)
