"""Reading a log in PostgreSQL: pages of rows, each as of one moment."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import asyncpg

from messplus.errors import require_range
from messplus.stores.base import Stored, Story, story_of
from messplus.stores.postgres.session import Session
from messplus.stores.postgres.texts import row_from_sql, to_sql
from messplus.stores.rows import DECIDED, TABLES, AnyTable
from messplus.stores.shared import Known
from messplus.stores.values import LARGEST

PAGE: Final = 1000
"""Rows fetched at a time."""


def _select(table: AnyTable) -> str:
    return f"SELECT sequence, {', '.join(table.columns)} FROM {table.name} WHERE"


_PAGE: Final = {
    table.name: f"{_select(table)} sequence > $1 AND sequence <= $2 ORDER BY sequence LIMIT $3"
    for table in TABLES
}
# One statement sees one moment, and takes one way there and back.
_TOLD: Final = (
    "SELECT {}, array(SELECT feedback_id FROM feedback WHERE feedback_id = ANY($2))".format(
        ", ".join(
            f"array(SELECT told FROM ({_select(table)} decision_id = ANY($1)) AS told)"
            for table in TABLES
        )
    )
)
_LATEST: Final = f"{_select(DECIDED)} sequence < $1 ORDER BY sequence DESC LIMIT $2"
_LATEST_ON_ROUTE: Final = (
    f"{_select(DECIDED)} sequence < $1 AND route = $3 ORDER BY sequence DESC LIMIT $2"
)


class PostgresReader:
    """Reads a log that exists, from any thread."""

    def __init__(self, session: Session) -> None:
        """Begin.

        Args:
            session: The connections.
        """
        self._session = session

    def last(self) -> int:
        """The latest sequence number, forgotten events included; 0 if there was none."""
        [row] = self._fetch("SELECT last FROM head")
        return int(row["last"])

    def events(self, after: int = 0, *, page: int = PAGE) -> Iterator[Stored]:
        """The events after a sequence number up to the last one now, in order."""
        last = self.last()
        return heapq.merge(
            *(self._of_table(table, after, last, page) for table in TABLES),
            key=lambda stored: stored.sequence,
        )

    def story(self, decision_id: str) -> Story | None:
        """All that is known of a decision; None if it is unknown or was forgotten."""
        return stories_of(self.histories([decision_id])).get(decision_id)

    def history(self, decision_id: str) -> tuple[Stored, ...]:
        """The events of a decision in the order of the log; none if it is unknown or was forgotten."""
        return self.histories([decision_id]).get(decision_id, ())

    def histories(self, decision_ids: Sequence[str]) -> dict[str, tuple[Stored, ...]]:
        """The events of some decisions in the order of the log; those that are unknown are left out."""
        return self._told(decision_ids, ())[0]

    def recent(
        self, limit: int, *, before: int | None = None, route: str | None = None
    ) -> tuple[Stored, ...]:
        """The latest decisions, the newest first, before a sequence number and of a route."""
        require_range("limit", limit, "at least 1", ok=limit >= 1)
        until = LARGEST if before is None else min(before, LARGEST)
        if route is None:
            rows = self._fetch(_LATEST, until, limit)
        else:
            rows = self._fetch(_LATEST_ON_ROUTE, until, limit, to_sql(route))
        return tuple(
            Stored(row["sequence"], DECIDED.decode(row_from_sql(DECIDED, row))) for row in rows
        )

    def oldest_s(self) -> float | None:
        """When the oldest decision was made; None if there is none."""
        [row] = self._fetch("SELECT min(at_s) AS oldest FROM decided")
        return None if row["oldest"] is None else float(row["oldest"])

    def has_feedback(self, feedback_id: str) -> bool:
        """Whether feedback of this id is in the log."""
        return bool(self._told((), [feedback_id])[1])

    def look_up(self, decision_ids: Sequence[str], feedback_ids: Sequence[str]) -> Known:
        """What the log says of some ids."""
        told, known = self._told(decision_ids, feedback_ids)
        return Known(stories_of(told), frozenset(known))

    def kept(self, name: str) -> tuple[int, bytes] | None:
        """The latest snapshot of a name, with its sequence number; None if there is none."""
        rows = self._fetch("SELECT sequence, state FROM snapshot WHERE name = $1", to_sql(name))
        return (rows[0]["sequence"], rows[0]["state"]) if rows else None

    def size_bytes(self) -> int:
        """What the schema takes on the disk of the database."""
        [row] = self._fetch(
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint AS size FROM pg_class c"
            " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'"
        )
        return int(row["size"])

    def _of_table(self, table: AnyTable, after: int, last: int, page: int) -> Iterator[Stored]:
        while after < last:
            rows = self._fetch(_PAGE[table.name], after, last, page)
            for row in rows:
                yield Stored(row["sequence"], table.decode(row_from_sql(table, row)))
            after = rows[-1]["sequence"] if len(rows) == page else last

    def _told(
        self, decision_ids: Sequence[str], feedback_ids: Sequence[str]
    ) -> tuple[dict[str, tuple[Stored, ...]], set[str]]:
        """The events of decisions, and which ids of feedback are in the log, as of one moment."""
        names = {to_sql(name): name for name in feedback_ids}
        [found] = self._fetch(_TOLD, [to_sql(name) for name in decision_ids], list(names))
        *tables, known = found
        events = [
            Stored(row[0], table.decode(row_from_sql(table, row)))
            for table, rows in zip(TABLES, tables, strict=True)
            for row in rows
        ]
        told: dict[str, list[Stored]] = {}
        for stored in sorted(events, key=lambda stored: stored.sequence):
            told.setdefault(stored.event.decision_id, []).append(stored)
        return {name: tuple(some) for name, some in told.items()}, {names[one] for one in known}

    def _fetch(self, query: str, *values: object) -> "list[asyncpg.Record]":
        return self._session.run(self._fetched(query, values))

    async def _fetched(self, query: str, values: tuple[object, ...]) -> "list[asyncpg.Record]":
        async with self._session.reading() as connection:
            return await connection.fetch(query, *values)


def stories_of(told: Mapping[str, Sequence[Stored]]) -> dict[str, Story]:
    """What events tell of decisions; those without a decision are left out."""
    stories = {name: story_of(events) for name, events in told.items()}
    return {name: story for name, story in stories.items() if story is not None}
