"""The tables of docs/results/gateway-faults.md: one row for each fault."""

from collections.abc import Iterator

from tests.e2e.gateway_faults.faults import FAULTS, Fault
from tests.e2e.gateway_faults.seen import Seen, see

HEAD = (
    "| fault | calls | the client, without another model | debt | the client, with another model |"
    " debt | in the log | circuit |\n|---|--:|---|--:|---|--:|---|---|"
)


def cases(kind: str) -> list[Fault]:
    """The faults that can be seen with answers of a kind: `json` or `stream`."""
    return [fault for fault in FAULTS if kind in fault.kinds]


def rows(kind: str) -> Iterator[str]:
    """Every row of a kind, as it is measured."""
    for fault in cases(kind):
        alone, rescued = (see(fault, stream=kind == "stream", rescue=one) for one in (False, True))
        yield row(fault, alone, rescued)


def row(fault: Fault, alone: Seen, rescued: Seen) -> str:
    """What came of a fault, as one row."""
    cells = (
        fault.name.replace("|", "\\|"),
        str(alone.calls),
        _client(alone),
        f"{alone.debt:+.2f}",
        _client(rescued),
        f"{rescued.debt:+.2f}",
        f"`{alone.error}`" if alone.error else "",
        alone.circuit if alone.circuit != "closed" else f"{alone.failures} failed",
    )
    return f"| {' | '.join(cells)} |"


def _client(seen: Seen) -> str:
    if seen.broken:
        return f"{seen.status}, a part, then `{seen.code}`"
    if seen.status != 200:
        return f"{seen.status} `{seen.code}`"
    return "answered by the other" if seen.model == "well" else "answered"
