"""What verdicts do to the queue and to the predictor."""

import numpy as np
import pytest
from tests.unit.core.zoo import EXPLOIT, EXPLORE, all_of, at, request, zoo

from messplus.core.messplus import LearnFrom, Silence
from messplus.core.types import Verdict

NOBODY = np.zeros(3, dtype=np.bool_)


@pytest.mark.parametrize(
    ("queue", "verdict", "after"),
    [
        (0.0, 0.0, 0.9),  # a miss adds alpha
        (5.0, 1.0, 4.9),  # a hit pays back 1 - alpha
        (0.05, 1.0, 0.0),  # and no more than what is owed
        (5.0, 0.5, 5.4),  # half satisfied
    ],
)
def test_equation_2(queue: float, verdict: float, after: float) -> None:
    router = zoo()
    decision, state = router.decide(at(queue), request(), EXPLOIT)
    state = router.learn(state, request(), decision, Verdict(np.full(3, verdict), all_of(decision)))
    assert state.queue == pytest.approx(after)


def test_exploring_delivers_the_largest_models_answer() -> None:
    router = zoo()
    decision, state = router.decide(at(5.0), request(), EXPLORE)
    satisfied = np.array([1.0, 1.0, 0.0])
    assert decision.delivered(satisfied) == 2
    assert (
        router.learn(state, request(), decision, Verdict(satisfied, all_of(decision))).queue == 5.9
    )


def test_exploring_can_deliver_the_best_answer_seen() -> None:
    router = zoo(deliver="best")
    decision, state = router.decide(at(5.0), request(), EXPLORE)
    satisfied = np.array([0.0, 1.0, 0.0])
    assert decision.delivered(satisfied) == 1
    assert (
        router.learn(state, request(), decision, Verdict(satisfied, all_of(decision))).queue == 4.9
    )


def test_the_best_answer_is_the_cheapest_of_equals() -> None:
    decision, _ = zoo(deliver="best").decide(at(5.0), request(), EXPLORE)
    assert decision.delivered(np.array([0.0, 1.0, 1.0])) == 1
    assert decision.delivered(np.zeros(3)) == 0


def test_delivering_the_best_changes_nothing_when_exploiting() -> None:
    decision, _ = zoo(deliver="best").decide(at(0.0), request(), EXPLOIT)
    assert decision.delivered(np.array([0.0, 1.0, 1.0])) == 0


def test_the_predictor_learns_from_explored_requests_only() -> None:
    router = zoo()
    explored, state = router.decide(at(5.0), request(), EXPLORE)
    state = router.learn(state, request(), explored, Verdict(np.ones(3), all_of(explored)))
    served, state = router.decide(state, request(), EXPLOIT)
    state = router.learn(state, request(), served, Verdict(np.ones(3), all_of(served)))
    assert [observed.tolist() for _, observed in state.predictor] == [[True, True, True]]


def test_the_predictor_can_learn_from_every_served_answer() -> None:
    router = zoo(learn_from="served")
    served, state = router.decide(at(15.0), request(), EXPLOIT)
    state = router.learn(state, request(), served, Verdict(np.ones(3), all_of(served)))
    assert [observed.tolist() for _, observed in state.predictor] == [[False, True, False]]


@pytest.mark.parametrize("learn_from", ["explored", "served"])
def test_a_verdict_on_another_answer_leaves_the_promise_alone(learn_from: LearnFrom) -> None:
    router = zoo(learn_from=learn_from)
    decision, state = router.decide(at(5.0), request(), EXPLORE)
    satisfied = np.array([1.0, np.nan, np.nan])
    judged = np.array([True, False, False])
    state = router.learn(state, request(), decision, Verdict(satisfied, judged))
    assert (state.queue, len(state.predictor)) == (5.0, 1)


def test_the_best_answer_is_one_that_was_judged() -> None:
    router = zoo(deliver="best")
    decision, state = router.decide(at(5.0), request(), EXPLORE)
    judged = np.array([False, True, False])
    state = router.learn(state, request(), decision, Verdict(np.array([1.0, 0.0, 1.0]), judged))
    assert state.queue == 5.9


def test_a_frozen_queue_ignores_silence_and_counts_a_late_verdict() -> None:
    router = zoo()
    early, state = router.decide(at(5.0), request(), EXPLOIT)
    _, state = router.decide(state, request(), EXPLOIT)  # never judged
    assert state.queue == 5.0
    state = router.learn(state, request(), early, Verdict(np.zeros(3), all_of(early)))
    assert state.queue == pytest.approx(5.9)


def test_silence_can_count_as_predicted() -> None:
    router = zoo(silence="predicted")
    _, state = router.decide(at(5.0), request(), EXPLOIT)  # model 0: + .9 - .5
    assert state.queue == pytest.approx(5.4)


def test_a_late_verdict_replaces_the_prediction() -> None:
    router = zoo(silence="predicted")
    early, state = router.decide(at(5.0), request(), EXPLOIT)
    _, state = router.decide(state, request(), EXPLOIT)
    state = router.learn(state, request(), early, Verdict(np.zeros(3), all_of(early)))
    assert state.queue == pytest.approx(5.0 + 0.9 + 0.4)  # a miss and a prediction


@pytest.mark.parametrize("queue", [0.0, 0.03, 5.0])
@pytest.mark.parametrize("verdict", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("p_sat", [0.2, 0.95])
@pytest.mark.parametrize("silence", ["freeze", "predicted"])
def test_a_verdict_at_once_gives_equation_2_however_silence_is_read(
    queue: float, verdict: float, p_sat: float, silence: Silence
) -> None:
    router = zoo(alpha=0.7, silence=silence)
    told = request([p_sat] * 3)
    decision, state = router.decide(at(queue), told, EXPLOIT)
    state = router.learn(state, told, decision, Verdict(np.full(3, verdict), all_of(decision)))
    assert state.queue == pytest.approx(max(0.0, queue + 0.7 - verdict))


def test_nothing_observed_changes_nothing() -> None:
    router = zoo()
    decision, state = router.decide(at(5.0), request(), EXPLOIT)
    assert (
        router.learn(state, request(), decision, Verdict(np.full(3, np.nan), NOBODY)).queue == 5.0
    )
