"""Why a store does not take an event: the same words, whichever store it is."""

from messplus.errors import StoreError
from messplus.records import Event, Feedback


def known_already(event: Event) -> StoreError:
    """The error for an id that is given twice."""
    if isinstance(event, Feedback):
        return StoreError(f"feedback {event.feedback_id!r} is in the log already")
    return StoreError(f"decision {event.decision_id!r} is in the log already")


def decision_unknown(event: Event) -> StoreError:
    """The error for an outcome or feedback without its decision."""
    return StoreError(
        f"decision {event.decision_id!r} is not in the log: it was never appended, or is forgotten"
    )
