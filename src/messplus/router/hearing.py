"""What becomes of feedback: learned from, known already, too early, or too late."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from messplus.records import Feedback
from messplus.router.case import Case
from messplus.router.fold import Fold
from messplus.router.route import About, Key, Status

FRESH_S: Final = 60.0
"""Age in seconds up to which a decision cannot have been forgotten by its store."""

MOST_SEEN: Final = 20_000
"""Latest feedback ids that are remembered: the store may not have them yet."""


class Memory(Protocol):
    """What is known beyond the latest decisions."""

    def has_feedback(self, feedback_id: str) -> bool:
        """Whether feedback of this id is known."""
        ...

    def forgot(self, decision_id: str) -> bool:
        """Whether a decision was in the log and is no longer."""
        ...


class Waiting(Protocol):
    """Where feedback waits whose decision is not known yet."""

    def __len__(self) -> int: ...

    def add(self, feedback: Feedback) -> Status:
        """Have it wait, if there is room."""
        ...

    def take(self, decision_id: str) -> Sequence[Feedback]:
        """What has waited for a decision, in the order in which it came."""
        ...


class Heard(NamedTuple):
    """One verdict.

    Attributes:
        feedback: As it came.
        status: What became of it.
        about: The answer, where it is known.
    """

    feedback: Feedback
    status: Status
    about: About | None = None


class Hearing:
    """Takes feedback for a fold. Not thread-safe; what is applied is yet to be appended to the log."""

    def __init__(self, fold: Fold, memory: Memory, parked: Waiting) -> None:
        """Begin.

        Args:
            fold: Learns.
            memory: Knows older feedback, and whether a decision was forgotten.
            parked: Keeps what comes too early.
        """
        self._fold = fold
        self._memory = memory
        self.parked = parked
        self._seen: OrderedDict[str, None] = OrderedDict()

    def hear(self, feedback: Feedback, *, named: bool = True) -> Heard:
        """Take one verdict.

        Args:
            feedback: The verdict.
            named: Whether its caller gave it its name: only then can it be known already.
        """
        feedback_id, decision_id = feedback.feedback_id, feedback.decision_id
        if named and (feedback_id in self._seen or self._memory.has_feedback(feedback_id)):
            return Heard(feedback, "duplicate")
        in_memory = self._fold.remembers(
            decision_id
        )  # else it is read from the store, and is there
        case = self._fold.case(decision_id)
        if case is None or not self.is_ours(case.key):
            return Heard(feedback, self.parked.add(feedback))
        about = _about(case)
        if case.heard.get(feedback.source) == feedback.value:
            return Heard(feedback, "duplicate", about)
        old = in_memory and feedback.at_s - case.decided.at_s > FRESH_S
        if old and self._memory.forgot(decision_id):
            self._fold.forget(decision_id)
            return Heard(feedback, "unknown")
        self._fold.heard(case, feedback)
        self._seen[feedback_id] = None
        if len(self._seen) > MOST_SEEN:
            self._seen.popitem(last=False)
        return Heard(feedback, "applied", about)

    def unhear(self, feedback: Feedback) -> None:
        """Take back that a verdict is known: it could not be kept. What was learned from it stays."""
        self._seen.pop(feedback.feedback_id, None)
        case = self._fold.case(feedback.decision_id)
        if case is not None and case.heard.get(feedback.source) == feedback.value:
            del case.heard[feedback.source]

    def early(self, decision_id: str) -> Sequence[Feedback]:
        """Take what waited for a decision; gives what is to be appended to the log."""
        heard = map(self.hear, self.parked.take(decision_id))
        return [one.feedback for one in heard if one.status == "applied"]

    def is_ours(self, key: Key) -> bool:
        """Whether a decision was taken here; on a route that is gone, too."""
        return key in self._fold.promises


def _about(case: Case) -> About:
    """The answer, as it was before this verdict."""
    decided = case.decided
    model = case.delivered
    predicted = dict(zip(decided.models, decided.p_sat.tolist(), strict=True))
    return About(
        route=decided.route,
        model=model,
        p_sat=None if model is None else predicted.get(model),
        decided_at_s=decided.at_s,
        attributes=decided.attributes,
        first=not case.heard,
    )
