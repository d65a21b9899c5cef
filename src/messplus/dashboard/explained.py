"""Why a request went where it went, as JSON: the same for the page, the API and the command line."""

from messplus.dashboard.shapes import Json, finite
from messplus.records import Feedback, Outcome
from messplus.router import Explanation


def shown_explanation(one: Explanation, *, prompts: bool = True) -> Json:
    """Why a request went where it went, and what came of it.

    Args:
        one: It.
        prompts: Whether its prompt may be shown, where the log has it.
    """
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
        "prompt": decided.prompt if prompts else None,
        "models": [
            {
                "id": candidate.model,
                "available": candidate.available,
                "chosen": candidate.chosen,
                "asked": candidate.asked,
                "predicted_satisfaction": finite(candidate.p_sat),
                "expected_cost": finite(candidate.cost),
                "score": finite(candidate.score),
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
