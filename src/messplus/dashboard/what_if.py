"""What another promise would have cost: the slider's numbers, from the latest part of the log."""

import numpy as np

from messplus.dashboard.shapes import Json, finite
from messplus.errors import DataError
from messplus.offpolicy import Estimate, Line, Refused, gather, what_if
from messplus.records import Event
from messplus.router.route import Key
from messplus.stores.base import Log

LATEST = 4000
"""Decisions that are looked at."""

STEP = 0.02
"""Between two promises of the slider."""


def shown_what_if(log: Log, key: Key, cost_unit: str) -> Json:
    """Promises from far below to far above the one that is kept, each with its cost.

    Args:
        log: The log.
        key: Of the promise.
        cost_unit: Of all costs.

    Raises:
        DataError: There is no decision under it.
        StoreError: The log cannot be read.
    """
    events = _latest(log, key)
    logged = gather(events, keep=lambda decided: Key.of(decided) == key, cost_unit=cost_unit)
    alphas = _grid(key.alpha)
    found = what_if(logged, alphas)
    by_policy = {line.policy: line for line in found.lines}
    return {
        "object": "what_if",
        "cost_unit": cost_unit,
        "alpha": key.alpha,
        "decisions": len(logged),
        "forced": logged.forced,
        "judged": int(logged.judged.sum()),
        "verdicts": logged.verdicts,
        "level": 0.95,
        "method": "dr",
        "notes": list(found.notes),
        "logged": _line(by_policy["as logged"]),
        "lines": [_line(by_policy[f"alpha {alpha:g}"]) for alpha in alphas],
        "static_mix": [_line(by_policy[f"mix for {alpha:g}"]) for alpha in alphas],
        "always": [_line(by_policy[f"always:{model}"]) for model in logged.models],
    }


def _grid(alpha: float) -> list[float]:
    """Promises to ask about, ascending, the one that is kept among them."""
    steps = np.arange(-15, 10) * STEP
    return sorted({round(alpha + step, 4) for step in steps.tolist() if 0 < alpha + step < 1})


def _latest(log: Log, key: Key) -> list[Event]:
    """The events of the latest decisions of a route, decision by decision."""
    page = log.recent(LATEST, route=key.route)
    if not page:
        raise DataError(f"route {key.route!r} has no decisions yet")
    return [stored.event for one in reversed(page) for stored in log.history(one.event.decision_id)]


def _line(line: Line) -> Json:
    return {
        "policy": line.policy,
        "alpha": line.alpha,
        "price": finite(line.price),
        "agrees": finite(line.value.agrees),
        "satisfaction": _estimate(line.value.satisfaction),
        "cost": _estimate(line.value.cost),
    }


def _estimate(found: Estimate | Refused) -> Json:
    if isinstance(found, Refused):
        return {"refused": found.reason, "fix": found.fix}
    low, high = found.interval
    return {
        "value": found.value,
        "low": finite(low),
        "high": finite(high),
        "effective": found.effective,
    }
