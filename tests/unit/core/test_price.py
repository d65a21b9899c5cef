"""The price of satisfaction, by hand and against a search of every price."""

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messplus.core.price import Window
from messplus.core.types import Floats


def window_of(p_sat: Floats, cost: Floats, size: int | None = None) -> Window:
    window = Window.empty(size or len(p_sat), p_sat.shape[1])
    for p, c in zip(p_sat, cost, strict=True):
        window = window.push(p, c)
    return window


def satisfied_at(price: float, p_sat: Floats, cost: Floats) -> float:
    model = np.argmin(cost - price * p_sat, axis=1)
    return float(p_sat[np.arange(len(p_sat)), model].mean())


def test_price_by_hand() -> None:
    # Four requests; the large model adds .1, .2, .4 and .6 for 3 more: prices 30, 15, 7.5 and 5.
    p_sat = np.array([[0.8, 0.9], [0.6, 0.8], [0.4, 0.8], [0.2, 0.8]])
    cost = np.tile([1.0, 4.0], (4, 1))
    window = window_of(p_sat, cost)
    # .5 with the small model alone, .65 with the large one on the last request, .75 on two.
    assert window.price(0.49, 0.0) < 5.0
    assert window.price(0.64, 0.0) == pytest.approx(5.0, rel=2e-3)
    assert window.price(0.74, 0.0) == pytest.approx(7.5, rel=2e-3)
    assert window.price(0.79, 0.0) == pytest.approx(15.0, rel=2e-3)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 25), st.integers(1, 5), st.floats(0.05, 0.95))
def test_the_price_reaches_alpha_and_a_lower_one_does_not(
    seed: int, rows: int, n_models: int, alpha: float
) -> None:
    rng = np.random.default_rng(seed)
    p_sat = rng.random((rows, n_models))
    cost = rng.uniform(0.1, 1.0, (rows, n_models)) * np.geomspace(1, 10, n_models)
    spread = np.ptp(cost, axis=1).max()
    price = window_of(p_sat, cost).price(alpha, 0.0)
    most = satisfied_at(1e3 * spread, p_sat, cost)
    if spread > 0:
        assert satisfied_at(price, p_sat, cost) >= min(alpha, most) - 1e-12
        if price > 1.01e-3 * spread:
            assert satisfied_at(0.99 * price, p_sat, cost) < min(alpha, most)


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from([2.0**-20, 2.0**-3, 2.0**15]))
def test_the_price_carries_the_unit_of_cost_and_nothing_else(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    p_sat, cost = rng.random((20, 3)), rng.random((20, 3))
    one = window_of(p_sat, cost).price(0.7, 0.05)
    assert window_of(p_sat, cost * scale).price(0.7, 0.05) == pytest.approx(one * scale)


def test_the_oldest_request_makes_room() -> None:
    p_sat = np.array([[0.0, 1.0], [0.9, 1.0], [0.9, 1.0]])
    cost = np.tile([1.0, 4.0], (3, 1))
    assert window_of(p_sat, cost, size=2).price(0.9, 0.0) == window_of(p_sat[1:], cost[1:]).price(
        0.9, 0.0
    )


def test_an_alpha_beyond_reach_is_held_inside_of_it() -> None:
    p_sat = np.array([[0.2, 0.6], [0.5, 0.6]])
    window = window_of(p_sat, np.tile([1.0, 2.0], (2, 1)))
    assert window.price(0.99, 0.05) == pytest.approx(10.0, rel=2e-3)  # 1 / (.6 - .5)


def test_equal_costs_have_no_price() -> None:
    assert window_of(np.array([[0.2, 0.6]]), np.ones((1, 2))).price(0.5, 0.05) == 0.0


def test_prices_are_what_they_were_when_windows_had_all_rows_from_the_start() -> None:
    """The digest was taken from such a window."""
    rng = np.random.default_rng(8)
    window, told = Window.empty(200, 3), []
    assert len(window.p_sat) < 20
    for t in range(500):
        window = window.push(rng.random(3), rng.random(3) * np.array([1, 3, 9]))
        if t % 50 == 7:
            told.append(window.price(0.8, 0.05))
    assert len(window.p_sat) == 200
    assert sha256(np.array(told).tobytes()).hexdigest() == (
        "2fdec9448e0c34624b4abaaf2d687835042f4a9504bd899b18ec151ec4a985ce"
    )


@given(st.integers(1, 70), st.integers(0, 200))
def test_a_window_that_grows_holds_what_a_whole_one_does(size: int, n: int) -> None:
    rows = np.arange(float(2 * n)).reshape(n, 2)
    growing = Window.empty(size, 2)
    whole = Window(np.zeros((size, 2)), np.zeros((size, 2)))  # as snapshots held it
    for row in rows:
        growing, whole = growing.push(row, -row), whole.push(row, -row)
    assert growing.seen == whole.seen
    held = min(n, size)
    assert np.array_equal(growing.p_sat[:held], whole.p_sat[:held])
    assert np.array_equal(growing.cost[:held], whole.cost[:held])
