"""One promise: the row of the overview, and its own page."""

from typing import Final

import numpy as np

from messplus.dashboard.shapes import Json, finite, numbers, shown_notable, shown_satisfaction
from messplus.evidence import Evidence, PromiseEvidence, verdict_on
from messplus.evidence.judged import Judged
from messplus.evidence.promise import NAMED
from messplus.evidence.satisfaction import LEVEL
from messplus.evidence.savings import Saving
from messplus.router import Standing

SPARK: Final = 40
"""Points of the small curve of the overview."""

_WINDOWS: Final = (("last hour", 3600.0), ("last day", 86_400.0), ("last week", 7 * 86_400.0))


def name_of(standing: Standing) -> str:
    """How a promise is named: `chat@0.9`."""
    return NAMED.format(standing.route, standing.alpha)


def shown_summary(promise: PromiseEvidence, standing: Standing | None, now_s: float) -> Json:
    """A promise in short.

    Args:
        promise: What the log knows of it.
        standing: What the router knows; None where only the log is at hand.
        now_s: Seconds since 1970.
    """
    found = promise.satisfaction()
    feasible = standing is None or standing.feasible != "no"
    verdict = verdict_on(promise.alpha, found, feasible=feasible)
    models = [one.model for one in standing.models] if standing and standing.models else None
    ascending = tuple(models or promise.models)
    seen = (*ascending, *(name for name in promise.calls if name not in ascending))
    total = max(promise.requests, 1)
    return {
        "id": promise.name,
        "route": promise.route,
        "alpha": promise.alpha,
        "status": verdict.status,
        "says": verdict.says,
        "requests": promise.requests,
        "requests_per_s": promise.pace.per_second(now_s),
        "first_at": promise.first_s if promise.requests else None,
        "last_at": promise.last_s if promise.requests else None,
        "satisfaction": shown_satisfaction(found),
        "queue": standing.queue if standing else promise.queue,
        "debt": standing.debt if standing else None,
        "price": standing.price if standing else promise.price,
        "cost_mean": promise.cost_mean,
        "cost_total": promise.cost,
        "exploration_cost": promise.exploration_cost,
        "judge_cost": promise.judge_cost,
        "explored": promise.explored,
        "failed": promise.failed,
        "savings": [_saving(one) for one in promise.savings(ascending)],
        "models": [{"id": model, "share": promise.calls.get(model, 0) / total} for model in seen],
        "spark": _spark(promise),
    }


def shown_promise(
    evidence: Evidence, promise: PromiseEvidence, standing: Standing | None, now_s: float
) -> Json:
    """A promise in full: the summary, curves, calibration, windows, feedback, events."""
    summary = shown_summary(promise, standing, now_s)
    about = [
        one
        for one in reversed(evidence.notable)
        if one.route == promise.route or (one.route is None and one.model in promise.calls)
    ]
    return summary | {
        "object": "promise",
        "windows": [_window(promise, name, now_s - long_s) for name, long_s in _WINDOWS],
        "series": _series(promise),
        "calibration": _calibration(promise, [one["id"] for one in summary["models"]]),
        "feedback": {
            "coverage": summary["satisfaction"]["coverage"],
            "sources": [_source(name, judged) for name, judged in promise.judged.items()],
        },
        "feasible": standing.feasible if standing else "unclear",
        "reachable": _reachable(standing),
        "warnings": list(standing.warnings) if standing else [],
        "models": _models(summary["models"], standing),
        "events": [shown_notable(one) for one in about],
    }


def _saving(one: Saving) -> Json:
    return {
        "baseline": one.baseline,
        "policy": one.policy,
        "cost_mean": one.cost_mean,
        "cost_low": one.cost_low,
        "cost_high": one.cost_high,
        "satisfaction": one.satisfaction,
        "saved": one.saved,
        "saved_low": one.saved_low,
        "saved_high": one.saved_high,
        "basis": one.basis,
        "note": one.note,
    }


def _spark(promise: PromiseEvidence) -> list[float | None]:
    values = promise.running().value
    if len(values) > SPARK:
        values = values[np.linspace(0, len(values) - 1, SPARK).round().astype(int)]
    return numbers(values)


def _window(promise: PromiseEvidence, name: str, since_s: float) -> Json:
    bucket = promise.series.since(since_s)
    return {
        "name": name,
        "requests": bucket.requests,
        "satisfaction": shown_satisfaction(promise.within(bucket)),
        "cost_mean": bucket.cost / bucket.calls if bucket.calls else None,
        "failed": bucket.failed,
    }


def _series(promise: PromiseEvidence) -> Json:
    buckets = promise.series.buckets
    running, apart = promise.running(), promise.apart()
    models = sorted({model for bucket in buckets for model in bucket.shares})
    return {
        "at": [bucket.start_s + promise.series.width_s for bucket in buckets],
        "width_s": promise.series.width_s,
        "requests": [bucket.requests for bucket in buckets],
        "satisfaction": numbers(running.value),
        "low": numbers(running.low),
        "high": numbers(running.high),
        "recent": numbers(apart.value),
        "queue": [finite(bucket.queue) for bucket in buckets],
        "price": [finite(bucket.price) for bucket in buckets],
        "cost_mean": [bucket.cost / bucket.calls if bucket.calls else None for bucket in buckets],
        "latency_mean_s": [
            bucket.latency_s / bucket.latencies if bucket.latencies else None for bucket in buckets
        ],
        "exploration_cost": np.cumsum([one.exploration_cost for one in buckets]).tolist(),
        "shares": {
            model: [
                bucket.shares.get(model, 0) / bucket.requests if bucket.requests else None
                for bucket in buckets
            ]
            for model in models
        },
    }


def _calibration(promise: PromiseEvidence, models: list[str]) -> list[Json]:
    told = []
    for model in models:
        judged = promise.by_model.get(model, {}).get(promise.counted or "")
        if judged is None or not judged.verdicts:
            continue
        told.append(
            {
                "model": model,
                "verdicts": judged.calibration.verdicts,
                "brier": finite(judged.calibration.brier),
                "bins": [
                    {
                        "predicted": one.predicted,
                        "satisfied": one.satisfied,
                        "low": one.low,
                        "high": one.high,
                        "count": one.count,
                    }
                    for one in judged.calibration.bins(LEVEL)
                ],
            }
        )
    return told


def _source(name: str, judged: Judged) -> Json:
    return {
        "source": name,
        "verdicts": judged.verdicts,
        "satisfied": judged.satisfied / judged.verdicts if judged.verdicts else None,
        "delay_p50_s": judged.delays.quantile(0.5),
        "delay_p90_s": judged.delays.quantile(0.9),
    }


def _reachable(standing: Standing | None) -> Json | None:
    best = standing.reachable if standing else None
    if best is None:
        return None
    return {"model": best.model, "satisfaction": best.satisfaction, "cost": best.cost}


def _models(shares: list[Json], standing: Standing | None) -> list[Json]:
    known = {one.model: one for one in standing.models} if standing else {}
    return [
        one
        | {
            "satisfaction": known[one["id"]].level if one["id"] in known else None,
            "doubt": known[one["id"]].doubt if one["id"] in known else None,
            "cost": known[one["id"]].cost if one["id"] in known else None,
        }
        for one in shares
    ]
