"""The log in PostgreSQL beyond the contract: days, and a writer that cannot go on."""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
from tests.unit.stores.samples import NOW_S, decided, feedback, outcome

from messplus.errors import StoreError
from messplus.stores.postgres.backlog import Group
from messplus.stores.postgres.schema import PARTED, make_day
from messplus.stores.postgres.session import Connection
from messplus.stores.postgres.spool import Batch
from messplus.stores.postgres.store import PostgresStore

WAIT_S = 30.0


@pytest.fixture
def store(postgres_url: str, tmp_path: Path) -> Iterator[PostgresStore]:
    with closing(PostgresStore(postgres_url, spool=tmp_path / "spool")) as store:
        yield store


async def _age(store: PostgresStore, days: int) -> None:
    """Let everything lie in the part of an earlier day."""
    async with store._session.reading() as connection, connection.transaction():
        today = int(await connection.fetchval("SELECT max(day) FROM decided"))
        await make_day(connection, today - days)
        for table in PARTED:
            await connection.execute(f"UPDATE {table} SET day = $1", today - days)


async def _parts(store: PostgresStore) -> int:
    async with store._session.reading() as connection:
        return int(
            await connection.fetchval(
                "SELECT count(*) FROM pg_inherits WHERE inhparent = 'decided'::regclass"
            )
        )


def test_whole_days_are_dropped(store: PostgresStore) -> None:
    for n in range(5):
        name = f"d{n}"
        store.append([decided(name, at_s=NOW_S + n), outcome(name), feedback(name)]).result(WAIT_S)
    store._session.run(_age(store, 3))
    store.append([decided("new", at_s=NOW_S)]).result(WAIT_S)
    parts = store._session.run(_parts(store))
    assert store.forget_days(NOW_S + 4) == 0, "one of that day is not too old"
    assert store.forget_days(NOW_S + 5) == 5
    assert store._session.run(_parts(store)) == parts - 1
    assert [stored.event.decision_id for stored in store.events()] == ["new"]
    assert store.append([decided("next")]).result(WAIT_S) == 17, "numbers are not given again"


def test_a_writer_that_cannot_go_on_says_so(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody waits for ever for what will never be written."""

    def broken(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(store._writer, "_numbered", broken)
    with (
        caplog.at_level(logging.CRITICAL, "messplus.stores"),
        pytest.raises(StoreError, match=r"writer has failed: RuntimeError.*restart the process"),
    ):
        store.append([decided("a")]).result(WAIT_S)
    store._writer._thread.join(WAIT_S)
    with pytest.raises(StoreError, match="the store is closed"):
        store.append([decided("b")]).result(WAIT_S)
    assert "a mistake of ours" in store.away()


def test_what_cannot_be_taken_off_the_disk_is_in_the_log_once(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is delivered, stays on the disk that is full, and is delivered again to no effect."""
    writer = store._writer
    delivered, tries = writer._backlog.delivered, 0

    def full_at_first(group: Group) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise StoreError("the disk is full")
        delivered(group)

    monkeypatch.setattr(writer._backlog, "delivered", full_at_first)
    writer.trouble = "as if it were away"
    store.append([decided("a"), outcome("a")]).result(WAIT_S)
    _all_delivered(store)
    assert tries == 2
    assert len(list(store.events())) == 2


def _all_delivered(store: PostgresStore) -> None:
    until_s = time.monotonic() + WAIT_S
    while store.waiting() or store.away():
        assert time.monotonic() < until_s
        time.sleep(0.01)


class Line:
    """Between a store and its database: remembers what passes, and breaks as it is told."""

    def __init__(self, store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self._writer = store._writer
        self._deliver = self._writer._delivery.deliver
        self.sizes: list[int] = []
        self.breaks = 0
        self.poison = ""
        monkeypatch.setattr(self._writer._delivery, "deliver", self._pass)

    def wait_on_disk(self, store: PostgresStore, names: Sequence[str]) -> None:
        """Append decisions, each in a batch of its own, while the database is away."""
        self._writer.trouble = "as if it were away"
        self._writer._again_s = time.monotonic() + 3600.0
        for name in names:
            store.append([decided(name)]).result(WAIT_S)
        assert store.waiting() == len(names)
        self._writer._again_s = 0.0

    async def _pass(
        self, connection: Connection, batches: Sequence[Batch]
    ) -> list[int | StoreError]:
        self.sizes.append(len(batches))
        items = [item for batch in batches for parcel in batch.parcels for item in parcel.items]
        if any(item.decision_id == self.poison for item in items):
            raise asyncpg.DataError("as if it could never be taken")
        results = await self._deliver(connection, batches)
        if self.breaks:
            self.breaks -= 1
            raise ConnectionResetError("after it was committed")
        return results


def test_what_has_waited_is_delivered_together(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a long outage is made up for even where each commit takes its time."""
    line = Line(store, monkeypatch)
    names = [f"d{n:03}" for n in range(300)]
    line.wait_on_disk(store, names)
    _all_delivered(store)
    assert line.sizes[:5] == [1, 2, 4, 8, 16]
    assert sum(line.sizes) == 300
    assert [stored.event.decision_id for stored in store.events()] == names
    assert [stored.sequence for stored in store.events()] == list(range(1, 301))


def test_what_was_committed_unheard_is_not_delivered_again(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it comes again in other company: what waits later is delivered with it."""
    monkeypatch.setattr("messplus.stores.postgres.writer.RETRY_S", 0.01)
    line = Line(store, monkeypatch)
    line.breaks = 1
    line.wait_on_disk(store, ["a"])
    store._writer._backlog._most = 4
    line.breaks += 1
    names = ["b", "c", "d", "e", "f"]
    for name in names:
        store.append([decided(name)]).result(WAIT_S)
    _all_delivered(store)
    assert [stored.event.decision_id for stored in store.events()] == ["a", *names]


def test_of_what_waits_together_only_what_cannot_be_taken_is_lost(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line(store, monkeypatch)
    line.poison = "d5"
    names = [f"d{n}" for n in range(10)]
    line.wait_on_disk(store, names)
    with caplog.at_level(logging.ERROR, "messplus.stores"):
        _all_delivered(store)
    left = [name for name in names if name != "d5"]
    assert [stored.event.decision_id for stored in store.events()] == left
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "events that waited are lost"
    ]
