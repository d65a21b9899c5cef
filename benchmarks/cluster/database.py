"""What PostgreSQL has done so far, as it counts itself."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import psutil
from tests import postgres

_COUNTED: Final = """
    SELECT (SELECT sum(xact_commit) FROM pg_stat_database)::bigint AS transactions,
        pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS wal_bytes
"""


@dataclass(frozen=True, slots=True)
class Work:
    """What was done.

    Attributes:
        transactions: Committed, those that only read included.
        wal_bytes: Written to its log.
        cpu_s: Of all its processes.
    """

    transactions: float
    wal_bytes: float
    cpu_s: float

    def since(self, before: "Work") -> "Work":
        """What was done in between."""
        return Work(
            self.transactions - before.transactions,
            self.wal_bytes - before.wal_bytes,
            self.cpu_s - before.cpu_s,
        )

    def per(self, n: float) -> "Work":
        """Of each."""
        return Work(self.transactions / n, self.wal_bytes / n, self.cpu_s / n)


def work(server: postgres.Server) -> Work:
    """So far; transactions are counted with up to a second's delay."""
    row = ask(server, _COUNTED)
    return Work(row["transactions"], row["wal_bytes"], cpu_s(server))


def cpu_s(server: postgres.Server) -> float:
    """Seconds of CPU, of backends that have ended, too."""
    main = psutil.Process(server.pid)
    times = main.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in main.children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it has just ended, and is among those of before
            found = child.cpu_times()
            total += found.user + found.system
    return float(total)


def behind(server: postgres.Server, schema: str) -> tuple[float, int]:
    """Age of the latest version in seconds, and how many events it does not cover."""
    row = ask(
        server,
        "SELECT extract(epoch FROM now() - max(at))::float8 AS age,"
        f" (SELECT last FROM {schema}.head) - max(sequence) AS behind FROM {schema}.version",
    )
    return row["age"], row["behind"]


def log_statements(server: postgres.Server, *, on: bool) -> None:
    """Have every statement written to the server's log, or not."""
    for statement in (
        f"ALTER SYSTEM SET log_statement = '{'all' if on else 'none'}'",
        "SELECT pg_reload_conf()",
    ):
        ask(server, statement)


def logged_statements(server: postgres.Server) -> int:
    """How many statements are in the server's log: those that it was sent, and each run of a prepared one."""
    with (server.folder / "log").open(errors="replace") as lines:
        return sum(" LOG:  execute " in line or " LOG:  statement: " in line for line in lines)


def ask(server: postgres.Server, query: str) -> Any:  # noqa: ANN401  # a row of whatever was asked for
    """The first row; None without one."""
    return asyncio.run(_row(server.address, query))


async def _row(address: str, query: str) -> Any:  # noqa: ANN401
    connection = await asyncpg.connect(address)
    try:
        row = await connection.fetchrow(query)
    finally:
        await connection.close()
    return row
