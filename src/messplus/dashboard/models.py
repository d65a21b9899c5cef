"""The models: who does the work, how well, and whether that is what is predicted."""

from messplus.dashboard.moment import ModelHealth, Moment
from messplus.dashboard.shapes import Json, finite, shown_satisfaction
from messplus.evidence import Evidence, ModelEvidence
from messplus.evidence.drift import Drift


def shown_models(evidence: Evidence, moment: Moment, *, routes: tuple[str, ...] | None) -> Json:
    """Every model of the zoo, in ascending list price, then those that have left it.

    Args:
        evidence: What the log knows.
        moment: What the process knows.
        routes: Those that the caller may see; None: all.
    """
    health = {one.model: one for one in moment.health}
    total = max(evidence.decisions, 1)
    names = (*health, *(name for name in evidence.models if name not in health))
    shown = []
    for name in names:
        model = evidence.models.get(name) or ModelEvidence(name)
        if routes is None or not model.routes or set(model.routes) & set(routes):
            shown.append(_model(model, health.get(name), total))
    return {
        "object": "models",
        "at": moment.at_s,
        "cost_unit": moment.cost_unit,
        "models": shown,
    }


def _model(model: ModelEvidence, health: ModelHealth | None, total: int) -> Json:
    judged = model.judged.get(model.counted_source or "")
    verdicts = judged.verdicts if judged else 0
    return {
        "id": model.model,
        "in_zoo": health is not None,
        "provider": health.provider if health else None,
        "circuit": health.circuit if health else None,
        "in_flight": health.in_flight if health else 0,
        "failures_in_a_row": health.failures_in_a_row if health else 0,
        "last_error": (health.last_error if health else "") or model.last_error or None,
        "requests": model.requests,
        "share": model.requests / total,
        "calls": model.calls,
        "failed": model.failed,
        "latency_p50_s": model.latency.quantile(0.5),
        "latency_p95_s": model.latency.quantile(0.95),
        "cost_mean": model.cost / model.calls if model.calls else None,
        "cost_total": model.cost,
        "output_tokens_mean": model.output_tokens / model.counted if model.counted else None,
        "satisfaction": shown_satisfaction(model.satisfaction()),
        "predicted": judged.predicted / verdicts if judged and verdicts else None,
        "brier": finite(judged.calibration.brier) if judged and verdicts else None,
        "drift": _drift(model.drifting),
        "routes": sorted(model.routes),
    }


def _drift(drift: Drift | None) -> Json:
    if drift is None:
        return {"alarm": False, "since": None, "direction": None, "strength": 0.0}
    return {
        "alarm": drift.alarm,
        "since": drift.since_s if drift.alarm else None,
        "direction": drift.direction,
        "strength": drift.strength,
    }
