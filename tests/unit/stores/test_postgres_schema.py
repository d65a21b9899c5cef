"""The steps of the schema in PostgreSQL: taken whole, once, and in order, by whoever comes first."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("asyncpg", reason="the extra postgres is not installed")

import asyncpg
from tests.unit.stores.samples import decided

from messplus.errors import StoreError
from messplus.stores.postgres.address import address_of
from messplus.stores.postgres.schema import STEPS, Step, migrate
from messplus.stores.postgres.store import PostgresStore

WAIT_S = 30.0
MORE = Step(("ALTER TABLE decided ADD COLUMN region text NOT NULL DEFAULT ''",))
Do = Callable[["asyncpg.Connection[asyncpg.Record]"], Any]


@pytest.fixture
def opened(postgres_url: str, tmp_path: Path) -> Callable[[], PostgresStore]:
    return lambda: PostgresStore(postgres_url, spool=tmp_path / "spool")


def on(url: str, do: Do) -> Any:  # noqa: ANN401  # what was asked for
    """Do something on a connection whose search path is the schema."""

    async def done() -> Any:  # noqa: ANN401
        address = address_of(url)
        settings = {"search_path": address.schema}
        connection = await asyncpg.connect(address.dsn, server_settings=settings)
        try:
            return await do(connection)
        finally:
            await connection.close()

    return asyncio.run(done())


def taken(url: str, steps: Sequence[Step]) -> None:
    """Take steps as another release would."""
    on(url, lambda connection: migrate(connection, address_of(url).schema, steps))


def versions(url: str) -> tuple[int, int]:
    """Of the schema, and the oldest that can use it."""
    query = "SELECT version, usable_from FROM messplus_schema"
    return tuple(on(url, lambda connection: connection.fetchrow(query)))


def test_a_step_that_only_adds_leaves_us_at_work(
    postgres_url: str, opened: Callable[[], PostgresStore]
) -> None:
    with closing(opened()) as store:
        store.append([decided("before")]).result(WAIT_S)
        taken(postgres_url, (*STEPS, MORE))
        store.append([decided("meanwhile")]).result(WAIT_S)
    with closing(opened()) as store:
        store.append([decided("after")]).result(WAIT_S)
        names = [stored.event.decision_id for stored in store.events()]
    assert names == ["before", "meanwhile", "after"]
    assert versions(postgres_url) == (len(STEPS) + 1, 0)


def test_a_step_that_breaks_refuses_us_with_advice(
    postgres_url: str, opened: Callable[[], PostgresStore]
) -> None:
    breaking = Step(("ALTER TABLE decided RENAME TO decision",), breaks=True)
    taken(postgres_url, (*STEPS, breaking))
    later = len(STEPS) + 1
    assert versions(postgres_url) == (later, later)
    with pytest.raises(
        StoreError,
        match=rf"schema version {later}, for messplus that knows version {later} or later; this one"
        rf" knows {len(STEPS)}: update messplus",
    ):
        opened()


def test_a_step_that_fails_leaves_nothing_behind(postgres_url: str) -> None:
    failing = Step((*MORE.statements, "SELECT 1 / 0"))
    with pytest.raises(asyncpg.DivisionByZeroError):
        taken(postgres_url, (*STEPS, failing))
    assert versions(postgres_url) == (len(STEPS), 0)
    taken(postgres_url, (*STEPS, MORE))
    assert versions(postgres_url) == (len(STEPS) + 1, 0)


def test_many_that_come_first_make_the_tables_once(postgres_url: str, tmp_path: Path) -> None:
    def begin(n: int) -> int:
        with closing(PostgresStore(postgres_url, spool=tmp_path / str(n))) as store:
            return store.append([decided(f"d{n}")]).result(WAIT_S)

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(begin, range(6))) == [1, 2, 3, 4, 5, 6]
    assert versions(postgres_url) == (len(STEPS), 0)


def test_tables_of_another_program_are_left_alone(
    postgres_url: str, opened: Callable[[], PostgresStore]
) -> None:
    schema = address_of(postgres_url).schema

    async def somebody_else(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        await connection.execute(f'CREATE SCHEMA "{schema}"')
        await connection.execute(f'CREATE TABLE "{schema}".theirs (x integer)')

    on(postgres_url, somebody_else)
    with pytest.raises(StoreError, match="the tables of another program: name one of its own"):
        opened()
