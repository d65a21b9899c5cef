"""The log in one file of SQLite, safe against crashes and power cuts."""

import math
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Final

from messplus.errors import StoreError, require_range
from messplus.records import Event
from messplus.stores.base import Stored, Story
from messplus.stores.connections import FAILURES, claim, create, explained, shrink, to_write
from messplus.stores.reader import LAST, PAGE, Reader
from messplus.stores.refusals import decision_unknown, known_already
from messplus.stores.rows import encode
from messplus.stores.schema import migrate
from messplus.stores.values import from_text
from messplus.stores.writer import Writer

FORGET_AT_ONCE: Final = 200
"""Decisions deleted in one transaction: appends wait some milliseconds for it."""

SHRINK_AT_ONCE: Final = 256
"""Pages, of 4 KB, given back to the disk with them."""

_FORGET: Final = (
    "DELETE FROM decided WHERE sequence IN"  # with its outcomes and feedback: ON DELETE CASCADE
    " (SELECT sequence FROM decided WHERE at_s < ? ORDER BY at_s LIMIT ?)"
)


class SqliteStore:
    """A store in a file. One process writes it; all its threads may."""

    def __init__(self, path: Path, *, waiting: int = 10_000, wait_s: float = 5.0) -> None:
        """Open a log, or begin one that only its owner can read.

        Args:
            path: Of the file; beside it come `-wal` and `-shm` of SQLite, and `-lock`.
            waiting: Events that may wait to be written, >= 1. At that number `append` blocks.
            wait_s: Seconds for which it blocks at most, >= 0.

        Raises:
            SettingError: A setting is out of range.
            StoreError: Another process writes it, it is damaged, or is no log of ours.
        """
        require_range("waiting", waiting, "at least 1", ok=waiting >= 1)
        require_range("wait_s", wait_s, "finite and at least 0", ok=0 <= wait_s < math.inf)
        self.path = path.resolve()
        create(self.path)
        self._claim = claim(self.path)
        try:
            connection, self._last = _opened(self.path)
        except StoreError:
            self._claim.close()
            raise
        self._reader = Reader(self.path)
        self._writer = Writer(connection, waiting, wait_s)

    def append(self, events: Sequence[Event]) -> "Future[int]":
        """Append events, all or none.

        Returns:
            The sequence number of the last of them, once they are on the disk. It cannot be
            cancelled. Its callbacks run on the thread that writes for all: let them be short, and
            not wait for another append.
        """
        try:
            rows = [(event, *encode(event)) for event in events]
        except StoreError as error:
            refused: Future[int] = Future()
            refused.set_exception(error)
            return refused

        def write(connection: sqlite3.Connection) -> int:
            for sequence, (event, table, row) in enumerate(rows, self._last + 1):
                try:
                    connection.execute(table.insert, (sequence, *row))
                except sqlite3.IntegrityError as error:
                    raise _refused(event, error) from error
            self._last += len(rows)  # not before: numbers of a batch that failed are free again
            return self._last

        return self._writer.submit(write, max(1, len(rows)))

    def events(self, after: int = 0, *, page: int = PAGE) -> Iterator[Stored]:
        """The events after a sequence number, in order; not those that are appended meanwhile."""
        return self._reader.events(after, page=page)

    def story(self, decision_id: str) -> Story | None:
        """All that is known of a decision; None if it is unknown or was forgotten."""
        return self._reader.story(decision_id)

    def history(self, decision_id: str) -> tuple[Stored, ...]:
        """The events of a decision in the order of the log; none if it is unknown or was forgotten."""
        return self._reader.history(decision_id)

    def recent(
        self, limit: int, *, before: int | None = None, route: str | None = None
    ) -> tuple[Stored, ...]:
        """The latest decisions, the newest first, before a sequence number and of a route."""
        return self._reader.recent(limit, before=before, route=route)

    def oldest_s(self) -> float | None:
        """When the oldest decision was made; None if there is none."""
        return self._reader.oldest_s()

    def has_feedback(self, feedback_id: str) -> bool:
        """Whether feedback of this id is in the log."""
        return self._reader.has_feedback(feedback_id)

    def keep(self, name: str, sequence: int, state: bytes) -> None:
        """Keep a snapshot in place of an older one of that name; it is on the disk afterwards."""
        row = (from_text(name), sequence, state)
        self._writer.run(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO snapshot VALUES (CAST(? AS TEXT), ?, ?)", row
            )
        )

    def kept(self, name: str) -> tuple[int, bytes] | None:
        """The latest snapshot of a name, with its sequence number; None if there is none."""
        return self._reader.kept(name)

    def forget(self, before_s: float, *, limit: int | None = None) -> int:
        """Delete decisions older than a moment, with their outcomes and feedback; the oldest first.

        They go in small transactions between those of others: one that ends early has deleted the
        oldest of them. What comes next fills the room in the file; of what is free beyond a quarter
        of the file, each transaction gives some back to the disk.
        """
        require_range("limit", limit, "at least 1", ok=limit is None or limit >= 1)
        deleted = 0
        while limit is None or deleted < limit:
            most = FORGET_AT_ONCE if limit is None else min(FORGET_AT_ONCE, limit - deleted)
            chunk = self._writer.run(partial(self._forget_some, before_s, most))
            deleted += chunk
            if chunk < most:
                break
        return deleted

    def _forget_some(self, before_s: float, most: int, connection: sqlite3.Connection) -> int:
        connection.execute("UPDATE forgotten SET last = ?", (self._last,))
        deleted = connection.execute(_FORGET, (before_s, most)).rowcount
        shrink(connection, SHRINK_AT_ONCE)
        return deleted

    def size_bytes(self) -> int | None:
        """Of the file, and of what SQLite keeps beside it."""
        beside = self.path.with_name(f"{self.path.name}-wal")
        return sum(one.stat().st_size for one in (self.path, beside) if one.exists())

    def close(self) -> None:
        """Make everything durable and let go of the file; a second call does nothing."""
        self._reader.close()  # first: the last connection to close works off the -wal file
        self._writer.close()
        self._claim.close()


def _opened(path: Path) -> tuple[sqlite3.Connection, int]:
    """A connection to a log of the latest version, and the last sequence number in it."""
    try:
        connection = to_write(path)
    except FAILURES as error:
        raise _of(path, explained(error, "be opened")) from error
    try:
        migrate(connection)
        ((last,),) = connection.execute(LAST).fetchall()
    except FAILURES as error:
        connection.close()
        raise _of(path, explained(error, "be read")) from error
    except StoreError as error:
        connection.close()
        raise _of(path, error) from error
    return connection, last


def _of(path: Path, error: StoreError) -> StoreError:
    return StoreError(f"{path}: {error}")


def _refused(event: Event, error: sqlite3.IntegrityError) -> StoreError:
    """Why an event is not taken."""
    if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return decision_unknown(event)
    return known_already(event)
