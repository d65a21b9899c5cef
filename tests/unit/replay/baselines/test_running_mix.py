"""The cheapest mix of running means."""

import numpy as np
import pytest

from messplus.core.types import Draws, Request, Verdict
from messplus.costs import RunningMean as MeanCost
from messplus.costs.running import CostSums
from messplus.errors import SettingError
from messplus.predictors.mean import VerdictSums
from messplus.replay.baselines.running_mix import MixState, RunningMix, RunningMixSettings
from messplus.replay.references import static_mix
from messplus.replay.run import replay
from messplus.replay.streams import Stream

REQUEST = Request(features=np.zeros(1))


def known(debt: float = 0.0) -> MixState:
    """Models that satisfy .5, .6 and .9, so well known that the prior is nothing, for 1, 9 and 5."""
    calls = np.full(3, 1e9)
    satisfied = np.array([0.5, 0.6, 0.9])
    cost = np.array([1.0, 9.0, 5.0])
    return MixState(VerdictSums(calls * satisfied, calls), CostSums(calls * cost, calls), debt)


def running_mix(
    *, alpha: float = 0.8, width: float = 1.0, horizon: float = 100.0, most: float = 0.05
) -> RunningMix:
    return RunningMix(alpha=alpha, costs=MeanCost(), width=width, horizon=horizon, most=most)


@pytest.mark.parametrize(
    ("debt", "dear"),
    [(0.0, 0.75), (4.0, 0.85), (-4.0, 0.65), (1e6, 0.875), (-1e6, 0.625)],
)
def test_the_mix_by_hand(debt: float, dear: float) -> None:
    """.5 (1 - w) + .9 w = .8 + debt / 100, kept within .05: w is 2.5 times what exceeds .5."""
    policy, state = running_mix(), known(debt)
    for luck, model, chance in ((1.0 - dear - 1e-3, 0, 1.0 - dear), (1.0 - dear + 1e-3, 2, dear)):
        decision, _ = policy.decide(state, REQUEST, Draws(0.5, luck))
        assert decision.model == model
        assert decision.propensity == pytest.approx(chance, abs=1e-4)
        assert decision.queue == max(debt, 0.0)


def test_what_cannot_be_reached_is_left_to_the_best() -> None:
    decision, _ = running_mix(alpha=0.95).decide(known(), REQUEST, Draws(0.5, 0.0))
    assert (decision.model, decision.propensity) == (2, 1.0)


def test_the_debt_counts_verdicts_on_delivered_answers_only() -> None:
    policy, state = running_mix(), known()
    decision, state = policy.decide(state, REQUEST, Draws(0.5, 0.99))
    miss = np.array([np.nan, np.nan, 0.0])
    state = policy.learn(state, REQUEST, decision, Verdict(miss, decision.asked_mask))
    assert state.debt == pytest.approx(0.8)
    other = Verdict(np.array([1.0, np.nan, np.nan]), np.array([True, False, False]))
    after = policy.learn(state, REQUEST, decision, other)
    assert after.debt == state.debt
    assert after.satisfaction.satisfied[0] == state.satisfaction.satisfied[0] + 1.0


def test_each_model_is_tried_before_any_is_asked_twice() -> None:
    policy, state = running_mix(), running_mix().init(3, 1)
    asked = []
    for _ in range(3):
        decision, state = policy.decide(state, REQUEST, Draws(0.5, 0.5))
        asked.append(decision.model)
        state = policy.charge(state, REQUEST, decision, np.array([1.0, 9.0, 5.0]))
    assert sorted(asked) == [0, 1, 2]


def test_it_comes_to_cost_what_the_static_mix_costs() -> None:
    rng = np.random.default_rng(4)
    n, level = 6000, np.array([0.5, 0.6, 0.9])
    stream = Stream(
        data="d", task="t", alpha=0.8, models=("a", "b", "c"), cost_unit="usd",
        score=(rng.random((n, 3)) < level).astype(float),
        cost=np.tile((1.0, 9.0, 5.0), (n, 1)),
        features=np.zeros((n, 1)),
    )  # fmt: skip
    trace = replay(stream, RunningMixSettings().build(stream), seed=0)
    late = slice(3000, None)
    # A debt is paid back within some 200 requests: it swings by about sqrt(200 / 2 * .16) = 4.
    assert abs(trace.satisfied[late].mean() - 0.8) < 4 * 4 / 3000 + 0.005
    best = static_mix(stream).cost_mean
    assert best is not None
    assert trace.cost[late].mean() == pytest.approx(best, rel=0.1)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(SettingError, match="width must be"):
        running_mix(width=-1.0)
    with pytest.raises(SettingError, match="horizon must be"):
        running_mix(horizon=0.0)
    with pytest.raises(SettingError, match="most must be"):
        running_mix(most=-0.1)
