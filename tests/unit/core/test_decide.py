"""Decisions worked by hand: p_sat .5, .7, .95; cost 1, 3, 8; alpha .9; V 1.

With weight 1 on cost, the scores E - Q p_sat of the three models are 1 - .5 Q, 3 - .7 Q and
8 - .95 Q: the first two meet at Q = 10, the last two at Q = 20.
"""

import numpy as np
import pytest
from tests.unit.core.zoo import EXPLOIT, EXPLORE, Scripted, at, request, zoo

from messplus.core.exploration import probability
from messplus.core.messplus import MessPlus, drift_plus_penalty
from messplus.core.types import Draws
from messplus.costs import RunningMean


@pytest.mark.parametrize(
    ("queue", "model"), [(0.0, 0), (9.99, 0), (10.01, 1), (19.99, 1), (20.01, 2), (1000.0, 2)]
)
def test_debt_buys_satisfaction_at_the_prices_worked_by_hand(queue: float, model: int) -> None:
    decision, _ = zoo().decide(at(queue), request(), EXPLOIT)
    assert decision.model == model
    assert decision.asked == (model,)


def test_the_score_is_cost_plus_debt_times_shortfall() -> None:
    score = drift_plus_penalty(2.0, 10.0, 0.9, np.array([0.5, 0.95]), np.array([1.0, 8.0]))
    assert score == pytest.approx([2 + 4, 16 - 0.5])  # 2 x 1 + 10 x .4, 2 x 8 - 10 x .05


@pytest.mark.parametrize(("queue", "v", "model"), [(19.9, 2.0, 0), (20.1, 2.0, 1), (5.1, 0.5, 1)])
def test_only_the_price_q_over_v_counts(queue: float, v: float, model: int) -> None:
    decision, _ = zoo(v=v).decide(at(queue), request(), EXPLOIT)
    assert decision.model == model


def test_a_tie_goes_to_the_cheapest() -> None:
    decision, _ = zoo().decide(at(10.0), request([0.5, 0.5, 0.5], [3.0, 3.0, 3.0]), EXPLOIT)
    assert decision.model == 0


def test_the_first_request_is_explored_whatever_its_draw() -> None:
    router = zoo(c=0.0)
    first, state = router.decide(router.init(3, 3), request(), EXPLOIT)
    second, _ = router.decide(state, request(), EXPLORE)
    assert (first.explored, first.asked, first.model) == (True, (0, 1, 2), 2)
    assert not second.explored


def test_the_first_request_can_be_left_to_its_draw() -> None:
    router = zoo(c=0.1, explore_first=False)
    decision, _ = router.decide(router.init(3, 3), request(), Draws(explore=0.1, choose=0.0))
    assert not decision.explored


def test_a_request_is_explored_when_its_draw_is_below_the_schedule() -> None:
    router = zoo(c=0.4)  # the 16th request is explored with probability .4 / 16^(1/4) = .2
    below, _ = router.decide(at(0.0, t=15), request(), Draws(explore=0.1999, choose=0.0))
    above, _ = router.decide(at(0.0, t=15), request(), Draws(explore=0.2001, choose=0.0))
    assert (below.explored, above.explored) == (True, False)


def test_a_decision_is_counted_and_nothing_is_owed_for_it_yet() -> None:
    _, state = zoo().decide(at(3.0, t=7), request(), EXPLOIT)
    assert (state.t, state.queue) == (8, 3.0)


@pytest.mark.parametrize("queue", [0.0, 15.0, 30.0])  # exploiting asks model 0, 1 or 2
def test_propensities_are_the_shares_of_the_draws_that_lead_there(queue: float) -> None:
    router = zoo(c=0.3)
    explore = probability(0.3, 2)
    exploiting, _ = router.decide(at(queue), request(), EXPLOIT)
    exploring, _ = router.decide(at(queue), request(), EXPLORE)
    reached = {d.model: d.propensity for d in (exploiting, exploring)}
    assert sum(reached.values()) == pytest.approx(1.0)
    assert exploiting.propensity == pytest.approx(
        1.0 if exploiting.model == exploring.model else 1.0 - explore
    )


def test_the_decision_records_what_it_was_taken_with() -> None:
    decision, _ = zoo().decide(at(12.0), request(), EXPLOIT)
    assert decision.queue == 12.0
    assert decision.p_sat.tolist() == [0.5, 0.7, 0.95]
    assert decision.cost.tolist() == [1.0, 3.0, 8.0]


def test_every_model_that_was_asked_is_charged_and_no_other() -> None:
    router = MessPlus(alpha=0.9, v=1.0, c=0.0, predictor=Scripted(), costs=RunningMean())
    state = router.init(3, 3)
    for bill in ([1.0, 3.0, 8.0], [2.0, 100.0, 100.0]):  # all explored; then the cheapest only
        decision, state = router.decide(state, request(), EXPLOIT)
        state = router.charge(state, request(), decision, np.array(bill))
    assert state.costs.total.tolist() == [3.0, 3.0, 8.0]
    assert state.costs.calls.tolist() == [2.0, 1.0, 1.0]
