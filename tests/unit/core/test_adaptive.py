"""The adaptive policy: its accounts, its price, and what it leaves alone, by hand."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messplus.core.adaptive import Adaptive, AdaptiveState, Asks
from messplus.core.labels import LabelRate
from messplus.core.types import Belief, Bools, Decision, Draws, Floats, Request, Verdict
from messplus.costs import Known
from messplus.errors import SettingError

DRAWS = Draws(0.5, 0.5)


@dataclass(frozen=True)
class Believes:
    """Believes what it is told, of every request alike, and learns nothing."""

    p_sat: tuple[float, ...]
    level: tuple[float, ...] | None = None
    doubt: tuple[float, ...] | None = None

    def init(self, n_models: int, n_features: int) -> None:
        """Nothing to remember."""

    def predict(self, state: None, x: Floats) -> Floats:
        return np.array(self.p_sat)

    def believe(self, state: None, x: Floats) -> Belief:
        return Belief(
            np.array(self.p_sat),
            np.array(self.level or self.p_sat),
            np.array(self.doubt or [0.0] * len(self.p_sat)),
        )

    def update(self, state: None, x: Floats, satisfied: Floats, observed: Bools) -> None:
        """Nothing to learn."""


def policy(believes: Believes, alpha: float = 0.7) -> Adaptive[None, None]:
    return Adaptive(alpha=alpha, predictor=believes, costs=Known())


def request(*cost: float) -> Request:
    return Request(features=np.zeros(1), cost=np.array(cost))


def owing(
    state: AdaptiveState[None, None], *, debt: float = 0.0, t: int = 0, room: float = 0.0
) -> AdaptiveState[None, None]:
    """The state in which so much is owed after t requests, of which some were judged."""
    account = replace(state.account, debt=debt, t=t, labels=LabelRate(labels=1.0))
    return replace(state, account=account, room=room)


def decide_at(adaptive: Adaptive[None, None], debt: float, *cost: float, t: int = 0) -> Decision:
    """The decision on a request that comes when so much is owed, no reserve being earned yet."""
    state = owing(adaptive.init(len(cost), 1), debt=debt, t=t)
    return adaptive.decide(state, request(*cost), DRAWS)[0]


def serve(
    adaptive: Adaptive[None, None], verdicts: list[float | None], cost: tuple[float, ...]
) -> AdaptiveState[None, None]:
    """Serve one request per verdict (None: nobody says), each verdict at once."""
    state = adaptive.init(len(cost), 1)
    for verdict in verdicts:
        asked = request(*cost)
        decision, state = adaptive.decide(state, asked, DRAWS)
        state = adaptive.charge(state, asked, decision, np.array(cost))
        if verdict is not None:
            observed = np.arange(len(cost)) == decision.model
            state = adaptive.learn(
                state, asked, decision, Verdict(np.full(len(cost), verdict), observed)
            )
    return state


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.floats(0.05, 1.0))
def test_mean_satisfaction_is_alpha_minus_debt_per_request(
    verdicts: list[float], alpha: float
) -> None:
    state = serve(policy(Believes((0.5, 0.9)), alpha), list(verdicts), (1.0, 3.0))
    assert np.mean(verdicts) == pytest.approx(alpha - state.debt / state.t, abs=1e-9)


def test_without_a_verdict_the_prediction_counts() -> None:
    state = serve(policy(Believes((0.8, 0.9))), [None, None, 1.0], (1.0, 3.0))
    assert state.debt == pytest.approx(2 * (0.7 - 0.8) + (0.7 - 1.0))


def test_verdicts_may_come_late_and_in_any_order() -> None:
    adaptive = policy(Believes((0.6, 0.9)))
    state = adaptive.init(2, 1)
    open_decisions = []
    for _ in range(6):
        decision, state = adaptive.decide(state, request(1.0, 3.0), DRAWS)
        open_decisions.append(decision)
    for decision, verdict in zip(reversed(open_decisions), [1, 0, 1, 1, 0, 1], strict=True):
        observed = np.arange(2) == decision.model
        verdicts = np.full(2, float(verdict))
        state = adaptive.learn(state, request(1.0, 3.0), decision, Verdict(verdicts, observed))
    assert state.debt == pytest.approx(6 * 0.7 - 4)


def test_an_adequate_cheap_model_is_all_that_is_asked() -> None:
    adaptive = policy(Believes((0.75, 0.95)))
    assert decide_at(adaptive, 0.0, 1.0, 3.0).model == 0
    assert decide_at(adaptive, -20.0, 1.0, 3.0).model == 0


def test_what_is_dearer_than_an_adequate_model_waits_until_the_patience_ends() -> None:
    # Without doubt the ladder ends at the second model, whose level is above alpha = .7; noise is
    # 4 x .7 x .3 = .84, so the patience ends 16.8 requests behind.
    adaptive = policy(Believes((0.4, 0.72, 0.99)))
    for debt in (0.0, 8.0, 16.7):
        assert decide_at(adaptive, debt, 1.0, 3.0, 3.5).model < 2
    assert decide_at(adaptive, 16.9, 1.0, 3.0, 3.5).model == 2


def test_hope_keeps_to_the_cheapest_until_it_is_known_to_be_too_weak() -> None:
    hopeful = Believes((0.5, 0.8), level=(0.6, 0.8), doubt=(1.0, 1.0))
    sure = Believes((0.5, 0.8), level=(0.6, 0.8), doubt=(0.01, 0.01))
    assert decide_at(policy(hopeful), 0.0, 1.0, 3.0).model == 0
    assert decide_at(policy(sure), 0.0, 1.0, 3.0).model == 1


def test_debt_buys_satisfaction_and_credit_saves_cost() -> None:
    # One request says how much the second model adds: .2 for 2 more, a price of 10.
    adaptive = policy(Believes((0.6, 0.8)), alpha=0.6)
    models = [decide_at(adaptive, debt, 1.0, 3.0).model for debt in np.linspace(-60, 60, 25)]
    assert models[0] == 0
    assert models[-1] == 1
    assert models == sorted(models)


def test_optimism_asks_what_may_be_better_and_calls_it_exploring() -> None:
    # The better guess is the second model; credited with its doubt, the third looks better still.
    beliefs = Believes((0.2, 0.6, 0.55), level=(0.2, 0.6, 0.55), doubt=(0.0, 0.0, 1.5))
    decision = decide_at(policy(beliefs, alpha=0.65), 5.0, 1.0, 2.0, 2.05)
    assert decision.model == 2
    assert decision.explored
    assert decision.asked == (2,)
    known = replace(beliefs, doubt=(0.0, 0.0, 0.0))
    assert decide_at(policy(known, alpha=0.65), 5.0, 1.0, 2.0, 2.05).model == 1


@pytest.mark.parametrize(
    ("level", "full"),
    # alpha (1 - alpha) = .21 times 2 / room, within 30 to 100
    [(0.74, 0.21 * 50), (0.99, 0.21 * 30), (0.71, 0.21 * 100)],
)
def test_the_reserve_is_larger_where_there_is_less_room(level: float, full: float) -> None:
    # The third model costs what the reserve makes the policy pay: it is open from 16.8 behind on.
    adaptive = policy(Believes((0.3, level, 0.999)))
    cost = (1.0, 3.0, 3.1)
    start = adaptive.init(3, 1)
    below, above = (
        adaptive.decide(
            owing(start, debt=16.8 - full + step, t=10**6, room=level - 0.7), request(*cost), DRAWS
        )[0].model
        for step in (-0.01, 0.01)
    )
    assert below < 2
    assert above == 2


def test_the_reserve_is_earned_no_faster_than_half_the_room() -> None:
    # 40 points of room above alpha = .5: after 10 requests 2 are to be ahead, of 10 * 30 / 4 in all.
    adaptive = policy(Believes((0.3, 0.9, 0.999)), alpha=0.5)
    cost = (1.0, 3.0, 3.1)
    patience = 20.0
    start = adaptive.init(3, 1)
    models = [
        adaptive.decide(
            owing(start, debt=patience - 2.0 + step, t=10, room=0.4), request(*cost), DRAWS
        )[0].model
        for step in (-0.01, 0.01)
    ]
    assert models[0] < 2
    assert models[1] == 2


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from([2.0**-30, 2.0**-5, 2.0**12]))
def test_the_unit_of_cost_does_not_matter(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    p_sat, cost = tuple(rng.random(3)), np.sort(rng.random((40, 3)))
    verdicts = rng.integers(0, 2, 40).astype(float)

    def models(unit: float) -> list[int]:
        adaptive = policy(Believes(p_sat))
        state, chosen = adaptive.init(3, 1), []
        for row, verdict in zip(cost * unit, verdicts, strict=True):
            decision, state = adaptive.decide(state, request(*row), DRAWS)
            observed = np.arange(3) == decision.model
            state = adaptive.learn(
                state, request(*row), decision, Verdict(np.full(3, verdict), observed)
            )
            chosen.append(decision.model)
        return chosen

    assert models(scale) == models(1.0)


def test_certain_beliefs_are_served() -> None:
    adaptive = policy(Believes((0.0, 1.0), doubt=(1.0, 1.0)))
    assert decide_at(adaptive, 0.0, 1.0, 3.0).model == 1


def test_alpha_of_one_can_be_served() -> None:
    state = serve(policy(Believes((0.5, 0.9)), alpha=1.0), [1.0, 0.0, 1.0], (1.0, 3.0))
    assert state.debt == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"alpha": 0.0}, r"alpha must be in \(0, 1\], got 0.0"),
        ({"softness": 0.0}, "softness must be positive and finite"),
        ({"urgency": float("inf")}, "urgency must be positive and finite"),
        ({"optimism": -1.0}, "optimism must be at least 0"),
        ({"patience": -2.0}, "patience must be positive and finite"),
        ({"window": 0}, "window must be at least 1, got 0"),
        ({"resolve_every": 0}, "resolve_every must be at least 1, got 0"),
    ],
)
def test_a_setting_out_of_range_is_named(setting: dict[str, float], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        replace(policy(Believes((0.5,))), **setting)  # type: ignore[arg-type]  # wrong on purpose


def test_without_any_verdict_the_largest_model_serves_and_it_is_said() -> None:
    adaptive = policy(Believes((0.9, 0.95)))
    state = serve(adaptive, [None] * 49, (1.0, 3.0))
    assert adaptive.warnings(state) == ()
    assert adaptive.decide(state, request(1.0, 3.0), DRAWS)[0].model == 0
    state = serve(adaptive, [None] * 51, (1.0, 3.0))
    assert adaptive.decide(state, request(1.0, 3.0), DRAWS)[0].model == 1
    (warning,) = adaptive.warnings(state)
    assert "no verdict has come on any of 51 answers" in warning


def test_a_promise_out_of_reach_is_reported() -> None:
    adaptive = policy(Believes((0.2, 0.4), doubt=(0.1, 0.1)))
    (warning,) = adaptive.warnings(serve(adaptive, [1.0], (1.0, 3.0)))
    assert "alpha = 0.7 is out of reach: the best model satisfies about 0.400" in warning
    hopeful = policy(Believes((0.2, 0.4), doubt=(0.1, 2.0)))
    assert hopeful.warnings(serve(hopeful, [1.0], (1.0, 3.0))) == ()


def test_credit_is_capped_but_what_was_delivered_is_not_forgotten() -> None:
    adaptive = replace(policy(Believes((0.99, 0.999))), credit=3.0)
    state = serve(adaptive, [1.0] * 40, (1.0, 3.0))
    assert state.debt == -3.0
    assert adaptive.believed(state) == pytest.approx(1.0)


def test_few_verdicts_make_the_policy_cautious() -> None:
    # The cheap model passes by hope; where hardly anything is judged it must be known.
    adaptive = policy(Believes((0.66, 0.9), doubt=(0.3, 0.1)))
    start = owing(adaptive.init(2, 1), debt=-1.0, t=1000)
    assert adaptive.decide(start, request(1.0, 1.5), DRAWS)[0].model == 0
    few = replace(start.account, labels=LabelRate(decisions=20_000, labels=10.0))
    blind = replace(start, account=few)
    assert adaptive.decide(blind, request(1.0, 1.5), DRAWS)[0].model == 1


@pytest.mark.parametrize(
    ("asks", "asked"),
    [("one", (1, 2)), ("all", (0, 1, 2, 3))],  # of the two cheaper models, less is known of 1
)
def test_exploring_asks_others_off_the_users_path(asks: Asks, asked: tuple[int, ...]) -> None:
    believes = Believes((0.2, 0.3, 0.9, 0.95), doubt=(0.01, 0.02, 0.01, 0.5))
    adaptive = replace(policy(believes), explore=1.0, explore_asks=asks)
    start = owing(adaptive.init(4, 1), t=15)  # 16^(-1/4) = 1/2
    cost = request(1.0, 2.0, 3.0, 9.0)
    decision, _ = adaptive.decide(start, cost, Draws(0.49, 0.5))
    assert (decision.model, decision.asked, decision.explored) == (2, asked, True)
    decision, _ = adaptive.decide(start, cost, Draws(0.51, 0.5))
    assert (decision.model, decision.asked) == (2, (2,))
