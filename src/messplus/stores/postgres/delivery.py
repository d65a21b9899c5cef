"""Batches into the database, in one transaction and in a fixed number of statements."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from messplus.core.queue import QueueStep
from messplus.errors import StoreError
from messplus.ids import made_at_s
from messplus.stores.postgres.parcels import (
    ALPHA,
    ROUTE,
    Admitted,
    Item,
    Names,
    Parcel,
    T,
)
from messplus.stores.postgres.schema import make_day
from messplus.stores.postgres.session import Connection
from messplus.stores.postgres.spool import Batch
from messplus.stores.rows import DECIDED, FEEDBACK, TABLES, AnyTable
from messplus.stores.shared import Change, PromiseKey
from messplus.stores.values import Value

DAY_S: Final = 86_400

_HEAD: Final = "SELECT last FROM head FOR UPDATE"

# After the head is held, so that it sees what others have just committed.
_KNOWN: Final = """
    SELECT 'today' AS kind, '' AS name, floor(extract(epoch FROM clock_timestamp()) / 86400)::bigint AS number
    UNION ALL SELECT 'batch', '', batch FROM writer WHERE writer = $1
    UNION ALL SELECT 'decided', decision_id, day FROM decided WHERE decision_id = ANY($2) AND day >= $4
    UNION ALL SELECT 'feedback', feedback_id, day FROM feedback WHERE feedback_id = ANY($3) AND day >= $4
    UNION ALL SELECT 'feedback', feedback_id, 0 FROM parked WHERE feedback_id = ANY($3)
    UNION ALL SELECT 'awaited', decision_id, 0 FROM parked WHERE decision_id = ANY($2)
"""
_NUMBERED: Final = """
    INSERT INTO promise AS p SELECT * FROM unnest($1::text[], $2::float8[], $3::bigint[])
    ON CONFLICT (route, alpha) DO UPDATE SET requests = p.requests + excluded.requests
    RETURNING route, alpha, requests
"""
_MET: Final = (
    f"DELETE FROM parked WHERE decision_id = ANY($1) RETURNING {', '.join(FEEDBACK.columns)}"
)
_DONE: Final = """
    WITH moved AS (UPDATE head SET last = $1)
    INSERT INTO writer (writer, batch) VALUES ($2, $3)
    ON CONFLICT (writer) DO UPDATE SET batch = excluded.batch, at = now()
"""
_STEP: Final = "INSERT INTO step VALUES ($1, $2, $3, $4, $5, $6, $7)"


def _insert(table: AnyTable, *, numbered: bool) -> str:
    columns = (*(("day", "sequence") if numbered else ()), *table.columns)
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    name = table.name if numbered else "parked"
    return f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({places})"


_INSERT: Final = {table.name: _insert(table, numbered=True) for table in TABLES}
_PARK: Final = f"{_insert(FEEDBACK, numbered=False)} ON CONFLICT DO NOTHING"


class Delivery:
    """Delivers batches. Knows which days have their parts."""

    def __init__(self) -> None:
        self._days: set[int] = set()

    async def deliver(
        self, connection: Connection, batches: Sequence[Batch]
    ) -> list[int | StoreError]:
        """Append batches; they are durable on return.

        Args:
            connection: Not in a transaction.
            batches: What to append, in the order of their numbers: of one writer.

        Returns:
            For each parcel the sequence number of its last event, or why it was refused; parcels of
            batches that were delivered before are not among them.

        Raises:
            asyncpg.PostgresError, OSError, TimeoutError: It could not be appended, or the
                connection was lost and nobody knows; then deliver it again.
        """
        names = Names.of([parcel for batch in batches for parcel in batch.parcels])
        async with connection.transaction():
            last = int(await connection.fetchval(_HEAD))
            known = await connection.fetch(
                _KNOWN,
                batches[-1].writer,
                list(names.decisions),
                list(names.feedback),
                _earliest(names),
            )
            before = max((row["number"] for row in known if row["kind"] == "batch"), default=0)
            new = [batch for batch in batches if batch.number > before]
            if not new:
                return []
            parcels = [parcel for batch in new for parcel in batch.parcels]
            admitted = await self._admitted(connection, parcels, known)
            latest = Batch(new[-1].writer, new[-1].number, tuple(parcels))
            await self._write(connection, latest, last, admitted)
        return [one if isinstance(one, StoreError) else last + one for one in admitted.results]

    async def _admitted(
        self, connection: Connection, parcels: Sequence[Parcel], known: "list[asyncpg.Record]"
    ) -> Admitted:
        today = next(int(row["number"]) for row in known if row["kind"] == "today")
        admitted = Admitted(
            today=today,
            days={row["name"]: row["number"] for row in known if row["kind"] == "decided"},
            feedback={row["name"] for row in known if row["kind"] == "feedback"},
        )
        awaited: dict[str, list[Item]] = {}
        if names := {row["name"] for row in known if row["kind"] == "awaited"}:
            for row in await connection.fetch(
                f"SELECT {', '.join(FEEDBACK.columns)} FROM parked WHERE decision_id = ANY($1)"
                " ORDER BY since, feedback_id",
                list(names),
            ):
                item = Item(FEEDBACK, tuple(row))
                awaited.setdefault(item.decision_id, []).append(item)
        for parcel in parcels:
            admitted.admit(parcel, awaited)
        if today not in self._days:
            for day in (today, today + 1):
                await make_day(connection, day)
            self._days.add(today)
        return admitted

    async def _write(
        self, connection: Connection, batch: Batch, last: int, admitted: Admitted
    ) -> None:
        numbered = await self._numbered(connection, batch, admitted)
        rows: dict[str, list[tuple[Value, ...]]] = {table.name: [] for table in TABLES}
        for sequence, ((day, item), row) in enumerate(
            zip(admitted.items, numbered, strict=True), last + 1
        ):
            rows[item.table.name].append((day, sequence, *row))
        for table in TABLES:
            if rows[table.name]:
                await connection.executemany(_INSERT[table.name], rows[table.name])
        if admitted.parked:
            await connection.executemany(_PARK, [item.row for item in admitted.parked])
        if admitted.met:
            await connection.execute(_MET, admitted.met)
        last += len(admitted.items)
        if changes := _together(admitted.changes):
            await connection.executemany(
                _STEP,
                [
                    (last, batch.writer, *one.key, one.step.a, one.step.b, one.requests)
                    for one in changes
                ],
            )
        await connection.execute(_DONE, last, batch.writer, batch.number)

    async def _numbered(
        self, connection: Connection, batch: Batch, admitted: Admitted
    ) -> list[tuple[Value, ...]]:
        """The rows of what is taken; decisions of shared parcels have their number in the promise."""
        shared = {id(item) for parcel in batch.parcels if parcel.shared for item in parcel.items}
        counts: dict[tuple[Any, Any], int] = {}
        for _, item in admitted.items:
            if item.table is DECIDED and id(item) in shared:
                key = (item.row[ROUTE], item.row[ALPHA])
                counts[key] = counts.get(key, 0) + 1
        if not counts:
            return [item.row for _, item in admitted.items]
        routes, alphas = zip(*counts, strict=True)
        found = await connection.fetch(_NUMBERED, list(routes), list(alphas), list(counts.values()))
        following = {
            key: row["requests"] - counts[key]
            for row in found
            if (key := (row["route"], row["alpha"])) in counts
        }
        rows = []
        for _, item in admitted.items:
            row = item.row
            if item.table is DECIDED and id(item) in shared:
                key = (row[ROUTE], row[ALPHA])
                row = (*row[:T], following[key], *row[T + 1 :])
                following[key] += 1
            rows.append(row)
        return rows


def _earliest(names: Names) -> int:
    """The first day that any of these ids can be of: ids that we make tell when they were made.

    A clock may be a day behind. Any other id may be of any day.
    """
    made = [made_at_s(name) for name in (*names.decisions, *names.feedback)]
    days = [-1 if at_s is None else int(at_s // DAY_S) - 1 for at_s in made]
    return max(0, min(days, default=0))


def _together(changes: Sequence[Change]) -> list[Change]:
    """One change for each promise, in order of their names: writers never wait for each other."""
    merged: dict[PromiseKey, Change] = {}
    for one in changes:
        before = merged.get(one.key, Change(one.key, QueueStep(0.0, float("-inf")), 0))
        step = before.step.then(one.step)
        merged[one.key] = Change(one.key, step, before.requests + one.requests)
    return [merged[key] for key in sorted(merged)]
