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

from benchmarks.cluster import limits, load, promise
from benchmarks.cluster.load import Measured, Plan
from benchmarks.cluster.shown import Findings, capacity, cluster
from benchmarks.pages import write_page
from tests import postgres
from tests.ports import free_port

COUNTS = (1, 2, 4)
SHARE = 0.2
TALKERS = 16
SECONDS = 15.0
ROUNDS = 3
SEEDS = 6

T = TypeVar("T")


def measured(seconds: float, rounds: int, seeds: int) -> Findings:
    """Everything, one after the other."""
    busy = os.getloadavg()[0]
    small = [Plan(count, SHARE, TALKERS, seconds) for count in (0, *COUNTS)]
    whole = [Plan(count, None, TALKERS, seconds) for count in (0, *COUNTS[:2])]
    with postgres.server(free_port()) as server:
        turns = [[_told(load.measured(server, one)) for one in small] for _ in range(rounds)]
        found = [_middle(some) for some in zip(*turns, strict=True)]
        found += [_told(load.measured(server, one)) for one in whole]
        written = [_told(limits.limit(server, count, seconds)) for count in (1, 2)]
        kept = [
            _told(promise.kept(server, count, seed))
            for seed in range(seeds)
            for count in (0, *COUNTS)
        ]
    return Findings(busy, rounds, found, written, kept)


def main() -> None:
    """Measure, print and, unless quick, write the pages."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="short; writes no page")
    quick = parser.parse_args().quick
    found = measured(5.0, 1, 2) if quick else measured(SECONDS, ROUNDS, SEEDS)
    gaps, paper = cluster(found), capacity(found)
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
