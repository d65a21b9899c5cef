"""What the router tells, as JSON for clients. The dashboard shows the same."""

import math
from dataclasses import asdict
from typing import Any

from messplus.gateway.telemetry import Mode
from messplus.records import Decided, Feedback, Outcome
from messplus.router import Explanation, Standing

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


def shown_explanation(one: Explanation) -> Json:
    """Why a request went where it went, and what came of it."""
    decided = one.story.decided
    return {
        "id": one.decision_id,
        "object": "decision.explanation",
        "created": decided.at_s,
        "route": one.route,
        "alpha": one.alpha,
        "model": one.model,
        "answered_by": one.delivered,
        "explored": decided.explored,
        "queue": one.queue,
        "price": one.price,
        "propensity": one.propensity,
        "attributes": dict(decided.attributes),
        "prompt": decided.prompt,
        "models": [
            {
                "id": candidate.model,
                "available": candidate.available,
                "chosen": candidate.chosen,
                "asked": candidate.asked,
                "predicted_satisfaction": candidate.p_sat,
                "expected_cost": candidate.cost,
                "score": _finite(candidate.score),
                "why": candidate.why,
            }
            for candidate in one.candidates
        ],
        "outcomes": [_outcome(outcome) for outcome in one.outcomes],
        "feedback": [_feedback(feedback) for feedback in one.feedback],
    }


def _outcome(one: Outcome) -> Json:
    return {
        "model": one.model,
        "at": one.at_s,
        "cost": one.cost,
        "latency_s": one.latency_s,
        "prompt_tokens": one.prompt_tokens,
        "output_tokens": one.output_tokens,
        "error": one.error or None,
    }


def _feedback(one: Feedback) -> Json:
    return {
        "feedback_id": one.feedback_id,
        "at": one.at_s,
        "value": one.value,
        "source": one.source,
        "comment": one.comment or None,
        "cost": one.cost,
        "metadata": dict(one.attributes),
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
