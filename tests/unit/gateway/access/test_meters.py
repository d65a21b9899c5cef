"""Rates and budgets that many gateways keep together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from messplus.core.queue import QueueStep
from messplus.gateway.access import Budgets, Caller, Meters, Rates
from messplus.gateway.access.budget import DAY_S
from messplus.gateway.access.rate import MINUTE_S
from messplus.stores.shared import Metering

NOW_S = 1.8e9
ALICE = Caller(name="alice", rpm=5, budget_usd_per_day=10.0)


class Store:
    """Values that all share."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.numbers: dict[str, int] = {}

    def meter(self, metering: Metering) -> dict[str, float]:
        if self.numbers.get(metering.source, 0) < metering.number:
            self.numbers[metering.source] = metering.number
            for name, step in metering.steps.items():
                self.values[name] = step(self.values.get(name, 0.0))
        return {name: self.values[name] for name in metering.steps}


@dataclass
class Replica:
    """One gateway, and which requests it knows to have been admitted."""

    meters: Meters = field(default_factory=lambda: Meters(shared=True))
    taken: Metering | None = None
    latest: Metering | None = None
    pending: set[int] = field(default_factory=set)
    in_taken: set[int] = field(default_factory=set)
    known: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rates, self.budgets = Rates(self.meters), Budgets(self.meters)

    def take(self) -> None:
        self.taken = self.meters.take()
        if self.taken is not self.latest:  # else it is one that has failed
            self.latest, self.in_taken, self.pending = self.taken, self.pending, set()

    def end(self, store: Store, stored: set[int]) -> None:
        """The exchange that was begun succeeds."""
        assert self.taken is not None
        self.meters.settle(store.meter(self.taken))
        stored |= self.in_taken
        if self.taken.steps:
            self.known |= stored
        self.taken = None

    def fail(self) -> None:
        """It never reaches the store."""
        self.taken = None

    def lose(self, store: Store, stored: set[int]) -> None:
        """It is applied, and the answer is lost."""
        assert self.taken is not None
        store.meter(self.taken)
        stored |= self.in_taken
        self.taken = None

    def exchange(self, store: Store, stored: set[int]) -> None:
        if self.taken is None:
            self.take()
        self.end(store, stored)


Act = Literal["ask", "take", "end", "fail", "lose"]
acts = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "ask", "take", "end", "fail", "lose"]),
        st.integers(0, 3),
        st.floats(0, 20),
    ),
    max_size=80,
)


def run(acts: Sequence[tuple[Act, int, float]]) -> tuple[list[Replica], Store, set[int], float]:
    """Four gateways; each request that is admitted is checked against all that were before."""
    replicas, store, stored = [Replica() for _ in range(4)], Store(), set[int]()
    admitted_s: list[float] = []
    now_s = NOW_S
    for act, who, gap_s in acts:
        one, now_s = replicas[who], now_s + gap_s
        if act == "take" and one.taken is None:
            one.take()
        elif act == "end" and one.taken is not None:
            one.end(store, stored)
        elif act == "fail" and one.taken is not None:
            one.fail()
        elif act == "lose" and one.taken is not None:
            one.lose(store, stored)
        elif act == "ask":
            told = one.rates.take(ALICE, now_s)
            assert told is not None
            if told.allowed:
                number = len(admitted_s)
                admitted_s.append(now_s)
                one.pending.add(number)
                one.known.add(number)
                one.budgets.spend("alice", 0.25, NOW_S)
                unknown = len(set(range(len(admitted_s))) - one.known)
                check(admitted_s, now_s, unknown)
    return replicas, store, set(range(len(admitted_s))), now_s


def check(admitted_s: Sequence[float], now_s: float, unknown: int) -> None:
    """Over any time until now, no more than the limit and what had not been exchanged yet."""
    assert ALICE.rpm is not None
    for n, since_s in enumerate(admitted_s):
        most = ALICE.rpm + (now_s - since_s) * ALICE.rpm / MINUTE_S
        assert len(admitted_s) - n <= most + unknown + 1e-3


@given(acts)
def test_too_much_is_admitted_by_what_was_not_exchanged_at_most(
    acts: list[tuple[Act, int, float]],
) -> None:
    run(acts)


@given(acts)
def test_after_exchanges_all_know_the_same_and_nothing_is_lost_or_doubled(
    acts: list[tuple[Act, int, float]],
) -> None:
    replicas, store, admitted, _ = run(acts)
    for _ in range(2):
        for one in replicas:
            one.exchange(store, set())
            one.meters.read("rate/alice")
            one.budgets.spent("alice", NOW_S)
    for one in replicas:
        one.exchange(store, set())
        assert one.meters.read("rate/alice") == store.values["rate/alice"]
        assert one.budgets.spent("alice", NOW_S) == 0.25 * len(admitted)
    assert store.values[f"spent/{int(NOW_S // DAY_S)}/alice"] == 0.25 * len(admitted)


@given(st.lists(st.tuples(st.floats(0, 20), st.booleans()), max_size=60))
def test_one_gateway_that_exchanges_is_as_one_that_does_not(
    asked: list[tuple[float, bool]],
) -> None:
    alone, replica, store, now_s = Rates(), Replica(), Store(), NOW_S
    for gap_s, exchange in asked:
        now_s += gap_s
        if exchange:
            replica.exchange(store, set())
        assert replica.rates.take(ALICE, now_s) == alone.take(ALICE, now_s)


def test_others_that_have_used_it_up_are_heard_of_at_the_exchange() -> None:
    store, one, other = Store(), Replica(), Replica()
    told = [one.rates.take(ALICE, NOW_S) for _ in range(5)]
    assert all(allowance is not None and allowance.allowed for allowance in told)
    one.budgets.spend("alice", 10.0, NOW_S)
    one.exchange(store, set())
    assert other.budgets.left(ALICE, NOW_S) == 10.0
    first = other.rates.take(ALICE, NOW_S)
    assert first is not None
    assert first.allowed
    other.exchange(store, set())
    second = other.rates.take(ALICE, NOW_S)
    assert second is not None
    assert not second.allowed
    assert other.budgets.left(ALICE, NOW_S) == 0.0


def test_what_is_admitted_during_an_exchange_is_on_top() -> None:
    meters, store = Meters(shared=True), Store()
    store.values["m"] = 100.0
    meters.add("m", QueueStep(1.0, float("-inf")))
    taken = meters.take()
    meters.add("m", QueueStep(2.0, float("-inf")))
    meters.settle(store.meter(taken))
    assert meters.read("m") == 103.0
    assert meters.take().steps == {"m": QueueStep(2.0, float("-inf"))}


def test_an_exchange_that_has_failed_is_tried_again_before_the_next() -> None:
    meters = Meters(shared=True)
    meters.add("m", QueueStep(1.0, float("-inf")))
    taken = meters.take()
    meters.add("m", QueueStep(2.0, float("-inf")))
    assert meters.take() is taken
    meters.settle({"m": 1.0})
    after = meters.take()
    assert after.number > taken.number
    assert after.steps == {"m": QueueStep(2.0, float("-inf"))}


def test_nothing_is_kept_for_exchanges_that_do_not_happen() -> None:
    meters = Meters()
    meters.add("m", QueueStep(1.0, 0.0))
    assert meters.read("m") == 1.0
    assert meters.take().steps == {}


def test_yesterday_is_forgotten_but_still_told() -> None:
    meters = Meters(shared=True)
    budgets = Budgets(meters)
    budgets.spend("alice", 2.0, NOW_S)
    assert budgets.spent("alice", NOW_S + DAY_S) == 0.0
    taken = meters.take()
    day = int(NOW_S // DAY_S)
    assert taken.steps[f"spent/{day}/alice"].a == 2.0
    meters.settle({f"spent/{day}/alice": 2.0, f"spent/{day + 1}/alice": 7.0})
    assert budgets.spent("alice", NOW_S + DAY_S) == 7.0
    assert f"spent/{day}/alice" not in meters.take().steps
