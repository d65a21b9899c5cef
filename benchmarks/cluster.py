"""Gateways on one PostgreSQL: what they answer together, and what each request costs the database.

    python -m benchmarks.cluster             # and writes the page
    python -m benchmarks.cluster --seconds 3 # prints only

Everything runs on one machine: the database (that of the tests), the gateways, the learner, the upstream and
the clients. So the rates compare like with like, and do not say how far more machines would go.
"""

import argparse
import asyncio
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import asyncpg
from benchmarks.machine import describe
from benchmarks.pages import write_page
from tests import postgres
from tests.e2e.cluster.cluster import Clients, Cluster, complete, settled
from tests.e2e.gateway_faults import wire
from tests.ports import free_port

PAGE = Path("docs/results/cluster.md")
COUNTS = (1, 2, 4)
SECONDS = 20.0
TALKERS = 8


@dataclass(frozen=True, slots=True)
class Load:
    """What the database has done so far.

    Attributes:
        transactions: Committed, those that only read included.
        wal_bytes: Written to its log.
    """

    transactions: int
    wal_bytes: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One number of gateways under load.

    Attributes:
        gateways: How many.
        requests_per_s: Answered.
        feedback_per_s: Acknowledged.
        transactions: Per request.
        wal_bytes: Per request.
        log_bytes: Of tables and indexes, per decision.
        age_s: Of the latest version, median over looks while under load.
        behind: Events that it did not cover, median.
        idle_transactions_per_s: With nobody asking.
    """

    gateways: int
    requests_per_s: float
    feedback_per_s: float
    transactions: float
    wal_bytes: float
    log_bytes: float
    age_s: float
    behind: float
    idle_transactions_per_s: float


def measured(server: postgres.Server, count: int, seconds: float) -> Measured:
    """So many gateways with the settings that a configuration has by itself."""
    with (
        tempfile.TemporaryDirectory() as folder,
        wire.upstream(wire.well) as upstream,
        ExitStack() as running,
    ):
        cluster = Cluster(Path(folder), postgres.fresh(server.address), upstream.port)
        cluster.settings = {}
        running.enter_context(cluster.learner())
        gateways = [running.enter_context(cluster.gateway(f"g{n}")) for n in range(count)]
        time.sleep(3.0)
        before = load_of(server)
        time.sleep(5.0)
        idle = (load_of(server).transactions - before.transactions) / 5.0
        clients, looks = Clients([one.address for one in gateways]), []
        with clients.talking(TALKERS), cluster.store() as store:
            time.sleep(2.0)  # warm
            asked, told, before = len(clients.decided), len(clients.heard), load_of(server)
            begun_s = time.monotonic()
            while time.monotonic() - begun_s < seconds:
                time.sleep(0.5)
                looks.append(look(server, cluster.schema))
            took_s = time.monotonic() - begun_s
            asked, told = len(clients.decided) - asked, len(clients.heard) - told
            after = load_of(server)
        settled(cluster, cluster.config("g0"), gateways)
        complete(cluster, clients)
        with cluster.store() as store:
            size = store.size_bytes() or 0
        return Measured(
            gateways=count,
            requests_per_s=asked / took_s,
            feedback_per_s=told / took_s,
            transactions=(after.transactions - before.transactions) / asked,
            wal_bytes=(after.wal_bytes - before.wal_bytes) / asked,
            log_bytes=size / len(clients.decided),
            age_s=median(age for age, _ in looks),
            behind=median(behind for _, behind in looks),
            idle_transactions_per_s=idle,
        )


def load_of(server: postgres.Server) -> Load:
    """What the database has done so far; it counts with up to a second's delay."""
    row = asyncio.run(
        _row(
            server,
            "SELECT (SELECT sum(xact_commit) FROM pg_stat_database)::bigint AS transactions,"
            " pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS wal",
        )
    )
    return Load(row["transactions"], row["wal"])


def look(server: postgres.Server, schema: str) -> tuple[float, int]:
    """Age of the latest version in seconds, and how many events it does not cover."""
    row = asyncio.run(
        _row(
            server,
            "SELECT extract(epoch FROM now() - max(at))::float8 AS age,"
            f" (SELECT last FROM {schema}.head) - max(sequence) AS behind FROM {schema}.version",
        )
    )
    return row["age"], row["behind"]


async def _row(server: postgres.Server, query: str) -> asyncpg.Record:
    connection = await asyncpg.connect(server.address)
    try:
        row = await connection.fetchrow(query)
    finally:
        await connection.close()
    assert row is not None
    return row


def table(found: list[Measured]) -> str:
    """One row for each number of gateways."""
    head = (
        "| gateways | requests/s | feedback/s | transactions per request | WAL, bytes per request |"
        " log, bytes per decision | age of version, s | events it lacks | transactions/s at rest |"
    )
    lines = [head, "|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    lines += [
        f"| {one.gateways} | {one.requests_per_s:.0f} | {one.feedback_per_s:.0f} |"
        f" {one.transactions:.2f} | {one.wal_bytes:,.0f} | {one.log_bytes:,.0f} | {one.age_s:.2f} |"
        f" {one.behind:.0f} | {one.idle_transactions_per_s:.1f} |"
        for one in found
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of load for each number")
    seconds = parser.parse_args().seconds
    with postgres.server(free_port()) as server:
        found = []
        for count in COUNTS:
            found.append(measured(server, count, seconds))
            print(found[-1], flush=True)
    print(table(found))
    if seconds >= SECONDS:
        gaps = {"machine": describe(), "seconds": f"{seconds:g}", "talkers": str(TALKERS)}
        write_page(PAGE, "cluster.md.in", {**gaps, "table": table(found)})


if __name__ == "__main__":
    main()
