"""What is said of each promise, found out anew only of those of which something new is known."""

from messplus.evidence import PromiseEvidence, verdict_on
from messplus.evidence.status import Verdict
from messplus.router import Standing

_Known = tuple[object, ...]


class Statuses:
    """Verdicts on promises, remembered. Of ten thousand few change within a second."""

    def __init__(self) -> None:
        """Begin with none."""
        self._verdicts: dict[str, tuple[_Known, Verdict]] = {}

    def of(self, promise: PromiseEvidence, standing: Standing | None) -> Verdict:
        """Whether a promise holds.

        Args:
            promise: What the log knows of it.
            standing: What the router knows; None where only the log is at hand.
        """
        feasible = standing is None or standing.feasible != "no"
        known = _known(promise, feasible)
        name = promise.name
        before = self._verdicts.get(name)
        if before is not None and before[0] == known:
            return before[1]
        verdict = verdict_on(promise.alpha, promise.satisfaction(), feasible=feasible)
        self._verdicts[name] = known, verdict
        return verdict


def _known(promise: PromiseEvidence, feasible: bool) -> _Known:
    """All that a verdict depends on, as far as it can change."""
    heard = [
        number
        for one in promise.judged.values()
        for number in (one.verdicts, one.satisfied, one.predicted)
    ]
    sums = (promise.requests, promise.certain, promise.certain_satisfied, promise.predicted)
    return (promise.alpha, feasible, *sums, *promise.judged, *heard)
