"""Where events wait on local disk while the database is away: batches, in order, each delivered once."""

import base64
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

from messplus.core.queue import QueueStep
from messplus.errors import StoreError
from messplus.stores.connections import FAILURES, claim, create, explained, primary_code, to_write
from messplus.stores.postgres.parcels import TABLES_BY_NAME, Item, Parcel
from messplus.stores.shared import Change, PromiseKey
from messplus.stores.values import Value

_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS batch (place INTEGER PRIMARY KEY, writer TEXT NOT NULL,"
    " number INTEGER NOT NULL, events INTEGER NOT NULL, content TEXT NOT NULL)"
)


class Batch(NamedTuple):
    """What goes into the database in one transaction.

    Attributes:
        writer: Whose it is: a process that wrote.
        number: Ascending for each writer: a batch whose number is there already was delivered.
        parcels: In order.
    """

    writer: str
    number: int
    parcels: tuple[Parcel, ...]

    @property
    def events(self) -> int:
        """In all parcels."""
        return sum(len(parcel.items) for parcel in self.parcels)


class Spool:
    """Batches in a file that one process has at a time. Not thread-safe."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        """Open a file, or begin one.

        Args:
            path: Of the file.
            most_bytes: What may wait in it.

        Raises:
            StoreError: Another process has it, or it cannot be written.
        """
        self.path = path
        self._most_bytes = most_bytes
        self._claim = claim(path)  # first: whoever has it may have been about to delete the file
        try:
            create(path)
            self._connection = to_write(path)
            self._connection.execute(_TABLE)
        except StoreError:
            self._claim.close()
            raise
        except FAILURES as error:
            self._claim.close()
            raise explained(error, "be opened") from error
        self._bytes = self._number("SELECT coalesce(sum(length(content)), 0) FROM batch")
        self.events = self._number("SELECT coalesce(sum(events), 0) FROM batch")
        """Events that wait."""

    def put(self, batch: Batch) -> None:
        """Keep a batch; it is on the disk on return.

        Raises:
            StoreError: There is no room for it.
        """
        content = _to_text(batch)
        if self._bytes + len(content) > self._most_bytes:
            raise StoreError(
                f"the database is away, and the {self._most_bytes >> 20} MB for events that wait are"
                " used up (sharing.spool_mb)"
            )
        self._write(
            "INSERT INTO batch VALUES (NULL, ?, ?, ?, ?)",
            (batch.writer, batch.number, batch.events, content),
        )
        self._bytes += len(content)
        self.events += batch.events

    def batches(self, limit: int = -1) -> Iterator[Batch]:
        """What waits, in order; that which has waited longest first."""
        query = "SELECT writer, number, content FROM batch ORDER BY place LIMIT ?"
        for writer, number, content in self._connection.execute(query, (limit,)).fetchall():
            yield Batch(writer, number, _from_text(content))

    def remove(self, batches: Sequence[Batch]) -> None:
        """Forget batches of one writer that were delivered, from the first that waits on."""
        last = (batches[0].writer, batches[-1].number)
        query = (
            "SELECT sum(events), sum(length(content)) FROM batch WHERE writer = ? AND number <= ?"
        )
        events, size = self._connection.execute(query, last).fetchone()
        self._write("DELETE FROM batch WHERE writer = ? AND number <= ?", last)
        self.events -= events or 0
        self._bytes -= size or 0

    def close(self, *, remove: bool = False) -> None:
        """Let go of the file.

        Args:
            remove: Whether to delete it, if nothing waits in it.
        """
        self._connection.close()
        if remove and not self.events:
            for name in (self.path.name, f"{self.path.name}-wal", f"{self.path.name}-shm"):
                with suppress(FileNotFoundError):
                    self.path.with_name(name).unlink()
        self._claim.close()

    def _write(self, statement: str, values: Sequence[Value]) -> None:
        try:
            self._connection.execute(statement, values)
        except FAILURES as error:
            raise explained(error, "be written to local disk") from error

    def _number(self, query: str) -> int:
        (number,) = self._connection.execute(query).fetchone()
        return int(number)


def open_spool(folder: Path, most_bytes: int) -> tuple[Spool, list[Spool]]:
    """A spool of one's own, and those that processes have left behind with something in them.

    Args:
        folder: Made if it is not there; each process has a file of its own in it.
        most_bytes: What may wait in each.

    Raises:
        StoreError: The folder cannot be written.
    """
    paths = sorted(folder.glob("spool-*.db"))
    found = [one for one in (_free(path, most_bytes) for path in paths) if one is not None]
    own = found.pop(0) if found else _first_free(folder, most_bytes)
    for empty in [one for one in found if not one.events]:
        empty.close(remove=True)
    return own, [one for one in found if one.events]


def _first_free(folder: Path, most_bytes: int) -> Spool:
    """One that nobody has. Names come back, and with them the few files that claim them."""
    tried = (_free(folder / f"spool-{number}.db", most_bytes) for number in count())
    return next(one for one in tried if one is not None)  # others were quicker to take theirs


def _free(path: Path, most_bytes: int) -> Spool | None:
    """The spool of a file; None if another process has it."""
    try:
        return Spool(path, most_bytes)
    except StoreError as error:
        cause = error.__cause__
        if isinstance(cause, Exception) and primary_code(cause) == sqlite3.SQLITE_BUSY:
            return None
        raise


def _to_text(batch: Batch) -> str:
    return json.dumps(
        [
            {
                "items": [[one.table.name, list(one.row)] for one in parcel.items],
                "changes": [
                    [*one.key, one.step.a, one.step.b, one.requests] for one in parcel.changes
                ],
                "shared": parcel.shared,
            }
            for parcel in batch.parcels
        ],
        default=_bytes_as_text,
    )


def _from_text(content: str) -> tuple[Parcel, ...]:
    return tuple(
        Parcel(
            tuple(Item(TABLES_BY_NAME[name], tuple(row)) for name, row in one["items"]),
            tuple(
                Change(PromiseKey(route, alpha), QueueStep(a, b), requests)
                for route, alpha, a, b, requests in one["changes"]
            ),
            one["shared"],
        )
        for one in json.loads(content, object_hook=_bytes_again)
    )


def _bytes_as_text(value: object) -> dict[str, str]:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    raise TypeError(f"a row holds {value!r}")


def _bytes_again(found: "dict[str, Any]") -> "dict[str, Any] | bytes":
    return base64.b64decode(found["base64"]) if set(found) == {"base64"} else found
