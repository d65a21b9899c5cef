"""From what a request costs each part, to what a provider needs: on paper."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.cluster.clients import RATED
from benchmarks.cluster.limits import Limit
from benchmarks.cluster.load import Measured

USED: Final = 0.6
"""Share of a core, or of a limit, that is planned with."""

EVENTS: Final = 2 + RATED
"""Of a request: the decision, what came of it, and a verdict on most."""

RATES: Final = (100, 1_000, 10_000, 100_000)
DAY_S: Final = 86_400
REFRESH_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Constants:
    """What one request costs.

    Attributes:
        gateway_s: CPU of gateways.
        learner_s: CPU of the learner, reading much at once.
        database_s: CPU of PostgreSQL, appending in small batches.
        wal_bytes: Of PostgreSQL, likewise.
        log_bytes: That stay.
        written_per_s: Requests whose events one database took, appended in large batches.
    """

    gateway_s: float
    learner_s: float
    database_s: float
    wal_bytes: float
    log_bytes: float
    written_per_s: float

    @classmethod
    def of(cls, found: Measured, limits: Sequence[Limit]) -> "Constants":
        """As measured."""
        assert found.shared is not None
        return cls(
            gateway_s=found.rates.cpu_s,
            learner_s=found.shared.fold_s * EVENTS,
            database_s=found.shared.database.cpu_s,
            wal_bytes=found.shared.database.wal_bytes,
            log_bytes=found.shared.log_bytes,
            written_per_s=max(one.requests_per_s for one in limits),
        )

    @property
    def learned_per_s(self) -> float:
        """Requests whose events one learner folds."""
        return 1 / self.learner_s

    @property
    def cell_per_s(self) -> float:
        """Requests for which one database with its learner is planned, in round figures."""
        most = USED * min(self.learned_per_s, self.written_per_s)
        step = 10.0 ** (math.floor(math.log10(most)) - 1)
        return math.floor(most / step) * step


def table(one: Constants) -> str:
    """One column for each rate."""
    lines = [
        f"| requests/s | {' | '.join(f'{rate:,}' for rate in RATES)} |",
        f"|---|{'--:|' * len(RATES)}",
    ]
    rows: list[tuple[str, Callable[[int], str]]] = [
        ("cells (a database, a learner, gateways)", lambda r: f"{math.ceil(r / one.cell_per_s):,}"),
        ("cores of gateways", lambda r: f"{math.ceil(r * one.gateway_s / USED):,}"),
        ("cores of PostgreSQL", lambda r: f"{max(1, math.ceil(r * one.database_s / USED)):,}"),
        (
            "of a core for each learner",
            lambda r: f"{min(r, one.cell_per_s) * one.learner_s:.2f}",
        ),
        ("WAL, MB/s", lambda r: f"{r * one.wal_bytes / 1e6:,.1f}"),
        ("log, GB per day", lambda r: f"{r * one.log_bytes * DAY_S / 1e9:,.0f}"),
        (
            "of one promise per refresh, at most",
            lambda r: f"{min(r, one.cell_per_s) * REFRESH_S:,.0f}",
        ),
    ]
    for what, value in rows:
        lines.append(f"| {what} | {' | '.join(value(rate) for rate in RATES)} |")
    return "\n".join(lines)
