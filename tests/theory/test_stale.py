"""Deciding by an old queue: what drift plus penalty says of it, and from where on it swings.

All decide by the queue as it was at the latest of the cuts, which are d requests apart.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from tests.theory.simulate import (
    ALPHA,
    DELTA_E,
    STEADY_ALPHA,
    STEADY_PRICE,
    TYPES,
    excursions,
    mean_and_error,
    mess_plus,
    share_beyond,
)

from messplus.core import bounds
from messplus.core.types import Draws, Floats, Request, Verdict

BEST, _ = TYPES.optimum(ALPHA)
N_REQUESTS, N_RUNS, EVERY = 1500, 16, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """What happened to each request (column) of each independent run (row)."""

    known: Floats
    queue: Floats
    queue_after: Floats
    cost: Floats


@pytest.fixture(scope="module", params=[1.0, 5.0], ids=lambda v: f"V={v:g}")
def stale(request: pytest.FixtureRequest) -> tuple[float, Stale]:
    """V, and MESS+ with a predictor that knows p, which is told the queue at cuts only."""
    v = float(request.param)
    policy = mess_plus(ALPHA, v)
    rng = np.random.default_rng(3)
    rows = {name: np.empty((N_RUNS, N_REQUESTS)) for name in Stale.__dataclass_fields__}
    for run in range(N_RUNS):
        p = TYPES.sample(rng, N_REQUESTS)
        verdicts = (rng.random(p.shape) < p).astype(np.float64)
        state = replace(policy.init(3, 3), t=1)  # no exploring at first
        known = 0.0
        for t in range(N_REQUESTS):
            if t % EVERY == 0:
                known = state.queue
            asked = Request(features=p[t], cost=TYPES.costs)
            decision, after = policy.decide(replace(state, queue=known), asked, Draws(0.5, 0.5))
            verdict = Verdict(verdicts[t], decision.asked_mask)
            after = policy.learn(replace(after, queue=state.queue), asked, decision, verdict)
            seen = (known, state.queue, after.queue, TYPES.costs[decision.model])
            for name, value in zip(rows, seen, strict=True):
                rows[name][run, t] = value
            state = after
    return v, Stale(**rows)


def test_what_is_known_differs_by_the_unseen_steps_at_most(stale: tuple[float, Stale]) -> None:
    _, runs = stale
    unseen = (np.arange(N_REQUESTS) % EVERY).astype(np.float64)
    assert (np.abs(runs.queue - runs.known) <= bounds.unseen_steps(ALPHA, unseen) + 1e-9).all()
    assert (runs.queue != runs.known).any()


def test_the_cost_gap_grows_by_no_more_than_the_error_of_the_queue_over_v(
    stale: tuple[float, Stale],
) -> None:
    v, runs = stale
    fresh = bounds.dpp_cost_gap(
        N_REQUESTS, v=v, c=0.0, alpha=ALPHA, mean_queue_error=0.0, cost_all=0.0, cost_best=BEST
    )
    gap, error = mean_and_error((runs.cost - BEST).mean(axis=1))
    measured = float(np.abs(runs.queue - runs.known).mean())
    at_most = bounds.stale_cost_gap(v, float(bounds.unseen_steps(ALPHA, EVERY / 2)))
    assert gap <= fresh.total + bounds.stale_cost_gap(v, measured) + 4.5 * error
    assert bounds.stale_cost_gap(v, measured) <= at_most


def test_the_queue_stays_below_its_bound(stale: tuple[float, Stale]) -> None:
    v, runs = stale
    queue, error = mean_and_error(runs.queue_after)
    t = np.arange(1.0, N_REQUESTS + 1)
    apart = float(np.abs(runs.queue - runs.known).mean(axis=0).max())
    bound = bounds.stale_queue_bound(t, v=v, alpha=ALPHA, delta_e=DELTA_E, queue_error=apart)
    assert (queue <= bound + 4.5 * error).all()


def swing(v: float, every: int, *, cuts: int, runs: int, seed: int) -> Floats:
    """The queue at each cut on requests of uniform hardness, shape (cuts, runs); from V lambda*.

    At the price l = Q / V > 1 a share S = 1 - 1 / (2 l^2) is satisfied (see `hardness`), so that
    between two cuts, at one price, the satisfied are binomial.
    """
    rng = np.random.default_rng(seed)
    queue = np.full(runs, bounds.fluid_queue(v, STEADY_PRICE))
    found = np.empty((cuts, runs))
    for cut in range(cuts):
        price = np.maximum(queue / v, 1.0)
        satisfied = rng.binomial(every, 1.0 - 0.5 / price**2)
        queue = np.maximum(0.0, queue + STEADY_ALPHA * every - satisfied)
        found[cut] = queue
    return found


@pytest.mark.parametrize("gain_times_every", [0.5, 1.0, 1.5])
def test_an_old_queue_has_so_much_more_variance(gain_times_every: float) -> None:
    # g = S'(l*) / V = 1 / (8 V); prices are nearly linear where V is large
    v = 2000.0
    every = round(gain_times_every * 8 * v)
    queue = swing(v, every, cuts=60, runs=2000, seed=4)[30:]
    fresh = STEADY_ALPHA * (1 - STEADY_ALPHA) / (2 / (8 * v))
    measured = float(queue[-1].var())
    expected = fresh * bounds.stale_variance(1 / (8 * v), every)
    assert measured == pytest.approx(expected, rel=4.5 * np.sqrt(2 / 2000) + 0.05)


def test_beyond_that_it_swings_ever_wider() -> None:
    v = 2000.0
    calm, wild = (swing(v, round(gd * 8 * v), cuts=40, runs=50, seed=5) for gd in (1.5, 2.5))
    assert wild[-10:].std() > 10 * calm[-10:].std()


def test_a_debt_that_is_known_late_has_the_same_tail_above_a_higher_level() -> None:
    # Where 1 or more is known to be owed, answers satisfy with .85, else nobody is satisfied: as far
    # above it as unseen misses can bring the debt, it falls as if all were known.
    alpha, q, every, level = 0.8, 0.85, 8, 1.0
    rng = np.random.default_rng(6)
    luck = rng.random(200_000)
    before, after = np.empty(len(luck)), np.empty(len(luck))
    debt = known = 0.0
    for t, one in enumerate(luck):
        if t % every == 0:
            known = debt
        before[t] = debt
        debt += alpha - (known >= level and one < q)
        after[t] = debt
    x = alpha + np.arange(0.1, 8.0, 0.5)
    bound = bounds.excursion_tail(x, alpha, q)
    tops = excursions(before, after, bounds.stale_debt_level(level, alpha, every - 1))
    assert len(tops) > 300
    error = np.sqrt(bound * (1 - bound) / len(tops))
    assert (share_beyond(tops, x) <= bound + 4.5 * error).all()
    # The higher level is needed: above the known one the debt gets further.
    assert (share_beyond(excursions(before, after, level), x) > bound).any()
