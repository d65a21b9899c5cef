"""Forgetting what is old: whole days where that can be, else some decisions at a time."""

from typing import Final

from messplus.stores.postgres.schema import PARTED
from messplus.stores.postgres.session import Connection, Session

AT_ONCE: Final = 500
"""Decisions deleted in one transaction."""

_SOME: Final = """
    WITH old AS (
        SELECT decision_id, day FROM decided WHERE at_s < $1 ORDER BY at_s LIMIT $2
    ), outcomes AS (
        DELETE FROM outcome USING old WHERE outcome.day = old.day AND outcome.decision_id = old.decision_id
    ), verdicts AS (
        DELETE FROM feedback USING old WHERE feedback.day = old.day AND feedback.decision_id = old.decision_id
    ), gone AS (
        DELETE FROM decided USING old WHERE decided.day = old.day AND decided.decision_id = old.decision_id
        RETURNING 1
    )
    SELECT count(*) FROM gone
"""
_DAYS: Final = """
    SELECT c.relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
    WHERE inhparent = 'decided'::regclass ORDER BY c.relname
"""


class Forgetting:
    """Deletes from a log."""

    def __init__(self, session: Session) -> None:
        """Begin.

        Args:
            session: The connections.
        """
        self._session = session

    def forget(self, before_s: float, limit: int | None) -> int:
        """Delete decisions older than a moment, with all that is known of them.

        Args:
            before_s: Seconds since 1970.
            limit: At most so many, the oldest; None: all, in whole days as far as that goes.

        Returns:
            How many.
        """
        deleted = self.forget_days(before_s) if limit is None else 0
        while limit is None or deleted < limit:
            most = AT_ONCE if limit is None else min(AT_ONCE, limit - deleted)
            some = self._session.run(self._some(before_s, most), "be written")
            deleted += some
            if some < most:
                break
        return deleted

    def forget_days(self, before_s: float) -> int:
        """Drop whole days of which every decision is older than a moment; how many decisions."""
        return self._session.run(self._days(before_s), "be written")

    async def _some(self, before_s: float, most: int) -> int:
        # Under the head: nothing is appended about a decision while it goes.
        async with self._session.reading() as connection, connection.transaction():
            await connection.execute("SELECT last FROM head FOR UPDATE")
            return int(await connection.fetchval(_SOME, before_s, most))

    async def _days(self, before_s: float) -> int:
        """Drop days of which every decision is too old; today and tomorrow stay."""
        deleted = 0
        async with self._session.reading() as connection:
            today = await connection.fetchval(
                "SELECT floor(extract(epoch FROM clock_timestamp()) / 86400)::bigint"
            )
            for row in await connection.fetch(_DAYS):
                day = int(row["relname"].removeprefix("decided_"))
                if day < today:
                    deleted += await self._day(connection, day, before_s)
        return deleted

    async def _day(self, connection: Connection, day: int, before_s: float) -> int:
        async with connection.transaction():
            await connection.execute("SET LOCAL lock_timeout = '2s'")
            await connection.execute("SELECT last FROM head FOR UPDATE")
            latest = await connection.fetchval(f"SELECT max(at_s) FROM decided_{day}")
            if latest is not None and latest >= before_s:
                return 0
            count = int(await connection.fetchval(f"SELECT count(*) FROM decided_{day}"))
            for table in PARTED:
                await connection.execute(f"DROP TABLE {table}_{day}")
        return count
