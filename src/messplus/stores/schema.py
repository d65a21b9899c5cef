"""The tables of a log on disk, and the steps from each version of them to the next.

A step that was released is never changed: files made by it exist. Add another one.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final

from messplus.errors import StoreError

APPLICATION_ID: Final = 0x4D455353  # "MESS": tells our files from other programs' databases

Step = tuple[str, ...]

_FIRST: Final[Step] = (
    """
    CREATE TABLE decided (
        sequence     INTEGER PRIMARY KEY,
        decision_id  TEXT    NOT NULL UNIQUE,
        route        TEXT    NOT NULL,
        at_s         REAL    NOT NULL,
        t            INTEGER NOT NULL,
        alpha        REAL    NOT NULL,
        models       TEXT    NOT NULL, -- JSON: ["small", "large"]
        available    BLOB    NOT NULL, -- a byte per model, 0 or 1
        features     BLOB    NOT NULL, -- float32, little endian, as all arrays here
        draw_explore REAL    NOT NULL,
        draw_choose  REAL    NOT NULL,
        model        TEXT    NOT NULL,
        asked        TEXT    NOT NULL, -- JSON
        explored     INTEGER NOT NULL,
        propensity   REAL    NOT NULL,
        queue        REAL    NOT NULL,
        p_sat        BLOB    NOT NULL, -- float64 per model
        cost         BLOB    NOT NULL, -- float64 per model
        shielded     INTEGER NOT NULL,
        attributes   TEXT    NOT NULL, -- JSON: {"task": "law"}
        prompt       TEXT              -- NULL where prompts are not kept
    )
    """,
    """
    CREATE TABLE outcome (
        sequence      INTEGER PRIMARY KEY,
        decision_id   TEXT NOT NULL REFERENCES decided (decision_id) ON DELETE CASCADE,
        model         TEXT NOT NULL,
        at_s          REAL NOT NULL,
        cost          REAL NOT NULL,
        latency_s     REAL,
        prompt_tokens INTEGER,
        output_tokens INTEGER,
        error         TEXT NOT NULL
    )
    """,
    "CREATE INDEX outcome_of_decision ON outcome (decision_id)",
    """
    CREATE TABLE feedback (
        sequence    INTEGER PRIMARY KEY,
        feedback_id TEXT NOT NULL UNIQUE,
        decision_id TEXT NOT NULL REFERENCES decided (decision_id) ON DELETE CASCADE,
        at_s        REAL NOT NULL,
        value       REAL NOT NULL,
        source      TEXT NOT NULL,
        comment     TEXT NOT NULL,
        attributes  TEXT NOT NULL -- JSON
    )
    """,
    "CREATE INDEX feedback_on_decision ON feedback (decision_id)",
    "CREATE TABLE snapshot (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL, state BLOB NOT NULL)",
    # Numbers of forgotten events are not given out again: snapshots may name them.
    "CREATE TABLE forgotten (last INTEGER NOT NULL)",
    "INSERT INTO forgotten VALUES (0)",
    f"PRAGMA application_id = {APPLICATION_ID}",
)
_FORGET_BY_TIME: Final[Step] = ("CREATE INDEX decided_at ON decided (at_s)",)

_PRICES: Final[Step] = (
    # What was written before says 0: no price was noted, and verdicts were free.
    "ALTER TABLE decided ADD COLUMN price REAL NOT NULL DEFAULT 0.0",
    "ALTER TABLE feedback ADD COLUMN cost REAL NOT NULL DEFAULT 0.0",
    # The latest decisions of one route, without reading those of the others.
    "CREATE INDEX decided_on_route ON decided (route)",
)

STEPS: Final[tuple[Step, ...]] = (_FIRST, _FORGET_BY_TIME, _PRICES)
"""Step n leads from version n to n + 1; a new file is of version 0."""


def migrate(connection: sqlite3.Connection, steps: Sequence[Step] = STEPS) -> None:
    """Bring a file to the latest version, each step whole or not at all.

    Args:
        connection: In autocommit mode; nobody else writes to the file.
        steps: All there are.

    Raises:
        StoreError: The file is another program's, or was written by a newer messplus.
        sqlite3.Error: The disk is full, or the file is damaged.
    """
    version = _version(connection, steps)
    theirs = _number(connection, "PRAGMA application_id") != APPLICATION_ID
    if theirs and _number(connection, "SELECT count(*) FROM sqlite_schema"):
        raise StoreError("the file is the database of another program: give the log one of its own")
    for number, step in enumerate(steps[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in step:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def require_latest(connection: sqlite3.Connection, steps: Sequence[Step] = STEPS) -> None:
    """Check that a file can be read as it is.

    Args:
        connection: To any database.
        steps: All there are.

    Raises:
        StoreError: The file is another program's, or of another version.
        sqlite3.Error: It is no database.
    """
    if _number(connection, "PRAGMA application_id") != APPLICATION_ID:
        raise StoreError("the file is not a log of messplus")
    version = _version(connection, steps)
    if version < len(steps):
        raise StoreError(
            f"the log has schema version {version}, written by an older messplus; this one reads"
            f" version {len(steps)}: a gateway or router that is started on it brings it up to date"
        )


def _version(connection: sqlite3.Connection, steps: Sequence[Step]) -> int:
    """The version of a file; raises StoreError for one that is newer than we are."""
    version = _number(connection, "PRAGMA user_version")
    if version > len(steps):
        raise StoreError(
            f"the log has schema version {version}, this messplus knows up to {len(steps)}:"
            " update messplus"
        )
    return version


def _number(connection: sqlite3.Connection, query: str) -> int:
    (number,) = connection.execute(query).fetchone()
    return int(number)
