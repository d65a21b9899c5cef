"""What every estimate of costs promises, whatever is inside."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messplus.core.types import CostEstimate, Request
from messplus.costs import Known, LogLinear, RunningMean

M, D = 3, 4
Build = Callable[[float], CostEstimate[Any]]

# Each in a unit of so much: list prices are in the zoo's unit, too.
ESTIMATES: dict[str, Build] = {
    "known": lambda unit: Known(),
    "mean": lambda unit: RunningMean(),
    "log-linear": lambda unit: LogLinear(),
    "log-linear with list prices": lambda unit: LogLinear(list_price=(unit, 2 * unit, 9 * unit)),
}
every_estimate = pytest.mark.parametrize("build", ESTIMATES.values(), ids=ESTIMATES)


def billed(
    estimate: CostEstimate[Any], requests: int, *, seed: int, unit: float = 1.0, spread: float = 1.0
) -> Any:  # noqa: ANN401  # a state is the estimate's own business
    """Bills of random requests: of all models, of some, or of none; one in five is free."""
    rng = np.random.default_rng(seed)
    state = estimate.init(M, D)
    for _ in range(requests):
        cost = unit * np.exp(rng.normal([0.0, 1.0, 2.0], 1.0)) * (rng.random(M) < 0.8)
        request = Request(features=spread * rng.normal(size=D), cost=cost)
        state = estimate.update(state, request, cost, rng.random(M) < 0.6)
    return state


def request(seed: int, unit: float = 1.0) -> Request:
    rng = np.random.default_rng(seed)
    return Request(features=rng.normal(size=D), cost=unit * np.array([1.0, 3.0, 8.0]))


@every_estimate
@settings(max_examples=30)
@given(
    requests=st.integers(0, 40),
    seed=st.integers(0, 2**16),
    unit=st.sampled_from([1e-9, 1.0, 1e9]),
    spread=st.sampled_from([0.0, 1.0, 1e3]),
)
def test_costs_are_finite_and_not_negative(
    build: Build, requests: int, seed: int, unit: float, spread: float
) -> None:
    estimate = build(unit)
    state = billed(estimate, requests, seed=seed, unit=unit, spread=spread)
    cost = estimate.predict(state, request(seed, unit))
    assert cost.shape == (M,)
    assert np.all((cost >= 0.0) & np.isfinite(cost))


@every_estimate
@settings(max_examples=20)
@given(requests=st.integers(0, 40), seed=st.integers(0, 2**16), unit=st.floats(1e-6, 1e6))
def test_another_unit_changes_nothing_but_the_unit(
    build: Build, requests: int, seed: int, unit: float
) -> None:
    in_one, in_unit = build(1.0), build(unit)
    expected = unit * in_one.predict(billed(in_one, requests, seed=seed), request(seed))
    cost = in_unit.predict(billed(in_unit, requests, seed=seed, unit=unit), request(seed, unit))
    np.testing.assert_allclose(cost, expected, rtol=1e-9)


@every_estimate
def test_what_always_costs_the_same_is_expected_to(build: Build) -> None:
    estimate = build(1.0)
    cost = np.array([1.0, 3.0, 8.0])
    state = estimate.init(M, D)
    for seed in range(300):
        state = estimate.update(state, request(seed), cost, np.ones(M, np.bool_))
    # A list price that is off by half is worth one bill in 300.
    np.testing.assert_allclose(estimate.predict(state, request(1000)), cost, rtol=0.01)


@every_estimate
def test_what_was_not_asked_is_not_read(build: Build) -> None:
    estimate = build(1.0)
    costs = []
    for hidden in (0.0, np.nan):
        state = estimate.init(M, D)
        for seed in range(20):
            cost = np.array([2.0, hidden, hidden])
            state = estimate.update(state, request(seed), cost, np.array([True, False, False]))
        costs.append(estimate.predict(state, request(1000)))
    np.testing.assert_array_equal(costs[0], costs[1])


@every_estimate
def test_no_bill_teaches_nothing(build: Build) -> None:
    estimate = build(1.0)
    before = estimate.predict(billed(estimate, 30, seed=1), request(2))
    state = billed(estimate, 30, seed=1)
    state = estimate.update(state, request(3), np.ones(M), np.zeros(M, np.bool_))
    np.testing.assert_array_equal(estimate.predict(state, request(2)), before)


@every_estimate
def test_same_bills_same_costs(build: Build) -> None:
    estimate = build(1.0)
    one, two = (estimate.predict(billed(estimate, 40, seed=4), request(5)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
