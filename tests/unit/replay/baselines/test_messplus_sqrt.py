"""A V that grows like the square root of time, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.replay.baselines.dear_calls import halves

from messplus.core.types import Draws, Request
from messplus.costs.running import CostSums
from messplus.errors import SettingError
from messplus.replay.baselines.messplus_sqrt import MessPlusSqrt, MessPlusSqrtSettings
from messplus.replay.run import replay


def policy(**settings: float) -> MessPlusSqrt:
    return MessPlusSqrtSettings(**settings).build(halves(50))  # type: ignore[arg-type]


def test_v_by_hand() -> None:
    sqrt = policy(v0=0.5)
    state = sqrt.init(3, 2)
    assert sqrt.v(state) == 0.5  # before any bill there is no spread
    costs = CostSums(np.array([4.0, 0.0, 20.0]), np.array([2.0, 0.0, 2.0]))
    state = replace(state, t=8, costs=costs)
    # 9 requests make sqrt 3; called models cost 2 and 10 on average.
    assert sqrt.v(state) == pytest.approx(0.5 * 3.0 / 8.0)


def test_a_debt_buys_less_the_later_it_is() -> None:
    """Costs 1 and 2, predictions .5 and 1 - nearly: the dear one is asked if Q times .5 exceeds V."""
    sqrt = policy(v0=1.0, c=0.0)
    costs = CostSums(np.array([1.0, 2.0]), np.ones(2))
    start = sqrt.init(2, 2)
    start.predictor.mean[1, 0] = 1e3
    request = Request(features=np.zeros(2))
    chosen = []
    for t in (3, 99):
        state = replace(start, t=t, queue=10.0, costs=costs)
        decision, after = sqrt.decide(state, request, Draws(0.5, 0.5))
        chosen.append(decision.model)
        assert (after.t, after.queue) == (t + 1, 10.0)
    assert chosen == [1, 0]  # V is 2, then 10


def test_the_promise_is_kept_at_less_than_a_blind_mix_costs() -> None:
    stream = halves()
    trace = replay(stream, MessPlusSqrtSettings(c=0.1).build(stream), seed=0)
    assert trace.satisfied[1000:].mean() > 0.8 - 0.03
    assert (trace.model[1000:] == 1).mean() < 0.5  # blind, 60 % of the calls would be dear


def test_a_v0_of_nothing_is_refused() -> None:
    with pytest.raises(SettingError, match="must be positive and finite"):
        policy(v0=0.0)
