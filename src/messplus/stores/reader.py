"""Reading a log: on connections of its own, which the writer does not hold up."""

import heapq
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from messplus.errors import StoreError, require_range
from messplus.stores.base import Stored, Story
from messplus.stores.connections import FAILURES, explained, to_read
from messplus.stores.rows import DECIDED, FEEDBACK, OUTCOME, TABLES, AnyTable
from messplus.stores.values import LARGEST, Value, from_text

PAGE: Final = 1000
"""Rows fetched at a time: a reader that stops half way holds nothing open."""

LAST: Final = "SELECT max(last) FROM (SELECT last FROM forgotten {})".format(
    " ".join(f"UNION ALL SELECT max(sequence) FROM {table.name}" for table in TABLES)
)
"""The latest sequence number that was given out, 0 if none was."""

_LATEST_ON_ROUTE: Final = DECIDED.latest.replace("WHERE", "WHERE route = CAST(? AS TEXT) AND")

Query = tuple[str, tuple[Value, ...]]


class Reader:
    """Reads a log that exists. As many connections are open as threads have read at one time."""

    def __init__(self, path: Path) -> None:
        """Begin with no connection.

        Args:
            path: Of the log.
        """
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    def events(self, after: int = 0, *, page: int = PAGE) -> Iterator[Stored]:
        """The events after a sequence number up to the last one now, in order."""
        last = self.last()
        return heapq.merge(
            *(self._of_table(table, after, last, page) for table in TABLES),
            key=lambda stored: stored.sequence,
        )

    def last(self) -> int:
        """The latest sequence number, forgotten events included; 0 if there was none."""
        [[(last,)]] = self._read((LAST, ()))
        return int(last)

    def story(self, decision_id: str) -> Story | None:
        """All that is known of a decision; None if it is unknown or was forgotten."""
        name = (from_text(decision_id),)
        decided, outcomes, feedback = self._read(*((one.of_decision, name) for one in TABLES))
        if not decided:
            return None
        return Story(
            DECIDED.decode(decided[0]),
            tuple(map(OUTCOME.decode, outcomes)),
            tuple(map(FEEDBACK.decode, feedback)),
        )

    def history(self, decision_id: str) -> tuple[Stored, ...]:
        """The events of a decision in the order of the log; none if it is unknown or was forgotten."""
        name = (from_text(decision_id),)
        found = self._read(*((one.of_decision, name) for one in TABLES))
        events = (
            Stored(row[0], table.decode(row))
            for table, rows in zip(TABLES, found, strict=True)
            for row in rows
        )
        return tuple(sorted(events, key=lambda stored: stored.sequence))

    def recent(
        self, limit: int, *, before: int | None = None, route: str | None = None
    ) -> tuple[Stored, ...]:
        """The latest decisions, the newest first, before a sequence number and of a route."""
        require_range("limit", limit, "at least 1", ok=limit >= 1)
        until = LARGEST if before is None else min(before, LARGEST)
        if route is None:
            query: Query = (DECIDED.latest, (until, limit))
        else:
            query = (_LATEST_ON_ROUTE, (from_text(route), until, limit))
        [rows] = self._read(query)
        return tuple(Stored(row[0], DECIDED.decode(row)) for row in rows)

    def oldest_s(self) -> float | None:
        """When the oldest decision was made; None if there is none."""
        [[(at_s,)]] = self._read(("SELECT min(at_s) FROM decided", ()))
        return None if at_s is None else float(at_s)

    def has_feedback(self, feedback_id: str) -> bool:
        """Whether feedback of this id is in the log."""
        query = "SELECT 1 FROM feedback WHERE feedback_id = CAST(? AS TEXT)"
        [rows] = self._read((query, (from_text(feedback_id),)))
        return bool(rows)

    def kept(self, name: str) -> tuple[int, bytes] | None:
        """The latest snapshot of a name, with its sequence number; None if there is none."""
        query = "SELECT sequence, state FROM snapshot WHERE name = CAST(? AS TEXT)"
        [rows] = self._read((query, (from_text(name),)))
        return (rows[0][0], rows[0][1]) if rows else None

    def close(self) -> None:
        """Close the connections; those in use are closed when their reading ends."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _of_table(self, table: AnyTable, after: int, last: int, page: int) -> Iterator[Stored]:
        while after < last:
            [rows] = self._read((table.page, (after, last, page)))
            for row in rows:
                yield Stored(row[0], table.decode(row))
            after = rows[-1][0] if len(rows) == page else last

    def _read(self, *queries: Query) -> list[list[Any]]:
        """The rows of each query, all as of one moment.

        Raises:
            StoreError: The file is damaged or gone, or the store is closed.
        """
        try:
            with self._connection() as connection:
                connection.execute("BEGIN")
                found = [connection.execute(*query).fetchall() for query in queries]
                connection.execute("COMMIT")
                return found
        except FAILURES as error:
            raise explained(error, "be read") from error

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for one thread; one that failed is not used again."""
        with self._lock:
            if self._closed:
                raise StoreError("the store is closed")
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = to_read(self._path)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()
