"""Files of every version open; those that are not ours, or newer, say so."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.stores.samples import NOW_S, decided, feedback, outcome, same_all

from messplus.errors import SettingError, StoreError
from messplus.records import Decided, Event, Feedback
from messplus.stores import SqliteStore
from messplus.stores.rows import encode
from messplus.stores.schema import STEPS, migrate

EVENTS: list[Event] = [decided("a", prompt="ü"), outcome("a"), feedback("a"), decided("b")]


def open_file(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def version(path: Path) -> int:
    with closing(open_file(path)) as file:
        (number,) = file.execute("PRAGMA user_version").fetchone()
        return int(number)


def write_version(path: Path, number: int) -> None:
    """A file as that version of messplus made it, with the events in it."""
    with closing(open_file(path)) as file:
        migrate(file, STEPS[:number])
        for sequence, event in enumerate(EVENTS, 1):
            table, row = encode(event)
            kinds = [kind for _, _, kind, *_ in file.execute(f"PRAGMA table_info({table.name})")]
            holes = ["CAST(? AS TEXT)" if kind == "TEXT" else "?" for kind in kinds]
            known = (sequence, *row)[: len(kinds)]  # columns are only ever added at the end
            file.execute(f"INSERT INTO {table.name} VALUES ({', '.join(holes)})", known)
        file.execute("INSERT INTO snapshot VALUES ('law', 4, x'00ff')")


@pytest.mark.parametrize("old", range(1, len(STEPS) + 1))
def test_a_file_of_any_version_is_brought_up_and_keeps_its_events(old: int, path: Path) -> None:
    write_version(path, old)
    assert version(path) == old
    with closing(SqliteStore(path)) as store:
        assert same_all([stored.event for stored in store.events()], EVENTS)
        assert store.kept("law") == (4, b"\x00\xff")
        assert store.append([decided("c")]).result() == 5
        assert store.forget(NOW_S + 1) == 3
    assert version(path) == len(STEPS)


def test_prices_and_costs_that_were_not_noted_are_nothing(path: Path) -> None:
    write_version(path, 2)
    with closing(SqliteStore(path)) as store:
        store.append([decided("c", price=0.5), feedback("c", cost=0.25)]).result()
        events = [stored.event for stored in store.events()]
    assert [event.price for event in events if isinstance(event, Decided)] == [0.0, 0.0, 0.5]
    assert [event.cost for event in events if isinstance(event, Feedback)] == [0.0, 0.25]


@pytest.mark.parametrize("cost", [-0.1, float("inf"), float("nan")])
def test_a_verdict_cannot_cost_less_than_nothing(cost: float) -> None:
    with pytest.raises(SettingError, match="cost must be finite and at least 0"):
        feedback("a", cost=cost)


def test_every_version_comes_to_the_same_tables(path: Path, tmp_path: Path) -> None:
    schemas = []
    for old in range(len(STEPS) + 1):
        with closing(open_file(tmp_path / f"{old}.db")) as file:
            migrate(file, STEPS[:old])
            migrate(file)
            schemas.append(file.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall())
    assert all(schema == schemas[0] for schema in schemas)


def test_forgetting_by_time_uses_an_index(path: Path) -> None:
    with closing(open_file(path)) as file:
        migrate(file)
        plan = file.execute("EXPLAIN QUERY PLAN SELECT 1 FROM decided WHERE at_s < 1").fetchall()
        assert "decided_at" in str(plan)


@pytest.mark.parametrize("bad", ["CREATE TABLE outcome (a)", "no statement at all"])
def test_a_step_that_fails_changes_nothing(path: Path, bad: str) -> None:
    write_version(path, 1)
    steps = (*STEPS[:1], ("DELETE FROM feedback", "CREATE TABLE more (a)", bad))
    with closing(open_file(path)) as file:
        before = list(file.iterdump())
        with pytest.raises(sqlite3.Error):
            migrate(file, steps)
        assert not file.in_transaction
        assert list(file.iterdump()) == before
    assert version(path) == 1


def test_a_newer_file_asks_for_an_update(path: Path) -> None:
    with closing(open_file(path)) as file:
        migrate(file)
        file.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match=r"has schema version 99.*update messplus") as raised:
        SqliteStore(path)
    assert str(path) in str(raised.value)
    assert version(path) == 99


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    with closing(open_file(path)) as file:
        file.execute("CREATE TABLE customers (name)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="database of another program"):
        SqliteStore(path)
    with closing(open_file(path)) as file:
        assert [name for (name,) in file.execute("SELECT name FROM sqlite_schema")] == ["customers"]
    assert len(path.read_bytes()) == len(before)


def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    content = b"prompt_id,task\n" * 1000
    path.write_bytes(content)
    with pytest.raises(StoreError, match="the file is damaged"):
        SqliteStore(path)
    assert path.read_bytes() == content


def test_a_store_can_be_opened_after_it_could_not_be(path: Path) -> None:
    """Nothing is left locked."""
    path.write_bytes(b"no database" * 100)
    for _ in range(2):
        with pytest.raises(StoreError, match="the file is damaged"):
            SqliteStore(path)
    path.unlink()
    SqliteStore(path).close()
