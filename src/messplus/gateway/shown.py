"""What the router tells, as JSON for clients. The dashboard shows the same."""

from dataclasses import asdict
from typing import Any

from messplus.gateway.telemetry import Mode
from messplus.records import Decided
from messplus.router import Standing

Json = dict[str, Any]


def shown_standing(one: Standing) -> Json:
    """How a promise stands."""
    return {
        "id": one.route,
        "object": "route",
        "alpha": one.alpha,
        "requests": one.requests,
        "satisfaction": one.believed,
        "queue": one.queue,
        "debt": one.debt,
        "price": one.price,
        "feasible": one.feasible,
        "reachable": asdict(one.reachable) if one.reachable else None,
        "warnings": list(one.warnings),
        "models": [
            {
                "id": model.model,
                "share": model.share,
                "satisfaction": model.level,
                "doubt": model.doubt,
                "cost": model.cost,
            }
            for model in one.models
        ],
    }


def shown_decision(decided: Decided, mode: Mode) -> Json:
    """A decision that was just taken."""
    return {
        "id": decided.decision_id,
        "object": "decision",
        "created": int(decided.at_s),
        "route": decided.route,
        "alpha": decided.alpha,
        "model": decided.model,
        "mode": mode,
        "queue": decided.queue,
        "price": decided.price,
        "propensity": decided.propensity,
        "models": [
            {
                "id": model,
                "available": bool(decided.available[m]),
                "predicted_satisfaction": float(decided.p_sat[m]),
                "expected_cost": float(decided.cost[m]),
            }
            for m, model in enumerate(decided.models)
        ],
    }
