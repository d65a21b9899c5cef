"""One thread that writes for all of a process: into the database, or, while that is away, to local disk."""

import logging
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Final, NamedTuple

from messplus.errors import StoreError
from messplus.stores.inbox import Inbox
from messplus.stores.postgres.backlog import Backlog, Group
from messplus.stores.postgres.delivery import Delivery
from messplus.stores.postgres.failures import FAILURES, explained, is_away
from messplus.stores.postgres.parcels import Parcel
from messplus.stores.postgres.session import Connection, Session
from messplus.stores.postgres.spool import Batch
from messplus.stores.postgres.under_way import Job, UnderWay
from messplus.stores.shared import Change

PATIENCE_S: Final = 3.0
"""Longest time for an append; then the database counts as away."""

RETRY_S: Final = 0.5
"""Between two tries to reach a database that is away."""

GATHER_S: Final = 0.004
"""For which a batch waits for company, if the one before had some: many share a commit."""

_STEP_S: Final = 0.01
"""For which what has waited is delivered between two looks at what is new."""

_LOOK_S: Final = 0.005
"""Between two looks at whether a batch is delivered."""

END_S: Final = 5.0
"""For which it is delivered before the process ends; the next one goes on."""

_log = logging.getLogger("messplus.stores")


class _Late(NamedTuple):
    """What has waited, on its way.

    Attributes:
        group: What is delivered.
        results: What became of it.
    """

    group: Group
    results: "Future[list[int | StoreError]]"


class PostgresWriter:
    """Writes batches in order, each exactly once, whatever becomes of the connection."""

    def __init__(
        self, session: Session, folder: Path, most_bytes: int, waiting: int, wait_s: float
    ) -> None:
        """Start the thread.

        Args:
            session: Makes connections.
            folder: Of the spool.
            most_bytes: That may wait in it.
            waiting: Events that may wait in memory, >= 1.
            wait_s: Seconds for which a caller waits for room at most.

        Raises:
            StoreError: The folder cannot be written.
        """
        self._session = session
        self._wait_s = wait_s
        self._backlog = Backlog(folder, most_bytes)
        self._name = uuid.uuid4().hex
        self._number = 0
        self._inbox: Inbox[Job] = Inbox(waiting)
        self._under_way = UnderWay(self._name)
        self._connection: Connection | None = None
        self._delivery = Delivery()
        self._in_hand: list[Job] = []
        self._late: _Late | None = None
        self._again_s = 0.0
        self._last = 0
        self.trouble = ""
        """Why the database cannot be written at the moment; "" where it can."""
        for batch in self._backlog.batches():  # of earlier processes
            self._under_way.found(batch)
        self._thread = threading.Thread(target=self._run, name="messplus-writer", daemon=True)
        self._thread.start()

    def submit(self, parcel: Parcel) -> "Future[int]":
        """Have something appended."""
        job = Job(parcel)
        self._under_way.add(job)
        wait_s = 0.0 if threading.current_thread() is self._thread else self._wait_s
        try:
            self._inbox.put(job, max(1, len(parcel.items)), wait_s)
        except StoreError as error:
            self._under_way.remove([job])
            job.done.set_exception(error)
        return job.done

    def undelivered(self, number: int) -> list[Change]:
        """Changes that are not in the log, or in batches after this number, in order."""
        return self._under_way.after(number)

    @property
    def name(self) -> str:
        """Under which the database knows its batches."""
        return self._name

    @property
    def waiting(self) -> int:
        """Events on local disk."""
        return self._backlog.events

    def close(self) -> None:
        """Write what waits, end the thread; a second call does nothing."""
        self._inbox.end()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001  # whoever waits must be told, and whoever comes
            _log.exception("nothing is written to the log any more")
            self._fail(error)
        finally:
            self._connection_lost()
            self._backlog.close()

    def _work(self) -> None:
        """Write until the end."""
        company = False
        while True:
            self._in_hand = self._inbox.take(self._pause_s())
            if self._in_hand:
                if company:
                    time.sleep(GATHER_S)
                    self._in_hand += self._inbox.take(0.0)
                company = len(self._in_hand) > 1
                self._write(self._in_hand)
            elif self._inbox.ended:
                self._catch_up(END_S)
                return
            self._catch_up(_STEP_S)

    def _fail(self, error: Exception) -> None:
        """Refuse what is under way, and everything from now on."""
        self.trouble = f"the log's writer has failed: {error!r}; restart the process"
        self._inbox.end()
        for job in (*self._in_hand, *self._inbox.take()):
            if not job.done.done():
                job.done.set_exception(StoreError(self.trouble))

    def _pause_s(self) -> float | None:
        """How long to wait for something new; None: there is nothing else to do."""
        if self._late is not None:
            return _LOOK_S
        if self.waiting or self.trouble:
            return min(max(self._again_s - time.monotonic(), 0.0), RETRY_S)
        return None

    def _write(self, jobs: list[Job]) -> None:
        """Append jobs together; what the database refuses to take together, one by one."""
        batch = self._numbered(jobs)
        if self.trouble or self.waiting:  # what waits goes first: order is kept
            self._put_aside(batch, jobs)
            return
        try:
            results = self._deliver(batch)
        except FAILURES as error:
            if is_away(error):
                self._away(error)
                self._put_aside(batch, jobs)
            elif len(jobs) > 1:
                for job in jobs:
                    self._write([job])
            else:
                self._under_way.remove(jobs)
                jobs[0].done.set_exception(explained(error, "be written"))
        else:
            self._settle(jobs, results)

    def _numbered(self, jobs: list[Job]) -> Batch:
        self._number += 1
        self._under_way.numbered(jobs, self._number)
        return Batch(self._name, self._number, tuple(job.parcel for job in jobs))

    def _settle(self, jobs: Sequence[Job], results: "list[int | StoreError]") -> None:
        """Tell callers; without results it had been delivered before the connection was lost."""
        results = results or [self._last] * len(jobs)
        for job, one in zip(jobs, results, strict=True):
            if isinstance(one, StoreError):
                self._under_way.remove([job])
                job.done.set_exception(one)
            else:
                self._last = max(self._last, one)
                job.done.set_result(one)

    def _put_aside(self, batch: Batch, jobs: list[Job]) -> None:
        """Keep a batch on local disk; callers are told that it is durable."""
        try:
            self._backlog.put(batch)
        except StoreError as error:
            self._under_way.remove(jobs)
            for job in jobs:
                job.done.set_exception(error)
            return
        for job in jobs:
            job.done.set_result(self._last)

    def _catch_up(self, for_s: float) -> None:
        """Deliver what has waited, for a while.

        While the database may be away nobody waits for it here: what is new must come to local disk
        at once, even if the database neither answers nor refuses. Once it has answered, the rest is
        waited for, so that what is new goes straight there again.
        """
        until_s = time.monotonic() + for_s
        while self.waiting or self.trouble or self._late:
            if self._late is None:
                if time.monotonic() < self._again_s:
                    return
                self._late = self._begun()
            is_last = not self.trouble and self._late.group.events == self.waiting
            wait([self._late.results], None if is_last else max(0.0, until_s - time.monotonic()))
            if not self._late.results.done():
                return
            late, self._late = self._late, None
            if not self._delivered_late(late) or time.monotonic() >= until_s:
                return

    def _begun(self) -> _Late:
        """Begin to deliver what has waited longest; with nothing of that, see if the database answers."""
        group = self._backlog.first()
        if group is None:
            self._number += 1
            group = Group((Batch(self._name, self._number, ()),), None)
        return _Late(group, self._session.submit(self._delivered(group.batches)))

    def _delivered_late(self, late: _Late) -> bool:
        """What was acknowledged has been tried; whether that has worked."""
        group = late.group
        try:
            results = late.results.result()
        except FAILURES as error:
            if is_away(error):
                self._away(error)
                return False
            self._backlog.refused()
            if len(group.batches) > 1:
                return True
            # It was acknowledged, and can never be taken: say so, rather than stop for ever.
            _log.error("events that waited are lost: %s", explained(error, "be written"))
            results = []
        self._there(group.batches)
        for one in results:
            if isinstance(one, StoreError):
                _log.error("an event that waited is not taken: %s", one)
            else:
                self._last = max(self._last, one)
        try:
            self._backlog.delivered(group)
        except StoreError as error:  # it is delivered again, and found to be there
            self._away(error)
            return False
        if group.spool is not None and not self.waiting:
            _log.info("everything that waited on local disk is in the database")
        return True

    def _deliver(self, batch: Batch) -> "list[int | StoreError]":
        results = self._session.submit(self._delivered([batch])).result()
        self._there([batch])
        return results

    def _there(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            self._under_way.delivered(batch)
        if self.trouble:
            _log.info("the database is there again")
            self.trouble = ""

    async def _delivered(self, batches: Sequence[Batch]) -> "list[int | StoreError]":
        connection = self._connection
        try:
            if connection is None or connection.is_closed():
                connection = self._connection = await self._session.connect(PATIENCE_S)
                await connection.execute(_SETTINGS)
            # A connection that hangs is given up as a whole: not even a rollback waits for it.
            given_up = self._session.loop.call_later(PATIENCE_S, connection.terminate)
            try:
                return await self._delivery.deliver(connection, batches)
            finally:
                given_up.cancel()
        except FAILURES:
            if connection is not None:
                connection.terminate()
            self._connection = None
            raise

    def _away(self, error: BaseException) -> None:
        if not self.trouble:
            _log.warning(
                "events wait on local disk (%s): %s",
                self._backlog.folder, explained(error, "be written"),
            )  # fmt: skip
        self.trouble = str(explained(error, "be written"))
        self._again_s = time.monotonic() + RETRY_S

    def _connection_lost(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._session.loop.call_soon_threadsafe(connection.terminate)


_SETTINGS: Final = """
    SET idle_in_transaction_session_timeout = '2s'; -- whoever is cut off holds the head no longer
    SET statement_timeout = '30s'
"""
