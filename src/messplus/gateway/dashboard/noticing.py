"""What happens while the gateway serves and is not in the log: promises that change their state, circuits."""

from collections import deque
from typing import Final, Literal

from messplus.dashboard.moment import Moment
from messplus.dashboard.overview import promises_of
from messplus.dashboard.statuses import Statuses
from messplus.evidence import Evidence, Status
from messplus.evidence.fold import Notable

MOST: Final = 50
"""Remembered at most."""

Severity = Literal["info", "warning", "critical"]
_BAD: Final[dict[Status, Severity]] = {
    "behind": "warning",
    "broken": "critical",
    "infeasible": "critical",
}


class Noticing:
    """Compares each look with the one before."""

    def __init__(self) -> None:
        self._statuses: dict[str, Status] = {}
        self.verdicts = Statuses()
        """On each promise."""
        self._open: set[str] = set()
        self.happened: deque[Notable] = deque(maxlen=MOST)
        """The latest last."""

    def look(self, evidence: Evidence, moment: Moment) -> None:
        """Note what has changed since the last look."""
        for promise, standing in promises_of(evidence, moment, None):
            verdict = self.verdicts.of(promise, standing)
            before = self._statuses.get(promise.name, "unknown")
            self._statuses[promise.name] = verdict.status
            if "unknown" not in (before, verdict.status) and before != verdict.status:
                self.happened.append(
                    Notable(
                        at_s=moment.at_s,
                        kind="status",
                        severity=_BAD.get(verdict.status, "info"),
                        route=promise.route,
                        model=None,
                        text=verdict.says,
                    )
                )
        now_open = {one.model for one in moment.health if one.circuit == "open"}
        closed = {one.model for one in moment.health if one.circuit == "closed"}
        for model in sorted(now_open - self._open):
            self._circuit(moment, model, "critical", f"{model} fails, and is passed over")
        for model in sorted(self._open & closed):
            self._circuit(moment, model, "info", f"{model} answers again")
        self._open = (self._open | now_open) - closed

    def _circuit(self, moment: Moment, model: str, severity: Severity, text: str) -> None:
        self.happened.append(
            Notable(
                at_s=moment.at_s,
                kind="circuit",
                severity=severity,
                route=None,
                model=model,
                text=text,
            )
        )
