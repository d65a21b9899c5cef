"""Theorem 1 and corollary 1: the debt stays small, so the promise is kept.

The constants of assumption 1 are derived where the stream is built (simulate.py). Every bound
is on an expectation; a mean over independent runs has to stay below it by 4.5 standard errors.
"""

import math

import numpy as np
import pytest
from tests.theory.simulate import (
    ALPHA,
    BETA,
    DELTA_E,
    Q_SAT,
    TYPES,
    Runs,
    mean_and_error,
    mess_plus,
    simulate,
)

from messplus.core import bounds
from messplus.core.bounds import Assumption1
from messplus.core.queue import path

A1 = Assumption1(psi=0, beta=BETA, q=Q_SAT)


def test_the_stream_satisfies_assumption_1() -> None:
    best = TYPES.p.max(axis=1, keepdims=True)
    within_beta = TYPES.p >= best - BETA
    assert TYPES.p[within_beta].min() >= Q_SAT > ALPHA
    assert TYPES.p[:, -1].min() >= Q_SAT  # the answers that exploration delivers


def test_the_queue_stays_below_gamma_plus_sqrt_t(known_p: tuple[float, Runs]) -> None:
    v, runs = known_p
    t = np.arange(1.0, runs.queue.shape[1] + 1)
    mean, error = mean_and_error(runs.queue)
    assert np.all(mean + 4.5 * error <= bounds.queue_bound(t, ALPHA, v, DELTA_E, A1))


def test_the_mean_queue_stays_below_its_bound(known_p: tuple[float, Runs]) -> None:
    v, runs = known_p
    mean, error = mean_and_error(runs.queue.mean(axis=1))
    assert mean + 4.5 * error <= bounds.mean_queue_bound(ALPHA, v, DELTA_E, A1)


def test_the_shortfall_is_at_most_queue_over_t_on_every_run(known_p: tuple[float, Runs]) -> None:
    _, runs = known_p
    t = np.arange(1, runs.queue.shape[1] + 1)
    shortfall = ALPHA - np.cumsum(runs.satisfied, axis=1) / t
    for debt, missing in zip(runs.queue_after, shortfall, strict=True):
        assert np.all(missing <= bounds.pathwise_shortfall(debt) + 1e-9)  # rounding alone


def test_the_shortfall_stays_below_corollary_1(known_p: tuple[float, Runs]) -> None:
    v, runs = known_p
    t = np.arange(1.0, runs.queue.shape[1] + 1)
    mean, error = mean_and_error(ALPHA - np.cumsum(runs.satisfied, axis=1) / t)
    assert np.all(mean + 4.5 * error <= bounds.shortfall_bound(t, ALPHA, v, DELTA_E, A1))


def test_sqrt_t_is_the_right_growth_where_there_is_no_slack() -> None:
    # One model that satisfies with probability alpha: a reflected walk without drift, whose mean
    # is sqrt(2 alpha (1 - alpha) T / pi) up to one request (a walk's steps are not infinitesimal).
    alpha, n_requests, n_runs = 0.5, 2000, 1000
    rng = np.random.default_rng(3)
    ends = np.array(
        [path(alpha, (rng.random(n_requests) < alpha).astype(float))[-1] for _ in range(n_runs)]
    )
    mean, error = mean_and_error(ends)
    exact = math.sqrt(2 * alpha * (1 - alpha) * n_requests / math.pi)
    assert mean == pytest.approx(exact, abs=1 + 4.5 * float(error))
    assert mean + 4.5 * error <= math.sqrt(n_requests)


def test_a_margin_on_alpha_meets_the_contract_exactly() -> None:
    contract, v, n_requests = ALPHA, 1.0, 1000
    alpha = bounds.alpha_for_compliance(contract, n_requests, v, DELTA_E, A1)
    assert alpha < Q_SAT  # assumption 1 holds for the alpha that is run, too
    without, with_margin = (
        simulate(mess_plus(a, v), TYPES.sample, TYPES.costs, n_requests, 20, seed=4)
        for a in (contract, alpha)
    )
    short, short_error = mean_and_error(without.satisfied.mean(axis=1))
    kept, kept_error = mean_and_error(with_margin.satisfied.mean(axis=1))
    assert short + 4.5 * short_error < contract
    assert kept - 4.5 * kept_error >= contract


def test_the_queue_stays_below_the_drift_plus_penalty_bound(known_p: tuple[float, Runs]) -> None:
    v, runs = known_p
    t = np.arange(1.0, runs.queue.shape[1] + 1)
    mean, error = mean_and_error(runs.queue_after)
    assert np.all(
        mean + 4.5 * error <= bounds.dpp_queue_bound(t, v=v, alpha=ALPHA, delta_e=DELTA_E)
    )


def test_with_wrong_predictions_that_bound_holds_with_its_error_term(
    wrong_p: tuple[float, Runs],
) -> None:
    v, runs = wrong_p
    t = np.arange(1.0, runs.queue.shape[1] + 1)
    mean, error = mean_and_error(runs.queue_after)
    wrong = np.cumsum((runs.queue * runs.error).mean(axis=0))
    bound = bounds.dpp_queue_bound(t, v=v, alpha=ALPHA, delta_e=DELTA_E, queue_error=wrong)
    assert np.all(mean + 4.5 * error <= bound)
