"""Why a store does not take an event: the same words, whichever store it is."""

from messplus.errors import StoreError
from messplus.records import Event, Feedback


def known_already(event: Event) -> StoreError:
    """The error for an id that is given twice."""
    if isinstance(event, Feedback):
        return feedback_taken(event.feedback_id)
    return decision_taken(event.decision_id)


def decision_unknown(event: Event) -> StoreError:
    """The error for an outcome or feedback without its decision."""
    return decision_missing(event.decision_id)


def decision_taken(decision_id: str) -> StoreError:
    """The error for the id of a decision that is given twice."""
    return StoreError(f"decision {decision_id!r} is in the log already")


def feedback_taken(feedback_id: str) -> StoreError:
    """The error for the id of feedback that is given twice."""
    return StoreError(f"feedback {feedback_id!r} is in the log already")


def decision_missing(decision_id: str) -> StoreError:
    """The error for what is said of a decision that is not there."""
    return StoreError(
        f"decision {decision_id!r} is not in the log: it was never appended, or is forgotten"
    )
