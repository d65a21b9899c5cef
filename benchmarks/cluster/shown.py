"""What was found, as the pages show it."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.cluster import plan, promise
from benchmarks.cluster.limits import Limit
from benchmarks.cluster.load import Measured
from benchmarks.cluster.promise import Kept
from benchmarks.machine import describe

from messplus.demo.recording import shipped_recording


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that was measured.

    Attributes:
        busy: Load average of the machine before.
        rounds: Of small gateways; the one with the median rate is kept.
        load: One alone, then more and more, small ones first.
        written: By more and more writers.
        kept: A promise, by one alone and by many.
    """

    busy: float
    rounds: int
    load: Sequence[Measured]
    written: Sequence[Limit]
    kept: Sequence[Kept]

    @property
    def small(self) -> list[Measured]:
        """Gateways that may use a part of a core: one alone, one that shares, and more."""
        return [one for one in self.load if one.plan.share]

    @property
    def linear(self) -> str:
        """How many times as much as one the most of them answer."""
        return f"{self.small[-1].rates.per_s / self.small[1].rates.per_s:.1f}"


def cluster(found: Findings) -> dict[str, str]:
    """Gaps of the page of measurements."""
    alpha = promise.alpha_of(shipped_recording())
    _, one, *_, most = found.small
    return {
        "machine": describe(),
        "load": f"{found.busy:.1f}",
        "seconds": f"{one.plan.seconds:g}",
        "talkers": str(one.plan.talkers),
        "rounds": str(found.rounds),
        "share": f"{one.plan.share:g}",
        "seeds": str(len({run.seed for run in found.kept})),
        "alpha": f"{alpha:.1%}",
        "answered": load_table(found.load),
        "database": database_table(found.load),
        "rest": rest_table(found.small),
        "limits": limits_table(found.written),
        "promise": promise.table(found.kept, alpha),
        "linear": found.linear,
        "dearer": f"{most.rates.cpu_s / one.rates.cpu_s - 1:.0%}",
    }


def capacity(found: Findings) -> dict[str, str]:
    """Gaps of the plan: by what two busy gateways cost."""
    one = plan.Constants.of(found.load[-1], found.written)
    return {
        "machine": describe(),
        "linear": found.linear,
        "plan": plan.table(one),
        "gateway_ms": f"{1e3 * one.gateway_s:.1f}",
        "learner_ms": f"{1e3 * one.learner_s:.2f}",
        "database_ms": f"{1e3 * one.database_s:.2f}",
        "wal_bytes": f"{one.wal_bytes:,.0f}",
        "log_bytes": f"{one.log_bytes:,.0f}",
        "written": f"{one.written_per_s:,.0f}",
        "learned": f"{one.learned_per_s:,.0f}",
        "cell": f"{one.cell_per_s:,.0f}",
        "used": f"{plan.USED:.0%}",
    }


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
