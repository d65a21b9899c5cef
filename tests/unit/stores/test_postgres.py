"""The log in PostgreSQL beyond the contract: days, and a writer that cannot go on."""

import logging
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.stores.samples import NOW_S, decided, feedback, outcome

from messplus.errors import StoreError
from messplus.stores.postgres.schema import PARTED, make_day
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
    remove, tries = writer._spool.remove, 0

    def full_at_first(batch: object) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise StoreError("the disk is full")
        remove(batch)  # type: ignore[arg-type]

    monkeypatch.setattr(writer._spool, "remove", full_at_first)
    writer.trouble = "as if it were away"
    store.append([decided("a"), outcome("a")]).result(WAIT_S)
    until_s = time.monotonic() + WAIT_S
    while store.waiting() or store.away():
        assert time.monotonic() < until_s
        time.sleep(0.01)
    assert tries == 2
    assert len(list(store.events())) == 2
