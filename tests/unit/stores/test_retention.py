"""Retention forgets the oldest, after a snapshot, and within its time."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from tests.unit.stores.samples import NOW_S, decided, feedback, outcome

from messplus.errors import SettingError, StoreError
from messplus.stores import MemoryStore, SqliteStore, retain
from messplus.stores.retention import AT_ONCE


def filled(n: int) -> MemoryStore:
    store = MemoryStore()
    store.append([decided(f"{i}", at_s=NOW_S + i) for i in range(n)]).result()
    return store


def ticks(step_s: float = 0.0) -> Callable[[], float]:
    """A clock that goes on by so much at each look."""
    times: Iterator[float] = count(0.0, step_s)
    return lambda: next(times)


def nothing() -> None:
    """No snapshot."""


def test_a_snapshot_is_kept_before_anything_is_forgotten() -> None:
    store, seen = filled(3 * AT_ONCE), []
    done = retain(
        store,
        NOW_S + 2.5 * AT_ONCE,
        snapshot=lambda: seen.append(len(list(store.events()))),
        clock=ticks(),
    )
    assert seen == [3 * AT_ONCE]
    assert (done.decisions, done.finished) == (int(2.5 * AT_ONCE), True)
    assert store.oldest_s() == NOW_S + 2.5 * AT_ONCE


def test_nothing_is_forgotten_without_a_snapshot() -> None:
    store = filled(10)

    def fails() -> None:
        raise StoreError("the disk is full")

    with pytest.raises(StoreError):
        retain(store, NOW_S + 5, snapshot=fails, clock=ticks())
    assert len(list(store.events())) == 10


def test_no_snapshot_is_taken_for_nothing() -> None:
    for store in (filled(0), filled(5)):
        done = retain(store, NOW_S, snapshot=lambda: pytest.fail("no need"), clock=ticks())
        assert (done.decisions, done.finished) == (0, True)


def test_it_stops_when_its_time_is_used_up_and_goes_on_next_time() -> None:
    store = filled(5 * AT_ONCE)
    done = retain(store, NOW_S + 1e9, snapshot=nothing, clock=ticks(1.0), budget_s=2.0)
    assert (done.decisions, done.finished) == (2 * AT_ONCE, False)
    assert done.took_s == 3.0
    done = retain(store, NOW_S + 1e9, snapshot=nothing, clock=ticks(), budget_s=2.0)
    assert (done.decisions, done.finished) == (3 * AT_ONCE, True)


def test_the_budget_is_checked() -> None:
    with pytest.raises(SettingError, match="budget_s must be positive, got 0"):
        retain(filled(1), NOW_S, snapshot=nothing, clock=ticks(), budget_s=0.0)


def test_the_file_gives_room_back_but_for_a_quarter(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        for n in range(20):
            events = [decided(f"{n}/{i}", prompt="x" * 2000) for i in range(200)]
            store.append([*events, *(outcome(one.decision_id) for one in events)]).result()
        store.append([decided("last", at_s=NOW_S + 9), feedback("last")]).result()
    full = path.stat().st_size
    with closing(SqliteStore(path)) as store:
        done = retain(store, NOW_S + 1, snapshot=nothing, clock=ticks())
        assert done.decisions == 4000
    assert path.stat().st_size < full / 2
    with closing(SqliteStore(path)) as store:
        assert [one.event.decision_id for one in store.events()] == ["last", "last"]
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_file_without_room_stays_as_it_is(path: Path) -> None:
    """Free pages up to a quarter are for what comes next."""
    with closing(SqliteStore(path)) as store:
        store.append(
            [decided(f"{i}", at_s=NOW_S + i, prompt="x" * 3000) for i in range(400)]
        ).result()
    full = path.stat().st_size
    with closing(SqliteStore(path)) as store:
        assert store.forget(NOW_S + 40) == 40
    assert path.stat().st_size == full
