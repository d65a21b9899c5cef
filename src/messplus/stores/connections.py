"""SQLite as the store uses it: how a file is opened, claimed by one writer, and what errors mean."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

from messplus.errors import StoreError

FAILURES: Final = (sqlite3.Error, MemoryError)
"""What SQLite raises when it cannot go on."""

_BUSY_S: Final = 5.0  # a backup or a look from the shell may hold the file for a moment
_CACHE_BYTES: Final = 32 << 20  # pages of the indexes by id, which are written all over
_LARGEST_LOG_BYTES: Final = 64 << 20  # of the -wal file, once it has been worked off


def create(path: Path) -> None:
    """Make an empty file that only its owner can read, unless it is there: prompts may go in.

    A file that is there is not opened: on POSIX that would drop the locks this process has on it.

    Raises:
        StoreError: It cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(f"{path} cannot be made: {error.strerror}") from error


def claim(path: Path) -> sqlite3.Connection:
    """Become the only writer of a log, until the connection is closed or the process ends.

    The claim is an exclusive transaction on a second, empty database beside it. So it is the
    operating system's lock, on every system, and readers of the log do not notice it.

    Raises:
        StoreError: There is another writer.
    """
    beside = path.with_name(f"{path.name}-lock")
    create(beside)
    guard = _connect(beside, "rw", busy_s=0.0)
    try:
        guard.execute("PRAGMA journal_mode = MEMORY")  # no file: nothing is ever written
        guard.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        guard.close()
        if primary_code(error) == sqlite3.SQLITE_BUSY:
            raise StoreError(
                f"{path} has a writer already: a log has one at a time. Stop the other process, or"
                " give this one a file of its own"
            ) from error
        raise StoreError(f"{beside} cannot be locked: {error}") from error
    return guard


def to_write(path: Path) -> sqlite3.Connection:
    """A connection for the one writer; each commit is on the disk when it returns.

    Raises:
        sqlite3.Error: The file is no database.
    """
    connection = _connect(path, "rw", busy_s=_BUSY_S)
    try:
        # Of a new file only, and first of all: the journal mode writes the header.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute(
            "PRAGMA journal_mode = WAL"
        )  # readers and writer do not wait for another
        connection.execute(
            "PRAGMA synchronous = FULL"
        )  # NORMAL may lose the last ones with the power
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # what is forgotten is overwritten
        connection.execute(f"PRAGMA cache_size = -{_CACHE_BYTES >> 10}")
        connection.execute(f"PRAGMA journal_size_limit = {_LARGEST_LOG_BYTES}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def to_read(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; texts come as bytes.

    Raises:
        sqlite3.Error: The file is gone, or no database.
    """
    connection = _connect(path, "ro", busy_s=_BUSY_S)
    connection.text_factory = bytes
    return connection


def shrink(connection: sqlite3.Connection, pages: int) -> None:
    """Give pages that are free beyond a quarter of the file back to the disk, at most so many.

    A quarter stays: what comes next fills it, and need not wait for the file to grow again. Files
    that were begun before this existed keep their size; docs/reference/stores.md says how to change that.

    Raises:
        sqlite3.Error: It could not be done.
    """
    ((free,),) = connection.execute("PRAGMA freelist_count").fetchall()
    ((all_pages,),) = connection.execute("PRAGMA page_count").fetchall()
    for _ in range(min(pages, free - all_pages // 4)):
        # One at a time: the statement has no columns, and Python steps such a one only once.
        connection.execute("PRAGMA incremental_vacuum(1)")


def explained(error: Exception, what: str) -> StoreError:
    """The error for one of `FAILURES`, with the fix.

    Args:
        error: As SQLite says.
        what: What the log could not: "be written".
    """
    match primary_code(error):
        case sqlite3.SQLITE_FULL:
            return StoreError("the disk is full: make room, or forget old events; then try again")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StoreError(f"the file is damaged ({error}): restore it from a backup")
    return StoreError(f"the log could not {what}: {error!r}")


def primary_code(error: Exception) -> int | None:
    """SQLite's result code, without what it adds in higher bits; None if there is none."""
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def _connect(path: Path, mode: str, busy_s: float) -> sqlite3.Connection:
    """A connection in autocommit mode that any thread may use, one at a time."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=busy_s,
        isolation_level=None,
        check_same_thread=False,
    )
