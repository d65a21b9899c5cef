"""One thread that writes for all: whatever waits goes into one transaction, made durable by one sync."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from messplus.errors import StoreError
from messplus.stores.connections import FAILURES, explained
from messplus.stores.inbox import Inbox

GATHER_S: Final = 0.0005
"""Seconds for which a transaction waits for company, for each job beyond the first in the one before:
a caller alone does not wait, and many share a sync."""

MOST_GATHER_S: Final = 0.002
"""Longest such time."""

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
Write = Callable[[sqlite3.Connection, Work[object]], object]


@dataclass(slots=True, eq=False)
class Job(Generic[T]):
    """Something to write, all of it or none.

    Attributes:
        work: Writes it. What it raises fails this job alone, except for errors of the disk.
        done: The result of `work`, once it is durable.
    """

    work: Work[T]
    done: "Future[T]" = field(default_factory=Future)

    def __post_init__(self) -> None:
        """Take away `cancel`: a caller that stops waiting must not take its events along."""
        self.done.set_running_or_notify_cancel()


class Writer:
    """Runs jobs on a connection, in order, many to a transaction."""

    def __init__(self, connection: sqlite3.Connection, limit: int, wait_s: float) -> None:
        """Start the thread.

        Args:
            connection: In autocommit mode and used by nobody else; closed by `close`.
            limit: Events that may wait, >= 1.
            wait_s: Seconds for which a caller waits for room at most.
        """
        self._connection = connection
        self._wait_s = wait_s
        self._inbox: Inbox[Job[Any]] = Inbox(limit)
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._run, name="messplus-store", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T], weight: int = 1) -> "Future[T]":
        """Have something written.

        Args:
            work: See `Job`.
            weight: How many events it writes, >= 1.

        Returns:
            The result, once it is durable, or the StoreError.
        """
        job = Job(work)
        try:
            self._put(job, weight)
        except StoreError as error:
            job.done.set_exception(error)
        return job.done

    def run(self, work: Work[T]) -> T:
        """Have something written, and wait for it; works in a callback of a future, too.

        Raises:
            StoreError: It could not be written.
        """
        if not self._is_here:
            return self.submit(work).result()
        job = Job(work)
        self._commit([job])
        return job.done.result()

    def close(self) -> None:
        """Write what waits, end the thread, close the connection; a second call does nothing."""
        self._inbox.end()
        if not self._is_here:
            self._thread.join()

    def _put(self, job: Job[Any], weight: int) -> None:
        if os.getpid() != self._process:
            raise StoreError("the store was opened before a fork: open it in the new process")
        # The writer's own thread, in a callback, would wait for itself.
        self._inbox.put(job, weight, wait_s=0.0 if self._is_here else self._wait_s)

    @property
    def _is_here(self) -> bool:
        """Whether this is the writer's own thread."""
        return threading.current_thread() is self._thread

    def _run(self) -> None:
        try:
            while jobs := self._inbox.take():
                self._commit(jobs)
                if len(jobs) > 1:
                    time.sleep(min(GATHER_S * (len(jobs) - 1), MOST_GATHER_S))
        finally:
            self._connection.close()

    def _commit(self, jobs: "list[Job[Any]]") -> None:
        """Write jobs in one transaction; if the disk refuses, each in one of its own."""
        try:
            results = self._write(jobs)
        except FAILURES as error:
            if len(jobs) > 1:  # one may be too large for the room that is left
                for job in jobs:
                    self._commit([job])
            else:
                jobs[0].done.set_exception(explained(error, "be written"))
            return
        for job, result in zip(jobs, results, strict=True):
            if isinstance(result, Exception):
                job.done.set_exception(result)
            else:
                job.done.set_result(result)

    def _write(self, jobs: "list[Job[Any]]") -> list[object]:
        """The result of each job, or the error that failed it alone; durable on return.

        Raises:
            sqlite3.Error: Nothing was written.
        """
        try:
            return self._together(jobs, _run)
        except FAILURES as error:
            if not isinstance(error, sqlite3.IntegrityError):
                raise
            return self._together(jobs, _apart)
        except Exception:  # noqa: BLE001  # one of them cannot be written: the others can, apart
            return self._together(jobs, _apart)

    def _together(self, jobs: "list[Job[Any]]", write: Write) -> list[object]:
        """All jobs in one transaction."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            results = [write(connection, job.work) for job in jobs]
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        return results


def _run(connection: sqlite3.Connection, work: Work[object]) -> object:
    """What some work gives; if it fails, so does the transaction."""
    return work(connection)


def _apart(connection: sqlite3.Connection, work: Work[object]) -> object:
    """What some work gives, or the error that it ends with; then it has written nothing.

    Raises:
        sqlite3.Error: But for broken constraints: the whole transaction has failed.
    """
    connection.execute("SAVEPOINT job")
    try:
        result = work(connection)
    except sqlite3.IntegrityError as error:
        result = StoreError(f"refused: {error}")
    except FAILURES:
        raise
    except Exception as error:  # noqa: BLE001  # whoever waits for this job gets it
        result = error
    else:
        connection.execute("RELEASE job")
        return result
    connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")
    return result
