"""The tables in PostgreSQL, and the steps from each version of them to the next.

A step that was released is never changed. Gateways of the version before go on while a step is taken
(a rolling upgrade), so a step only adds: columns with a default, tables, indexes. One that cannot do
with that says so by `breaks`; gateways that are older than it are refused then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from messplus.errors import StoreError

LOCK: Final = 0x4D455353
"""Of the advisory lock under which the schema is changed."""

_WAIT_MS: Final = 5000
"""For which a step waits for a table: what others write meanwhile waits behind it."""


@dataclass(frozen=True, slots=True)
class Step:
    """From one version to the next, whole or not at all.

    Attributes:
        statements: In order.
        breaks: Whether an older messplus cannot work with what it leaves.
    """

    statements: tuple[str, ...]
    breaks: bool = False


_LOG: Final = Step(
    (
        # The one row that every append holds until it is committed: so numbers are in the order of
        # commits, without gaps, and who reads up to `last` misses nothing.
        "CREATE TABLE head (last bigint NOT NULL)",
        "INSERT INTO head VALUES (0)",
        # `day` is that of the append of a decision, by the clock of the database; what is heard of it
        # lies in the same day, so that a day can be dropped whole.
        """
        CREATE TABLE decided (
            day          integer          NOT NULL,
            sequence     bigint           NOT NULL,
            decision_id  text COLLATE "C" NOT NULL,
            route        text COLLATE "C" NOT NULL,
            at_s         float8           NOT NULL,
            t            bigint           NOT NULL,
            alpha        float8           NOT NULL,
            models       text             NOT NULL, -- JSON: ["small", "large"]
            available    bytea            NOT NULL, -- a byte per model, 0 or 1
            features     bytea            NOT NULL, -- float32, little endian, as all arrays here
            draw_explore float8           NOT NULL,
            draw_choose  float8           NOT NULL,
            model        text             NOT NULL,
            asked        text             NOT NULL, -- JSON
            explored     boolean          NOT NULL,
            propensity   float8           NOT NULL,
            queue        float8           NOT NULL,
            p_sat        bytea            NOT NULL, -- float64 per model
            cost         bytea            NOT NULL, -- float64 per model
            shielded     boolean          NOT NULL,
            attributes   text             NOT NULL, -- JSON: {"task": "law"}
            prompt       text,                      -- null where prompts are not kept
            price        float8           NOT NULL,
            UNIQUE (decision_id, day)
        ) PARTITION BY LIST (day)
        """,
        "CREATE INDEX ON decided (sequence)",
        "CREATE INDEX ON decided (route, sequence)",
        "CREATE INDEX ON decided (at_s)",
        """
        CREATE TABLE outcome (
            day           integer          NOT NULL,
            sequence      bigint           NOT NULL,
            decision_id   text COLLATE "C" NOT NULL,
            model         text             NOT NULL,
            at_s          float8           NOT NULL,
            cost          float8           NOT NULL,
            latency_s     float8,
            prompt_tokens bigint,
            output_tokens bigint,
            error         text             NOT NULL
        ) PARTITION BY LIST (day)
        """,
        "CREATE INDEX ON outcome (sequence)",
        "CREATE INDEX ON outcome (decision_id)",
        """
        CREATE TABLE feedback (
            day         integer          NOT NULL,
            sequence    bigint           NOT NULL,
            feedback_id text COLLATE "C" NOT NULL,
            decision_id text COLLATE "C" NOT NULL,
            at_s        float8           NOT NULL,
            value       float8           NOT NULL,
            source      text             NOT NULL,
            comment     text             NOT NULL,
            attributes  text             NOT NULL, -- JSON
            cost        float8           NOT NULL,
            UNIQUE (feedback_id, day)
        ) PARTITION BY LIST (day)
        """,
        "CREATE INDEX ON feedback (sequence)",
        "CREATE INDEX ON feedback (decision_id)",
        """
        CREATE TABLE snapshot (
            name text COLLATE "C" PRIMARY KEY, sequence bigint NOT NULL, state bytea NOT NULL
        )
        """,
    )
)

_SHARING: Final = Step(
    (
        # The latest batch of each writer: one that was cut off while it committed looks here.
        """
        CREATE TABLE writer (
            writer text COLLATE "C" PRIMARY KEY,
            batch  bigint NOT NULL,
            at     timestamptz NOT NULL DEFAULT now()
        )
        """,
        # Feedback whose decision has not come yet, since its gateway could not deliver it.
        """
        CREATE TABLE parked (
            feedback_id text COLLATE "C" PRIMARY KEY,
            decision_id text COLLATE "C" NOT NULL,
            at_s        float8 NOT NULL,
            value       float8 NOT NULL,
            source      text   NOT NULL,
            comment     text   NOT NULL,
            attributes  text   NOT NULL,
            cost        float8 NOT NULL,
            since       timestamptz NOT NULL DEFAULT now()
        )
        """,
        "CREATE INDEX ON parked (decision_id)",
        "CREATE INDEX ON parked (since)",
        # What decisions and verdicts of one batch did to the debt of a promise: debt becomes
        # greatest(debt + a, b), in the order of sequence.
        """
        CREATE TABLE step (
            sequence bigint           NOT NULL,
            writer   text COLLATE "C" NOT NULL,
            route    text COLLATE "C" NOT NULL,
            alpha    float8           NOT NULL,
            a        float8           NOT NULL,
            b        float8           NOT NULL,
            requests bigint           NOT NULL
        )
        """,
        "CREATE INDEX ON step (sequence)",
        # How many requests each promise has had: gives decisions their number.
        """
        CREATE TABLE promise (
            route    text COLLATE "C" NOT NULL,
            alpha    float8           NOT NULL,
            requests bigint           NOT NULL,
            PRIMARY KEY (route, alpha)
        )
        """,
        # What the one that learns has learned. Its term ascends with each election.
        "CREATE TABLE term (term bigint NOT NULL)",
        "INSERT INTO term VALUES (0)",
        """
        CREATE TABLE version (
            number    bigint PRIMARY KEY,
            term      bigint      NOT NULL,
            sequence  bigint      NOT NULL,
            knowledge bytea       NOT NULL,
            at        timestamptz NOT NULL DEFAULT now()
        )
        """,
        """
        CREATE TABLE standing (
            route  text COLLATE "C" NOT NULL,
            alpha  float8           NOT NULL,
            number bigint           NOT NULL, -- version that it belongs to
            state  bytea            NOT NULL,
            PRIMARY KEY (route, alpha)
        )
        """,
        "CREATE INDEX ON standing (number)",
        # Rates and budgets of callers: value becomes greatest(value + a, b).
        'CREATE TABLE meter (name text COLLATE "C" PRIMARY KEY, value float8 NOT NULL)',
    )
)

STEPS: Final[tuple[Step, ...]] = (_LOG, _SHARING)
"""Step n leads from version n to n + 1; an empty schema is of version 0."""

PARTED: Final = ("decided", "outcome", "feedback")
"""Tables with a part per day."""


async def migrate(
    connection: "asyncpg.Connection[asyncpg.Record]", schema: str, steps: Sequence[Step] = STEPS
) -> None:
    """Bring a schema to the latest version, each step whole or not at all; others wait meanwhile.

    Args:
        connection: Not in a transaction; its search path is the schema.
        schema: Its name; made if it is not there.
        steps: All there are.

    Raises:
        StoreError: The schema holds another program's tables, or a newer messplus has left what
            this one cannot work with.
        asyncpg.PostgresError: A step could not be taken.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        if await connection.fetchval("SELECT to_regclass('messplus_schema')") is None:
            if await connection.fetchval(
                "SELECT count(*) FROM pg_tables WHERE schemaname = $1", schema
            ):
                raise StoreError(
                    f"schema {schema!r} holds the tables of another program: name one of its own by"
                    " ?schema=NAME"
                )
            await connection.execute(
                "CREATE TABLE messplus_schema (version integer NOT NULL, usable_from integer NOT NULL)"
            )
            await connection.execute("INSERT INTO messplus_schema VALUES (0, 0)")
    while (version := await _version(connection, len(steps))) < len(steps):
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            await connection.execute(f"SET LOCAL lock_timeout = {_WAIT_MS}")
            if await _version(connection, len(steps)) != version:
                continue  # somebody else was quicker
            for statement in steps[version].statements:
                await connection.execute(statement)
            await connection.execute(
                "UPDATE messplus_schema SET version = $1,"
                " usable_from = CASE WHEN $2 THEN $1 ELSE usable_from END",
                version + 1,
                steps[version].breaks,
            )


async def make_day(connection: "asyncpg.Connection[asyncpg.Record]", day: int) -> None:
    """Make the parts of a day, unless they are there.

    They are made beside the tables and then attached: readers go on meanwhile.

    Args:
        connection: In a transaction that holds the head.
        day: Since 1970.
    """
    for table in PARTED:
        name = f"{table}_{day}"
        if await connection.fetchval("SELECT to_regclass($1)", name) is None:
            await connection.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS)")
            await connection.execute(
                f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES IN ({day})"
            )


async def _version(connection: "asyncpg.Connection[asyncpg.Record]", ours: int) -> int:
    """The version of a schema; raises StoreError for one that we are too old for."""
    row = await connection.fetchrow("SELECT version, usable_from FROM messplus_schema")
    assert row is not None
    if row["usable_from"] > ours:
        raise StoreError(
            f"the log has schema version {row['version']}, for messplus that knows version"
            f" {row['usable_from']} or later; this one knows {ours}: update messplus"
        )
    return int(row["version"])
