"""What routers that share a log tell each other beside events: changes of debts, versions, meters."""

import asyncio
import time
from typing import Final

import asyncpg

from messplus.core.queue import QueueStep
from messplus.records import Feedback
from messplus.stores.postgres.session import Connection, Session
from messplus.stores.postgres.texts import from_sql, row_from_sql, to_sql
from messplus.stores.rows import FEEDBACK
from messplus.stores.shared import Change, Metering, News, PromiseKey, Version

NOTIFIED: Final = "messplus_version"
"""The channel on which a new version is told."""

_MOMENT: Final = """
    SELECT last, (SELECT coalesce(max(number), 0) FROM version) AS number,
        coalesce((SELECT batch FROM writer WHERE writer = $1), 0) AS batch,
        extract(epoch FROM clock_timestamp())::float8 AS now_s
    FROM head
"""
_CHANGES: Final = (
    "SELECT sequence, route, alpha, a, b, requests FROM step WHERE sequence > $1 ORDER BY sequence"
)
# A source's latest number is kept beside those of writers: what was applied unheard is not applied again.
_METER: Final = """
    WITH new AS (
        INSERT INTO writer AS w (writer, batch) VALUES ($4, $5)
        ON CONFLICT (writer) DO UPDATE SET batch = excluded.batch, at = now() WHERE w.batch < excluded.batch
        RETURNING batch
    )
    INSERT INTO meter AS m SELECT name, greatest(a, b) FROM unnest($1::text[], $2::float8[], $3::float8[]) AS s (name, a, b)
    ORDER BY name
    ON CONFLICT (name) DO UPDATE SET value = (
        SELECT CASE WHEN EXISTS (SELECT FROM new) THEN greatest(m.value + a, b) ELSE m.value END
        FROM unnest($1::text[], $2::float8[], $3::float8[]) AS s (name, a, b) WHERE s.name = m.name
    )
    RETURNING name, value
"""
_PARKED: Final = f"SELECT 0, {', '.join(FEEDBACK.columns)} FROM parked ORDER BY since LIMIT 1000"


class Exchange:
    """Reads and writes it, from any thread."""

    def __init__(self, session: Session, writer: str) -> None:
        """Begin.

        Args:
            session: The connections.
            writer: The name of this process's own batches.
        """
        self._session = session
        self._writer = writer
        self._listening: Connection | None = None
        self._new = asyncio.Event()
        self.clock_offset_s = 0.0
        """Seconds by which the database's clock is ahead of this machine's, as last seen."""

    def news(self, version: int, after: int) -> News:
        """What others have done; see `SharedStore.news`."""
        return self._session.run(self._news(version, after))

    def wait(self, wait_s: float) -> bool:
        """Wait until a version is given out; see `SharedStore.wait`."""
        return self._session.run(self._waited(wait_s))

    def meter(self, metering: Metering) -> dict[str, float]:
        """Apply steps to shared values; see `SharedStore.meter`."""
        if not metering.steps:
            return {}
        return self._session.run(self._metered(metering), "be written")

    def parked(self) -> tuple[Feedback, ...]:
        """Feedback that waits for its decision, the oldest first; at most a thousand."""
        return self._session.run(self._waiting())

    async def _news(self, version: int, after: int) -> News:
        async with (
            self._session.reading() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            begun_s = time.time()
            moment = await connection.fetchrow(_MOMENT, self._writer)
            assert moment is not None
            self.clock_offset_s = moment["now_s"] - (begun_s + time.time()) / 2
            newer = None
            if moment["number"] > version:
                newer = await _version(connection, moment["number"], version)
            changes = await connection.fetch(_CHANGES, newer.sequence if newer else after)
        return News(
            last=moment["last"],
            version=newer,
            changes=[(row["sequence"], _change(row)) for row in changes],
            batch=moment["batch"],
        )

    async def _waited(self, wait_s: float) -> bool:
        if self._listening is None or self._listening.is_closed():
            self._listening = await self._session.connect()
            await self._listening.add_listener(NOTIFIED, self._told)
        self._new.clear()
        try:
            await asyncio.wait_for(self._new.wait(), wait_s)
        except TimeoutError:
            return False
        return True

    def _told(self, *_: object) -> None:
        self._new.set()

    async def _metered(self, metering: Metering) -> dict[str, float]:
        steps = metering.steps
        names = sorted(steps)
        async with self._session.reading() as connection:
            rows = await connection.fetch(
                _METER,
                [to_sql(name) for name in names],
                [steps[name].a for name in names],
                [steps[name].b for name in names],
                f"meters/{metering.source}",
                metering.number,
            )
        return {from_sql(row["name"]): row["value"] for row in rows}

    async def _waiting(self) -> tuple[Feedback, ...]:
        async with self._session.reading() as connection:
            rows = await connection.fetch(_PARKED)
        return tuple(FEEDBACK.decode(row_from_sql(FEEDBACK, row)) for row in rows)


async def _version(connection: Connection, number: int, since: int) -> Version:
    row = await connection.fetchrow(
        "SELECT sequence, knowledge FROM version WHERE number = $1", number
    )
    assert row is not None
    standing = await connection.fetch(
        "SELECT route, alpha, state FROM standing WHERE number > $1", since
    )
    return Version(
        number=number,
        sequence=row["sequence"],
        knowledge=row["knowledge"],
        promises={
            PromiseKey(from_sql(one["route"]), one["alpha"]): one["state"] for one in standing
        },
    )


def _change(row: asyncpg.Record) -> Change:
    key = PromiseKey(from_sql(row["route"]), row["alpha"])
    return Change(key, QueueStep(row["a"], row["b"]), row["requests"])
