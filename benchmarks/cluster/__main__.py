"""Gateways on one PostgreSQL: measured, and what follows for a provider.

    python -m benchmarks.cluster          # half an hour; writes docs/results/cluster.md and capacity.md
    python -m benchmarks.cluster --quick  # five minutes; prints only

Everything runs on one machine: the database (that of the tests), the gateways, the learner, the upstream and
the clients. Each gateway may use a part of a core only (control groups), so that the machine is large beside
what is measured, and one can see whether twice as many gateways answer twice as much.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from benchmarks.cluster import limits, load, plan, promise
from benchmarks.cluster.limits import Limit
from benchmarks.cluster.load import Measured, Plan
from benchmarks.machine import describe
from benchmarks.pages import write_page
from tests import postgres
from tests.ports import free_port

from messplus.demo.recording import shipped_recording

COUNTS = (1, 2, 4)
SHARE = 0.2
TALKERS = 16
SECONDS = 15.0
ROUNDS = 3
SEEDS = 6

T = TypeVar("T")


def load_table(found: Sequence[Measured]) -> str:
    """What gateways answer, one row for each number of them."""
    alone = found[0].rates.per_s
    lines = [
        "| gateways | of a core each | requests/s | of one alone | p50, ms | p99, ms | CPU of gateways per request, ms |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for one in found:
        plan, rates = one.plan, one.rates
        beside = rates.per_s / alone if plan.share else None
        lines.append(
            f"| {plan.gateways or 'one alone, SQLite'} | {plan.share or 'all'} | {rates.per_s:.0f} |"
            f" {'–' if beside is None else f'{beside:.2f}'} | {1e3 * rates.p50_s:.0f} |"
            f" {1e3 * rates.p99_s:.0f} | {1e3 * rates.cpu_s:.2f} |"
        )
    return "\n".join(lines)


def database_table(found: Sequence[Measured]) -> str:
    """What a request costs the others."""
    lines = [
        "| gateways | requests/s | transactions | statements | WAL, bytes | log, bytes | PostgreSQL, CPU ms | learner, CPU ms | age of version, s | events that it lacks |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for one in found:
        if one.shared is None:
            continue
        shared = one.shared
        lines.append(
            f"| {one.plan.gateways} | {one.rates.per_s:.0f} | {shared.database.transactions:.2f} |"
            f" {shared.statements:.1f} | {shared.database.wal_bytes:,.0f} | {shared.log_bytes:,.0f} |"
            f" {1e3 * shared.database.cpu_s:.2f} | {1e3 * shared.learner_s:.2f} | {shared.age_s:.2f} |"
            f" {shared.behind:.0f} |"
        )
    return "\n".join(lines)


def rest_table(found: Sequence[Measured]) -> str:
    """What it costs while nobody asks."""
    lines = [
        "| gateways | transactions/s | WAL, bytes/s | PostgreSQL, of a core | each gateway | the learner |",
        "|--:|--:|--:|--:|--:|--:|",
    ]
    for one in found:
        if one.rest is None or one.plan.share is None:
            continue
        rest = one.rest
        lines.append(
            f"| {one.plan.gateways} | {rest.database.transactions:.1f} |"
            f" {rest.database.wal_bytes:,.0f} | {rest.database.cpu_s:.1%} | {rest.gateway_cpu:.1%} |"
            f" {rest.learner_cpu:.1%} |"
        )
    return "\n".join(lines)


def limits_table(found: Sequence[Limit]) -> str:
    """What one database takes."""
    lines = [
        "| writers | requests/s | transactions per request | WAL, bytes per request | CPU of PostgreSQL, ms |",
        "|--:|--:|--:|--:|--:|",
    ]
    for one in found:
        lines.append(
            f"| {one.writers} | {one.requests_per_s:,.0f} | {one.database.transactions:.4f} |"
            f" {one.database.wal_bytes:,.0f} | {1e3 * one.database.cpu_s:.3f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, print and, unless quick, write the pages."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="short; writes no page")
    quick = parser.parse_args().quick
    seconds, rounds, seeds = (5.0, 1, 2) if quick else (SECONDS, ROUNDS, SEEDS)
    busy = os.getloadavg()[0]
    alpha = promise.alpha_of(shipped_recording())
    small = [Plan(count, SHARE, TALKERS, seconds) for count in (0, *COUNTS)]
    whole = [Plan(count, None, TALKERS, seconds) for count in (0, *COUNTS[:2])]
    with postgres.server(free_port()) as server:
        turns = [[_told(load.measured(server, one)) for one in small] for _ in range(rounds)]
        found = [_middle(some) for some in zip(*turns, strict=True)]
        found += [_told(load.measured(server, one)) for one in whole]
        taken = [_told(limits.limit(server, count, seconds)) for count in (1, 2)]
        runs = [
            _told(promise.kept(server, count, seed))
            for seed in range(seeds)
            for count in (0, *COUNTS)
        ]
    held = [one for one in found if one.plan.share]
    constants = plan.Constants.of(found[-1], taken)
    gaps = {
        "machine": describe(),
        "load": f"{busy:.1f}",
        "seconds": f"{seconds:g}",
        "talkers": str(TALKERS),
        "rounds": str(rounds),
        "share": f"{SHARE:g}",
        "seeds": str(seeds),
        "alpha": f"{alpha:.1%}",
        "answered": load_table(found),
        "database": database_table(found),
        "rest": rest_table(found),
        "limits": limits_table(taken),
        "promise": promise.table(runs, alpha),
        "linear": f"{held[-1].rates.per_s / held[1].rates.per_s:.2f}",
    }
    paper = {
        "machine": describe(),
        "linear": gaps["linear"],
        "plan": plan.table(constants),
        "gateway_ms": f"{1e3 * constants.gateway_s:.1f}",
        "learner_ms": f"{1e3 * constants.learner_s:.2f}",
        "database_ms": f"{1e3 * constants.database_s:.2f}",
        "wal_bytes": f"{constants.wal_bytes:,.0f}",
        "log_bytes": f"{constants.log_bytes:,.0f}",
        "written": f"{constants.written_per_s:,.0f}",
        "learned": f"{constants.learned_per_s:,.0f}",
        "cell": f"{constants.cell_per_s:,.0f}",
        "used": f"{plan.USED:.0%}",
    }
    print("\n\n".join(f"{key}\n{value}" for key, value in {**gaps, **paper}.items()))
    if not quick:
        write_page(Path("docs/results/cluster.md"), "cluster.md.in", gaps)
        write_page(Path("docs/results/capacity.md"), "capacity.md.in", paper)


def _middle(some: Sequence[Measured]) -> Measured:
    """The one with the median rate."""
    return sorted(some, key=lambda one: one.rates.per_s)[len(some) // 2]


def _told(one: T) -> T:
    print(one, flush=True)
    return one


if __name__ == "__main__":
    main()
