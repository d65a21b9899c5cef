"""The first page: every promise in a row, and what is going wrong."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from messplus.dashboard.moment import Moment
from messplus.dashboard.promises import name_of, shown_summary
from messplus.dashboard.shapes import Json, shown_notable
from messplus.dashboard.statuses import Statuses
from messplus.evidence import Evidence, PromiseEvidence, Status
from messplus.router import Standing

MOST_EVENTS: Final = 20
MOST_PROMISES: Final = 200
"""Shown at once, the worst of them: nobody reads more rows."""

MOST_ALARMS: Final = 200

_SEVERITY: Final[dict[Status, int]] = {
    "broken": 0, "infeasible": 1, "behind": 2, "unknown": 3, "on_course": 4, "certified": 4,
}  # fmt: skip


def shown_overview(
    evidence: Evidence,
    moment: Moment,
    *,
    routes: tuple[str, ...] | None,
    verdicts: Statuses | None = None,
) -> Json:
    """How everything is.

    Args:
        evidence: What the log knows.
        moment: What the process knows.
        routes: Those that the caller may see; None: all.
        verdicts: Those that are known already; None: none.
    """
    known = Statuses() if verdicts is None else verdicts
    found = promises_of(evidence, moment, routes)
    statuses = [known.of(promise, standing).status for promise, standing in found]
    worst = sorted(range(len(found)), key=lambda n: _SEVERITY[statuses[n]])[:MOST_PROMISES]
    promises = [shown_summary(*found[n], moment.at_s) for n in worst]
    events = [
        one
        for one in sorted((*evidence.notable, *moment.happened), key=lambda one: -one.at_s)
        if routes is None or one.route is None or one.route in routes
    ]
    return {
        "object": "overview",
        "at": moment.at_s,
        "version": moment.version,
        "cost_unit": moment.cost_unit,
        "prompts": moment.prompts,
        "ready": not moment.reasons,
        "reasons": list(moment.reasons),
        "log": {
            "decisions": evidence.decisions,
            "behind": moment.behind,
            "catching_up": moment.catching_up,
            "store_bytes": moment.store_bytes,
        },
        "promises": promises,
        "of": {
            "promises": len(found),
            "routes": len(_served(moment, found, routes)),
            "statuses": Counter(statuses),
        },
        "alarms": alarms(evidence, moment, promises, routes)[:MOST_ALARMS],
        "events": [shown_notable(one) for one in events[:MOST_EVENTS]],
    }


def promises_of(
    evidence: Evidence, moment: Moment, routes: tuple[str, ...] | None
) -> list[tuple[PromiseEvidence, Standing | None]]:
    """The promises that are kept now; without a router, all that the log knows."""
    if moment.routes is None:
        return [
            (one, None)
            for one in evidence.promises.values()
            if routes is None or one.route in routes
        ]
    return [
        (
            evidence.promises.get(name_of(one)) or PromiseEvidence(one.route, one.alpha),
            one,
        )
        for one in moment.standings
        if routes is None or one.route in routes
    ]


def _served(
    moment: Moment,
    found: Sequence[tuple[PromiseEvidence, Standing | None]],
    routes: tuple[str, ...] | None,
) -> Collection[str]:
    """The routes that the caller may see, asleep or not."""
    if moment.routes is None:
        return {promise.route for promise, _ in found}
    return moment.routes if routes is None else [one for one in routes if one in moment.routes]


def alarms(
    evidence: Evidence, moment: Moment, promises: list[Json], routes: tuple[str, ...] | None
) -> list[Json]:
    """What stands against the promises now, the gravest first."""
    found = [_alarm(moment.at_s, "error", "critical", reason) for reason in moment.reasons]
    for one in promises:
        if one["status"] in ("broken", "infeasible", "behind"):
            severity = "warning" if one["status"] == "behind" else "critical"
            at_s = one["last_at"] or moment.at_s
            found.append(_alarm(at_s, "status", severity, one["says"], route=one["route"]))
    for standing in moment.standings:
        if routes is None or standing.route in routes:
            found += [
                _alarm(moment.at_s, "warning", "warning", text, route=standing.route)
                for text in standing.warnings
            ]
    for health in moment.health:
        if health.circuit != "closed":
            text = f"{health.model} is passed over: {health.last_error or 'its calls failed'}"
            found.append(_alarm(moment.at_s, "circuit", "critical", text, model=health.model))
    for model in evidence.models.values():
        drift = model.drifting
        if drift is not None and drift.alarm:
            how = "fewer" if drift.direction == "down" else "more"
            text = f"{model.model} satisfies {how} than is predicted"
            at_s = drift.since_s or moment.at_s
            found.append(_alarm(at_s, "drift", "warning", text, model=model.model))
    return sorted(found, key=lambda one: (one["severity"] != "critical", -one["at"]))


def _alarm(
    at_s: float,
    kind: str,
    severity: str,
    text: str,
    *,
    route: str | None = None,
    model: str | None = None,
) -> Json:
    return {
        "at": at_s, "kind": kind, "severity": severity, "route": route, "model": model, "text": text,
    }  # fmt: skip
