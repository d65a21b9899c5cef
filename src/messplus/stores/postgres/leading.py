"""Who learns for all: the one that holds a lock in the database."""

import asyncio
from collections.abc import Mapping
from typing import Final

from messplus.errors import StoreError
from messplus.stores.postgres.exchange import NOTIFIED
from messplus.stores.postgres.failures import FAILURES
from messplus.stores.postgres.session import Connection, Session
from messplus.stores.postgres.texts import to_sql
from messplus.stores.shared import PromiseKey

LOCK: Final = 0x4C454144

_KEPT: Final = 3
"""Versions that are kept: somebody may be reading the one before."""

_WRITER_DAYS: Final = 30
_PARKED_DAYS: Final = 1

_PUBLISH: Final = (
    "INSERT INTO version (number, term, sequence, knowledge)"
    " SELECT coalesce(max(number), 0) + 1, $1, $2, $3 FROM version RETURNING number"
)
_STANDING: Final = (
    "INSERT INTO standing VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (route, alpha) DO UPDATE SET number = excluded.number, state = excluded.state"
)
_TIDY: Final = (
    "DELETE FROM step WHERE sequence <= (SELECT min(sequence) FROM version)",
    f"DELETE FROM writer WHERE at < now() - interval '{_WRITER_DAYS} days'",
    """
    DELETE FROM meter WHERE name LIKE 'spent/%'
    AND split_part(name, '/', 2)::bigint < floor(extract(epoch FROM now()) / 86400) - 1
    """,
    f"DELETE FROM parked WHERE since < now() - interval '{_PARKED_DAYS} days'",
)


class PostgresLead:
    """The right to learn, as long as its connection stands.

    The lock goes with the session that holds it. A learner that was cut off may believe for a while
    that it is the one; but it publishes on that very connection, and under a term that must still be
    the latest: of two learners, one is heard.
    """

    def __init__(self, session: Session, connection: Connection, term: int) -> None:
        """Hold it; `elected` makes one."""
        self._session = session
        self._connection = connection
        self._term = term

    @property
    def term(self) -> int:
        """Ascends with each election."""
        return self._term

    def held(self) -> bool:
        """Whether the connection stands, as far as can be known."""
        return not self._connection.is_closed()

    def publish(self, sequence: int, knowledge: bytes, promises: Mapping[PromiseKey, bytes]) -> int:
        """Give out a version; see `Lead.publish`."""
        try:
            return self._session.run(self._published(sequence, knowledge, promises), "be written")
        except StoreError:
            self.release()
            raise

    def release(self) -> None:
        """Let somebody else learn; a second call does nothing."""
        if not self._session.closed:
            self._session.loop.call_soon_threadsafe(self._connection.terminate)

    async def _published(
        self, sequence: int, knowledge: bytes, promises: Mapping[PromiseKey, bytes]
    ) -> int:
        async with self._connection.transaction():
            term = await self._connection.fetchval("SELECT term FROM term FOR UPDATE")
            if term != self._term:
                raise StoreError(f"somebody else learns now, in term {term}")
            number = int(await self._connection.fetchval(_PUBLISH, self._term, sequence, knowledge))
            if promises:
                await self._connection.executemany(
                    _STANDING,
                    [
                        (to_sql(key.route), key.alpha, number, state)
                        for key, state in sorted(promises.items())
                    ],
                )
            await self._connection.execute("DELETE FROM version WHERE number <= $1", number - _KEPT)
            for statement in _TIDY:
                await self._connection.execute(statement)
            await self._connection.execute(f"NOTIFY {NOTIFIED}, '{number}'")
        return number


def elected(session: Session) -> PostgresLead | None:
    """Become the one that learns; None while somebody else is.

    Raises:
        StoreError: The database is away.
    """
    return session.run(_elected(session), "be written")


async def _elected(session: Session) -> PostgresLead | None:
    connection = await session.connect()
    try:
        # Per schema: two logs in one database have a learner each.
        held = await connection.fetchval(
            "SELECT pg_try_advisory_lock($1, hashtext(current_schema()))", LOCK
        )
        if held:
            await connection.execute("SET idle_in_transaction_session_timeout = '5s'")
            await connection.execute("SET tcp_keepalives_idle = 5")
            await connection.execute("SET tcp_keepalives_interval = 2")
            await connection.execute("SET tcp_keepalives_count = 3")
            term = await connection.fetchval("UPDATE term SET term = term + 1 RETURNING term")
            return PostgresLead(session, connection, int(term))
    except (*FAILURES, asyncio.CancelledError):
        connection.terminate()
        raise
    await connection.close()
    return None
