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
    return _table(
        "gateways | of a core each | requests/s | of one alone | p50, ms | p99, ms"
        " | CPU of gateways per request, ms",
        [
            (
                f"{one.plan.gateways or 'one alone, SQLite'}",
                f"{one.plan.share or 'all'}",
                f"{one.rates.per_s:.0f}",
                f"{one.rates.per_s / alone:.2f}" if one.plan.share else "–",
                f"{1e3 * one.rates.p50_s:.0f}",
                f"{1e3 * one.rates.p99_s:.0f}",
                f"{1e3 * one.rates.cpu_s:.2f}",
            )
            for one in found
        ],
        left=1,
    )


def database_table(found: Sequence[Measured]) -> str:
    """What a request costs the others."""
    return _table(
        "gateways | requests/s | transactions | statements | WAL, bytes | log, bytes"
        " | PostgreSQL, CPU ms | learner, CPU ms | age of version, s | events that it lacks",
        [
            (
                f"{one.plan.gateways}",
                f"{one.rates.per_s:.0f}",
                f"{one.shared.database.transactions:.2f}",
                f"{one.shared.statements:.1f}",
                f"{one.shared.database.wal_bytes:,.0f}",
                f"{one.shared.log_bytes:,.0f}",
                f"{1e3 * one.shared.database.cpu_s:.2f}",
                f"{1e3 * one.shared.learner_s:.2f}",
                f"{one.shared.age_s:.2f}",
                f"{one.shared.behind:.0f}",
            )
            for one in found
            if one.shared is not None
        ],
    )


def rest_table(found: Sequence[Measured]) -> str:
    """What it costs while nobody asks."""
    return _table(
        "gateways | transactions/s | WAL, bytes/s | PostgreSQL, of a core | each gateway | the learner",
        [
            (
                f"{one.plan.gateways}",
                f"{one.rest.database.transactions:.1f}",
                f"{one.rest.database.wal_bytes:,.0f}",
                f"{one.rest.database.cpu_s:.1%}",
                f"{one.rest.gateway_cpu:.1%}",
                f"{one.rest.learner_cpu:.1%}",
            )
            for one in found
            if one.rest is not None
        ],
    )


def limits_table(found: Sequence[Limit]) -> str:
    """What one database takes."""
    return _table(
        "writers | requests/s | transactions per request | WAL, bytes per request | CPU of PostgreSQL, ms",
        [
            (
                f"{one.writers}",
                f"{one.requests_per_s:,.0f}",
                f"{one.database.transactions:.4f}",
                f"{one.database.wal_bytes:,.0f}",
                f"{1e3 * one.database.cpu_s:.3f}",
            )
            for one in found
        ],
    )


def _table(heads: str, rows: Sequence[tuple[str, ...]], *, left: int = 0) -> str:
    """Markdown; numbers stand on the right, but for the first columns that hold words."""
    columns = heads.count("|") + 1
    rule = "|".join(["---"] * left + ["--:"] * (columns - left))
    return "\n".join([f"| {heads} |", f"|{rule}|", *(f"| {' | '.join(row)} |" for row in rows)])
