"""What callers may spend in a day."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messplus.core.types import Draws
from messplus.gateway.access import Budgets, Caller
from messplus.gateway.access import budget as module
from messplus.gateway.access.budget import DAY_S, day_start, seconds_to_midnight
from messplus.records import Decided, Event, Outcome

NOON = 20_000 * DAY_S + DAY_S / 2
ALICE = Caller(name="alice", budget_usd_per_day=1.0)


def test_a_budget_is_spent_and_whole_again_at_midnight() -> None:
    budgets = Budgets()
    budgets.spend("alice", 0.75, NOON)
    assert budgets.left(ALICE, NOON) == 0.25
    budgets.spend("alice", 0.75, NOON)
    assert budgets.left(ALICE, NOON) == 0
    assert budgets.left(Caller(name="bob", budget_usd_per_day=3), NOON) == 3
    assert budgets.left(Caller(name="free"), NOON) is None
    assert budgets.left(ALICE, NOON + seconds_to_midnight(NOON) - 1) == 0
    assert budgets.left(ALICE, NOON + seconds_to_midnight(NOON)) == 1
    assert budgets.left(ALICE, NOON) == 1  # the clock was set back: the new day goes on
    assert day_start(NOON) + seconds_to_midnight(NOON) == NOON


def decided(decision_id: str, client: str, at_s: float) -> Decided:
    return Decided(
        decision_id=decision_id, route="r", at_s=at_s, t=0, alpha=0.9, models=("m",),
        available=np.array([True]), features=np.zeros(1), draws=Draws(explore=0.5, choose=0.5),
        model="m", asked=("m",), explored=False, propensity=1.0, queue=0.0, p_sat=np.ones(1),
        cost=np.ones(1), attributes={"client": client} if client else {},
    )  # fmt: skip


def outcome(decision_id: str, at_s: float, cost: float) -> Outcome:
    return Outcome(decision_id=decision_id, model="m", at_s=at_s, cost=cost)


def test_what_was_spent_today_is_read_from_the_log() -> None:
    log: list[Event] = [
        decided("old", "alice", NOON - DAY_S),
        outcome("old", NOON - DAY_S, 100),
        decided("late", "alice", day_start(NOON) - 1),
        outcome("late", day_start(NOON) + 1, 0.25),
        decided("a", "alice", NOON),
        decided("b", "", NOON),
        outcome("a", NOON, 0.125),
        outcome("b", NOON, 7),
        outcome("a", NOON, 0.125),
        outcome("forgotten", NOON, 7),
    ]
    budgets = Budgets()
    budgets.spend("alice", 55, NOON)
    budgets.restore(log, NOON)
    assert budgets.spent("alice", NOON) == 0.5


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2 * DAY_S), st.integers(0, 9))))
def test_after_a_restart_the_same_is_left(calls: list[tuple[str, int, int]]) -> None:
    live = Budgets()
    log: list[Event] = []
    calls = sorted(calls, key=lambda call: call[1])
    for n, (name, at_s, cost) in enumerate(calls):
        log += [decided(str(n), name, at_s), outcome(str(n), at_s, cost)]
        live.spend(name, cost, at_s)
    restored = Budgets()
    restored.restore(log, calls[-1][1] if calls else 0)
    end_s = calls[-1][1] if calls else 0
    for name in "abc":
        assert restored.spent(name, end_s) == live.spent(name, end_s)


def test_memory_is_bounded_while_a_log_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_OPEN", 2)

    def log() -> Iterator[Event]:
        for n in range(5):
            yield decided(str(n), "alice", NOON)
        for n in range(5):
            yield outcome(str(n), NOON, 1)

    budgets = Budgets()
    budgets.restore(log(), NOON)
    assert budgets.spent("alice", NOON) == 2
