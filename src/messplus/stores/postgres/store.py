"""`PostgresStore`: one log for many gateways."""

import os
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Final

from messplus.errors import StoreError, require_range
from messplus.records import Event, Feedback
from messplus.stores.postgres.address import address_of
from messplus.stores.postgres.exchange import Exchange
from messplus.stores.postgres.forgetting import Forgetting
from messplus.stores.postgres.leading import elected
from messplus.stores.postgres.parcels import Parcel, item_of
from messplus.stores.postgres.reader import PostgresReader
from messplus.stores.postgres.schema import migrate
from messplus.stores.postgres.session import Session
from messplus.stores.postgres.texts import to_sql
from messplus.stores.postgres.writer import PostgresWriter
from messplus.stores.shared import Change, Lead, Metering, News

_KEEP: Final = (
    "INSERT INTO snapshot VALUES ($1, $2, $3)"
    " ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence, state = excluded.state"
)


class PostgresStore(PostgresReader):
    """A store in PostgreSQL. Any number of processes write it."""

    def __init__(
        self,
        url: str,
        *,
        spool: Path,
        spool_bytes: int = 1 << 30,
        waiting: int = 10_000,
        wait_s: float = 5.0,
    ) -> None:
        """Open a log, or begin one.

        Args:
            url: `postgresql://user:password@host:5432/database?schema=messplus`.
            spool: Folder on local disk for what is appended while the database is away.
            spool_bytes: That may wait there, >= 1.
            waiting: Events that may wait in memory, >= 1. At that number `append` blocks.
            wait_s: Seconds for which it blocks at most, >= 0.

        Raises:
            SettingError: A setting is out of range, or the address cannot be one.
            StoreError: The database cannot be reached, or holds what is not a log of ours.
        """
        require_range("waiting", waiting, "at least 1", ok=waiting >= 1)
        require_range("wait_s", wait_s, "finite and at least 0", ok=0 <= wait_s < float("inf"))
        require_range("spool_bytes", spool_bytes, "at least 1", ok=spool_bytes >= 1)
        self.address = address_of(url)
        super().__init__(Session(self.address))
        try:
            self._open()
            self._writer = PostgresWriter(
                self._session, spool.expanduser().resolve(), spool_bytes, waiting, wait_s
            )
        except BaseException:
            self._session.close()
            raise
        self._exchange = Exchange(self._session, self._writer.name)
        self._forgetting = Forgetting(self._session)
        self._process = os.getpid()

    def append(self, events: Sequence[Event]) -> "Future[int]":
        """Append events, all or none.

        Returns:
            The sequence number of the last of them, once they are in the database, or, while that is
            away, on local disk; then it is the last one known. It cannot be cancelled.
        """
        return self._append(events, (), shared=False)

    def append_shared(
        self, events: Sequence[Event], changes: Sequence[Change] = ()
    ) -> "Future[int]":
        """Append events of one router of many; see `SharedStore`."""
        return self._append(events, changes, shared=True)

    def _append(
        self, events: Sequence[Event], changes: Sequence[Change], *, shared: bool
    ) -> "Future[int]":
        try:
            self._check_process()
            parcel = Parcel(tuple(map(item_of, events)), tuple(changes), shared)
        except StoreError as error:
            refused: Future[int] = Future()
            refused.set_exception(error)
            return refused
        return self._writer.submit(parcel)

    def _open(self) -> None:
        try:
            self._session.run(self._migrated(), "be opened")
        except StoreError as error:
            raise StoreError(f"{self.address}: {error}") from error

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise StoreError("the store was opened before a fork: open it in the new process")

    def keep(self, name: str, sequence: int, state: bytes) -> None:
        """Keep a snapshot in place of an older one of that name; it is durable afterwards."""
        self._session.run(self._kept(to_sql(name), sequence, state), "be written")

    def forget(self, before_s: float, *, limit: int | None = None) -> int:
        """Delete decisions older than a moment, with their outcomes and feedback; the oldest first.

        Without a limit, days that are too old as a whole are dropped, which gives their room back to
        the disk at once.
        """
        require_range("limit", limit, "at least 1", ok=limit is None or limit >= 1)
        return self._forgetting.forget(before_s, limit)

    def forget_days(self, before_s: float) -> int:
        """Drop whole days of which every decision is older than a moment; how many decisions."""
        return self._forgetting.forget_days(before_s)

    def news(self, version: int, after: int) -> News:
        """What others have done."""
        return self._exchange.news(version, after)

    def wait(self, wait_s: float) -> bool:
        """Wait until a version is given out, at most so long; whether one was."""
        return self._exchange.wait(wait_s)

    def undelivered(self, batch: int) -> Sequence[Change]:
        """Changes of this store's own that are not in the log, or in later batches."""
        return self._writer.undelivered(batch)

    def meter(self, metering: Metering) -> dict[str, float]:
        """Apply steps to values that all routers share, once."""
        return self._exchange.meter(metering)

    def lead(self) -> Lead | None:
        """Become the one that learns; None while somebody else is."""
        return elected(self._session)

    def away(self) -> str:
        """Why the database cannot be written at the moment; "" where it can."""
        return self._writer.trouble

    def waiting(self) -> int:
        """Events that wait on local disk."""
        return self._writer.waiting

    def clock_offset_s(self) -> float:
        """Seconds by which the database's clock is ahead of this machine's, as last seen."""
        return self._exchange.clock_offset_s

    def parked(self) -> Sequence[Feedback]:
        """Feedback that waits for its decision."""
        return self._exchange.parked()

    def close(self) -> None:
        """Make everything durable and let go of connections; a second call does nothing."""
        if not self._session.closed:
            self._writer.close()
            self._session.close()

    async def _migrated(self) -> None:
        connection = await self._session.connect()
        try:
            await migrate(connection, self.address.schema)
        finally:
            await connection.close()

    async def _kept(self, name: str, sequence: int, state: bytes) -> None:
        async with self._session.reading() as connection:
            await connection.execute(_KEEP, name, sequence, state)


class PostgresLog(PostgresReader):
    """A log in PostgreSQL that is only read: nothing in the database is made or changed."""

    def __init__(self, url: str) -> None:
        """Open a log that exists.

        Args:
            url: `postgresql://user:password@host:5432/database?schema=messplus`.

        Raises:
            SettingError: The address cannot be one.
            StoreError: The database cannot be reached, or holds no log of ours.
        """
        address = address_of(url)
        super().__init__(Session(address))
        try:
            self.last()
        except StoreError as error:
            self.close()
            raise StoreError(f"there is no log at {address}: {error}") from error

    def close(self) -> None:
        """Let go of connections; a second call does nothing."""
        self._session.close()
