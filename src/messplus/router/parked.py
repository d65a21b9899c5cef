"""Feedback that is there before its decision: kept for a while, in bounded number."""

from collections import OrderedDict

from messplus.errors import require_range
from messplus.ids import made_at_s
from messplus.records import Feedback
from messplus.router.route import Status


class Parked:
    """A waiting room. Not thread-safe."""

    def __init__(self, most: int, longest_s: float) -> None:
        """Open it.

        Args:
            most: Feedback that waits at most, >= 0.
            longest_s: Seconds for which it waits at most, >= 0.

        Raises:
            SettingError: One is below 0.
        """
        require_range("park", most, "at least 0", ok=most >= 0)
        require_range("park_s", longest_s, "at least 0", ok=longest_s >= 0)
        self._most = most
        self._longest_s = longest_s
        self._waiting: OrderedDict[str, list[Feedback]] = OrderedDict()
        self._n = 0

    def __len__(self) -> int:
        return self._n

    def add(self, feedback: Feedback) -> Status:
        """Have feedback wait, if there is room, for a decision that is not known yet.

        A decision whose own name says that it is older than anything waits will not come any more.
        """
        oldest_s = feedback.at_s - self._longest_s
        made_at = made_at_s(feedback.decision_id)
        if made_at is not None and made_at < oldest_s:
            return "unknown"
        while self._waiting and next(iter(self._waiting.values()))[0].at_s < oldest_s:
            self._n -= len(self._waiting.popitem(last=False)[1])
        here = self._waiting.get(feedback.decision_id, [])
        if any(one.feedback_id == feedback.feedback_id for one in here):
            return "duplicate"
        if self._n >= self._most:
            return "unknown"
        self._waiting.setdefault(feedback.decision_id, []).append(feedback)
        self._n += 1
        return "pending"

    def take(self, decision_id: str) -> list[Feedback]:
        """What waited for a decision, in the order in which it came."""
        taken = self._waiting.pop(decision_id, [])
        self._n -= len(taken)
        return taken
