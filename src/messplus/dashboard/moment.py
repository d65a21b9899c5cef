"""What the log does not know: how the process that serves is, at one moment."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from messplus.evidence.fold import Notable
from messplus.router import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelHealth:
    """How one upstream is.

    Attributes:
        model: Its name.
        provider: Who serves it.
        circuit: `closed`: calls go on; `half-open`: one tries; `open`: none.
        in_flight: Calls under way.
        failures_in_a_row: The latest calls that failed.
        last_error: Of the latest failed call; "" if none failed.
    """

    model: str
    provider: str
    circuit: str
    in_flight: int
    failures_in_a_row: int
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A moment in the life of a gateway.

    Attributes:
        at_s: Seconds since 1970.
        version: Of messplus.
        cost_unit: Of all costs.
        prompts: Whether prompts are kept, and may be shown.
        reasons: Why it takes no requests; none where it does.
        behind: Events of the log that are not yet in the evidence, as far as known.
        catching_up: Whether it still reads what was there when it started.
        store_bytes: Size of the log; None where it is not on disk.
        standings: How each promise stands, in order; of many routes those that have had a request.
        routes: All that are served; None where there is only a log.
        health: Of each model, in ascending list price.
        happened: What was noticed while serving, the latest last.
    """

    at_s: float
    version: str
    cost_unit: str
    prompts: bool = False
    reasons: tuple[str, ...] = ()
    behind: int = 0
    catching_up: bool = False
    store_bytes: int | None = None
    standings: tuple[Standing, ...] = ()
    routes: AbstractSet[str] | None = None
    health: tuple[ModelHealth, ...] = ()
    happened: tuple[Notable, ...] = ()
