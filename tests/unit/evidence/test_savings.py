"""What one model for all would have cost, from a log that one policy made."""

import numpy as np
import pytest
from tests.unit.stores.samples import decided, feedback, outcome

from messplus.evidence import PromiseEvidence, evidence_of
from messplus.evidence.savings import Constants, savings
from messplus.offpolicy import Estimate, gather, what_if
from messplus.records import Event
from messplus.stores import MemoryStore

MODELS = ("small", "large")
COST = np.array([1.0, 5.0])
LEVEL = np.array([0.6, 0.9])
BOTH = np.array([True, True])


def log(n: int, seed: int, spread: float) -> list[Event]:
    """Small most of the time; expectations that are wrong by a half, verdicts on half of the answers."""
    rng = np.random.default_rng(seed)
    events: list[Event] = []
    for i in range(n):
        name, m = f"d{i}", int(rng.random() < spread)
        events.append(
            decided(
                name, available=BOTH, model=MODELS[m], asked=(MODELS[m],), cost=1.5 * COST,
                p_sat=np.array([0.5, 0.5]), propensity=(1 - spread, spread)[m], at_s=float(i),
            )
        )  # fmt: skip
        events.append(outcome(name, model=MODELS[m], cost=float(COST[m] * rng.uniform(0.5, 1.5))))
        if rng.random() < 0.5:
            events.append(feedback(name, value=float(rng.random() < LEVEL[m])))
    return events


def promise(events: list[Event]) -> PromiseEvidence:
    store = MemoryStore()
    store.append(events).result()
    (only,) = evidence_of(store).promises.values()
    return only


def test_intervals_hold_what_is_true() -> None:
    largest, cheapest, mix = promise(log(4000, 1, 0.3)).savings()
    assert largest.policy == cheapest.policy == "always:large"
    assert largest.basis == "measured"
    assert largest.cost_low is not None
    assert largest.cost_high is not None
    assert largest.cost_low < 5.0 < largest.cost_high
    assert largest.satisfaction == pytest.approx(0.9, abs=0.04)
    assert largest.saved == pytest.approx(1 - (0.7 * 1 + 0.3 * 5) / 5, abs=0.04)
    # alpha = 0.7 is a third of the way from 0.6 to 0.9
    assert mix.cost_mean == pytest.approx(1 + 4 / 3, abs=0.5)


def test_it_agrees_with_the_estimates_of_the_whole_log() -> None:
    events = log(3000, 2, 0.3)
    ours = promise(events).savings()[0]
    theirs = {line.policy: line for line in what_if(gather(events), [0.7]).lines}["always:large"]
    assert isinstance(theirs.value.cost, Estimate)
    assert isinstance(theirs.value.satisfaction, Estimate)
    assert ours.cost_mean == pytest.approx(theirs.value.cost.value, rel=1e-9)
    assert ours.satisfaction == pytest.approx(theirs.value.satisfaction.value, abs=0.03)


def test_without_chance_there_is_only_what_was_predicted() -> None:
    largest, _, _ = promise(log(500, 3, 0.0)).savings()
    assert largest.basis == "predicted"
    assert largest.cost_mean == pytest.approx(7.5)
    assert largest.saved_low is None
    assert "spread" in largest.note


def test_nothing_is_claimed_before_anything_is_known() -> None:
    for one in savings(Constants(), alpha=0.7, cost_mean=None, ascending=MODELS, judged_share=0.0):
        assert one.saved is None
        assert one.note


def test_a_promise_that_no_model_keeps_has_no_cheapest() -> None:
    events = log(3000, 4, 0.3)
    found = promise(events)
    found.alpha = 0.99
    _, cheapest, mix = found.savings()
    assert cheapest.saved is None
    assert mix.saved is None
    assert "0.99" in cheapest.note


def test_a_model_that_could_not_be_asked_is_stood_in_for() -> None:
    sums = Constants()
    sums.decided(MODELS, [True, False], [0.5, 0.9], [1.0, 5.0], "small", 1.0)
    assert sums.models["large"].predicted_cost == 1.0
    assert sums.models["large"].unsupported == 0  # there was no choice
    sums.decided(MODELS, [True, True], [0.5, 0.9], [1.0, 5.0], "small", 1.0)
    assert sums.models["large"].predicted_cost == 6.0
    assert sums.models["large"].unsupported == 1
