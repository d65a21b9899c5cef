"""Rates and budgets that gateways keep together in a real database."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from messplus.gateway.access import Budgets, Caller, Meters, Rates
from messplus.stores import SharedStore, open_shared

NOW_S = 1.8e9
ALICE = Caller(name="alice", rpm=5, budget_usd_per_day=10.0)


@pytest.fixture
def store(postgres_url: str, tmp_path: Path) -> Iterator[SharedStore]:
    with closing(open_shared(postgres_url, spool=tmp_path)) as opened:
        yield opened


def exchange(store: SharedStore, meters: Meters) -> None:
    meters.settle(store.meter(meters.take()))


def test_what_one_has_admitted_and_spent_another_counts(store: SharedStore) -> None:
    one, other = Meters(shared=True), Meters(shared=True)
    for number in range(3):
        told = Rates(one).take(ALICE, NOW_S + number)
        assert told is not None
        assert told.remaining == 4 - number
    for _ in range(4):
        Budgets(one).spend("alice", 1.25, NOW_S)
    exchange(store, one)
    assert Budgets(other).spent("alice", NOW_S) == 0.0
    Budgets(other).spend("alice", 2.0, NOW_S)
    assert Rates(other).take(ALICE, NOW_S + 3) is not None
    exchange(store, other)
    assert Budgets(other).spent("alice", NOW_S) == 7.0
    told = Rates(other).take(ALICE, NOW_S + 3)
    assert told is not None
    assert told.remaining == 0
    Rates(one).take(ALICE, NOW_S + 3)  # whoever is asked for is known after the next exchange
    assert Budgets(one).spent("alice", NOW_S) == 5.0
    exchange(store, one)
    assert Budgets(one).spent("alice", NOW_S) == 7.0
    exchange(store, other)
    refused = [Rates(meters).take(ALICE, NOW_S + 3) for meters in (one, other)]
    assert [told is not None and told.allowed for told in refused] == [False, False]


def test_who_only_asks_changes_nothing(store: SharedStore) -> None:
    asking = Meters(shared=True)
    assert asking.read("rate/nobody") == 0.0
    for _ in range(2):
        exchange(store, asking)
        assert asking.read("rate/nobody") == 0.0


def test_what_was_applied_unheard_is_not_applied_again(store: SharedStore) -> None:
    """The connection is lost after the commit: the same is told again, then what was used since."""
    one, other = Meters(shared=True), Meters(shared=True)
    Budgets(one).spend("alice", 1.25, NOW_S)
    store.meter(one.take())
    Budgets(one).spend("alice", 0.5, NOW_S)
    Budgets(other).spend("alice", 2.0, NOW_S)
    exchange(store, other)
    exchange(store, one)
    assert Budgets(one).spent("alice", NOW_S) == 3.75
    exchange(store, one)
    Budgets(other).spend("alice", 0.0, NOW_S)
    exchange(store, other)
    assert Budgets(one).spent("alice", NOW_S) == Budgets(other).spent("alice", NOW_S) == 3.75
