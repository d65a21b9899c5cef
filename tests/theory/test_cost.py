"""Theorem 2 and the drift-plus-penalty derivation: the cost is close to the optimum.

The optimum C* is that of (1) over stationary policies that know p, and lambda* its price.
"""

import numpy as np
import pytest
from tests.theory.simulate import (
    ALPHA,
    COST_ALL,
    DELTA_E,
    STEADY_ALPHA,
    STEADY_PRICE,
    TYPES,
    Runs,
    hardness,
    mean_and_error,
    mess_plus,
    simulate,
)

from messplus.core import bounds
from messplus.core.queue import step
from messplus.core.types import Floats

BEST, PRICE = TYPES.optimum(ALPHA)


def dpp_gap(v: float, runs: Runs) -> bounds.CostGap:
    return bounds.dpp_cost_gap(
        runs.cost.shape[1],
        v=v,
        c=0.1,
        alpha=ALPHA,
        mean_queue_error=float((runs.queue * runs.error).mean()),
        cost_all=COST_ALL,
        cost_best=BEST,
    )


def test_the_optimum_is_the_one_worked_by_hand() -> None:
    assert pytest.approx((1.76, 20 / 3)) == (BEST, PRICE)


def test_the_cost_gap_stays_below_the_drift_plus_penalty_bound(
    known_p: tuple[float, Runs],
) -> None:
    v, runs = known_p
    mean, error = mean_and_error(runs.cost.mean(axis=1) - BEST)
    assert mean + 4.5 * error <= dpp_gap(v, runs).total


def test_with_wrong_predictions_that_bound_holds_with_its_error_term(
    wrong_p: tuple[float, Runs],
) -> None:
    v, runs = wrong_p
    mean, error = mean_and_error(runs.cost.mean(axis=1) - BEST)
    gap = dpp_gap(v, runs)
    assert gap.prediction > 0
    assert mean + 4.5 * error <= gap.total


def test_nothing_is_cheaper_than_the_optimum_but_for_the_debt(known_p: tuple[float, Runs]) -> None:
    # Weak duality: E[cost] - C* >= lambda* (E[s] - alpha), whatever the policy.
    _, runs = known_p
    priced = runs.cost.mean(axis=1) - BEST - PRICE * (runs.satisfied.mean(axis=1) - ALPHA)
    mean, error = mean_and_error(priced)
    assert mean >= -4.5 * error


def test_theorem_2_holds_and_says_nothing_even_for_a_perfect_predictor(
    known_p: tuple[float, Runs],
) -> None:
    # F_min is the entropy of the verdicts, which no predictor can remove.
    v, runs = known_p
    entropy = -(TYPES.p * np.log(TYPES.p) + (1 - TYPES.p) * np.log(1 - TYPES.p))
    gap = bounds.cost_gap(
        runs.cost.shape[1],
        v=v,
        c=0.1,
        n_models=3,
        f_min=float(TYPES.share @ entropy.mean(axis=1)),
        mean_queue=float(runs.queue.mean()),
        cost_max=8.0,
    )
    mean, error = mean_and_error(runs.cost.mean(axis=1) - BEST)
    assert mean + 4.5 * error <= gap.total
    assert gap.prediction > DELTA_E  # more than any policy can waste


WEIGHTS = (5.0, 10.0, 20.0, 40.0)
N_RUNS = 16


@pytest.mark.parametrize("v", WEIGHTS[:3])
def test_the_exact_steady_state_agrees_with_that_approximation(v: float) -> None:
    # alpha = 7 / 8, so the queue moves on multiples of 1 / 8: a chain that can be solved. It ends
    # at 4 V, far above 2 V; what is cut off weighs less than 1e-6.
    queue = np.arange(int(32 * v)) / 8
    price = np.maximum(queue / v, 1.0)
    satisfied = 1 - 1 / (2 * price**2)
    chain = np.zeros((len(queue), len(queue)))
    for i, q in enumerate(queue):
        hit, miss = (round(8 * step(STEADY_ALPHA, s)(q)) for s in (1.0, 0.0))
        chain[i, hit] += satisfied[i]
        chain[i, min(miss, len(queue) - 1)] += 1 - satisfied[i]
    # stationary: weight (P - 1) = 0, with one of these equations replaced by sum of weights = 1
    equations = chain.T - np.eye(len(queue))
    equations[-1] = 1.0
    weight = np.linalg.solve(equations, np.eye(len(queue))[-1])

    assert weight[-8:].sum() < 1e-6
    wasted = weight @ (1 / price - 1 / 2) ** 2
    # the next order in 1 / V is 2 % at V = 1
    exact = STEADY_ALPHA * (1 - STEADY_ALPHA) / (4 * v)
    assert wasted == pytest.approx(exact, rel=0.025 / v)
    assert weight @ queue == pytest.approx(
        bounds.fluid_queue(v, STEADY_PRICE) + 3 * STEADY_ALPHA * (1 - STEADY_ALPHA), abs=0.01
    )


@pytest.fixture(scope="module")
def steady() -> dict[float, Floats]:
    """V to the queues of runs that start at V lambda* and are long past that start: (runs, T)."""
    queues = {}
    for v in WEIGHTS:
        runs = simulate(
            mess_plus(STEADY_ALPHA, v),
            hardness,
            np.array([1.0, 2.0]),
            int(100 * v),
            N_RUNS,
            seed=int(v),
            queue=bounds.fluid_queue(v, STEADY_PRICE),
        )
        queues[v] = runs.queue[:, int(24 * v) :]  # three times its memory
    return queues


def waste(queue: Floats, v: float) -> tuple[float, float]:
    """Mean waste per request at these queues, and its standard error over the runs."""
    price = np.maximum(queue / v, 1.0)
    mean, error = mean_and_error(((1 / price - 1 / 2) ** 2).mean(axis=1))
    return float(mean), float(error)


def test_the_cost_gap_times_v_is_alpha_times_one_minus_alpha_over_4(
    steady: dict[float, Floats],
) -> None:
    for v in WEIGHTS:
        mean, error = waste(steady[v], v)
        exact = STEADY_ALPHA * (1 - STEADY_ALPHA) / (4 * v)
        assert mean == pytest.approx(exact, abs=4.5 * error)


def test_the_cost_gap_is_below_the_bound_for_every_v(steady: dict[float, Floats]) -> None:
    for v in WEIGHTS:
        mean, error = waste(steady[v], v)
        bound = bounds.dpp_cost_gap(
            1, v=v, c=0.0, alpha=STEADY_ALPHA, mean_queue_error=0, cost_all=3.0, cost_best=1.5
        )
        assert mean + 4.5 * error <= bound.drift


def test_the_cost_gap_shrinks_like_one_over_v(steady: dict[float, Floats]) -> None:
    means, errors = np.array([waste(steady[v], v) for v in WEIGHTS]).T
    x = np.log(WEIGHTS) - np.log(WEIGHTS).mean()
    slope = x @ np.log(means) / (x @ x)
    error = np.sqrt(((x * errors / means) ** 2).sum()) / (x @ x)
    assert slope == pytest.approx(-1.0, abs=4.5 * error)
    assert 4.5 * error < 0.5  # tells 1 / V from 1 / sqrt(V)


def test_the_queue_settles_at_v_lambda(steady: dict[float, Floats]) -> None:
    for v in WEIGHTS:
        mean, error = mean_and_error(steady[v].mean(axis=1))
        # S is concave, so the mean queue lies 3 alpha (1 - alpha) above: one third of a request
        exact = bounds.fluid_queue(v, STEADY_PRICE) + 3 * STEADY_ALPHA * (1 - STEADY_ALPHA)
        assert mean == pytest.approx(exact, abs=4.5 * float(error))


def test_a_queue_that_starts_empty_gets_there() -> None:
    v = 20.0
    runs = simulate(mess_plus(STEADY_ALPHA, v), hardness, np.array([1.0, 2.0]), 2400, 10, seed=6)
    mean, error = mean_and_error(runs.queue[:, 1200:].mean(axis=1))
    assert mean == pytest.approx(bounds.fluid_queue(v, STEADY_PRICE), abs=1 + 4.5 * float(error))
