"""What a log tells of other policies, for people and for programs."""

import math
from dataclasses import asdict

from rich.console import Console

from messplus.cli.tables import show_table
from messplus.offpolicy import Estimate, Line, Refused, WhatIf
from messplus.report.text import NOTHING, CostScale, cost_scale, number, percent


def show_what_if(console: Console, found: WhatIf, level: float) -> None:
    """Two tables, why lines are missing, and what the estimates rest on.

    Args:
        console: Where they are shown.
        found: The answers.
        level: Confidence of the intervals.
    """
    logged = found.logged
    lines = (*found.lines, *found.curve)
    costs = [one.value.cost.value for one in lines if isinstance(one.value.cost, Estimate)]
    scale = cost_scale(logged.cost_unit, costs)
    console.print(
        f"{len(logged):,} decisions with a choice among {len(logged.models)} models,"
        f" {int(logged.judged.sum()):,} judged; {level:.0%} intervals in brackets\n",
        markup=False, highlight=False,
    )  # fmt: skip
    for part in (found.lines, found.curve):
        told = tuple(line for line in part if not _refused(line))
        if told:
            _show(console, told, scale)
    for reason in _reasons(found.lines):
        console.print(f"{NOTHING} {reason}", markup=False, highlight=False)
    for note in found.notes:
        console.print(f"note: {note}", markup=False, highlight=False)


def as_json(found: WhatIf) -> dict[str, object]:
    """What `--json` prints: a refused estimate has a `reason` and a `fix`, any other a `value`."""
    logged = found.logged
    return {
        "decisions": len(logged),
        "forced": logged.forced,
        "judged": int(logged.judged.sum()),
        "verdicts": logged.verdicts,
        "models": list(logged.models),
        "cost_unit": logged.cost_unit,
        "lines": [_line(line) for line in found.lines],
        "curve": [_line(line) for line in found.curve],
        "notes": list(found.notes),
    }


def _line(line: Line) -> dict[str, object]:
    value = line.value
    return {
        "policy": line.policy,
        "alpha": line.alpha,
        "price": _finite(line.price),
        "agrees": _finite(value.agrees),
        "satisfaction": asdict(value.satisfaction),
        "cost": asdict(value.cost),
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _show(console: Console, lines: tuple[Line, ...], scale: CostScale) -> None:
    show_table(
        console,
        ["policy", "satisfied, %", f"{scale.unit}/request", "effective", "as logged, %"],
        [_row(line, scale) for line in lines],
        narrow=[[0, 1], [0, 2], [0, 3, 4]],
        right=[1, 2, 3, 4],
    )


def _refused(line: Line) -> bool:
    """Whether nothing is known of a policy."""
    return isinstance(line.value.satisfaction, Refused) and isinstance(line.value.cost, Refused)


def _row(line: Line, scale: CostScale) -> list[str]:
    satisfied, cost = line.value.satisfaction, line.value.cost
    return [
        line.policy,
        NOTHING
        if isinstance(satisfied, Refused)
        else f"{percent(satisfied.value)} [{percent(satisfied.interval.low)}, "
        f"{percent(satisfied.interval.high)}]",
        NOTHING
        if isinstance(cost, Refused)
        else f"{scale.text(cost.value)} [{scale.text(cost.interval.low)}, "
        f"{scale.text(cost.interval.high)}]",
        NOTHING if isinstance(satisfied, Refused) else number(satisfied.effective, 0),
        percent(line.value.agrees, 0),
    ]


def _reasons(lines: tuple[Line, ...]) -> list[str]:
    """Why estimates are missing, each reason once, with the lines that it is about."""
    about: dict[str, list[str]] = {}
    for line in lines:
        for one in (line.value.satisfaction, line.value.cost):
            if isinstance(one, Refused):
                names = about.setdefault(f"{one.reason}. To do: {one.fix}", [])
                if line.policy not in names:
                    names.append(line.policy)
    return [f"{', '.join(names)}: {text}" for text, names in about.items()]
