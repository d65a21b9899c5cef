"""What the log knows of one model, on all promises together."""

from dataclasses import dataclass, field

from messplus.evidence.case import Case, Reading
from messplus.evidence.delays import Delays
from messplus.evidence.drift import Drift
from messplus.evidence.judged import Judge, Judged, most_trusted
from messplus.evidence.satisfaction import LEVEL, Satisfaction, satisfaction, stretch
from messplus.records import Feedback, Outcome


@dataclass(slots=True)
class ModelEvidence:
    """Sums over the calls of one model.

    Attributes:
        model: Its name.
        requests: That it was to answer.
        calls: To it, failed ones included.
        failed: Of them.
        cost: Sum of what they charged.
        output_tokens: Sum.
        counted: Calls of which output tokens are known.
        last_error: Of the latest failed call; "" if none failed.
        latency: Of calls that succeeded, in seconds.
        routes: Where it was chosen.
        judged: Verdicts on its answers by source.
        drift: Whether these still are what is predicted, by source.
    """

    model: str
    requests: int = 0
    calls: int = 0
    failed: int = 0
    cost: float = 0.0
    output_tokens: int = 0
    counted: int = 0
    last_error: str = ""
    latency: Delays = field(default_factory=Delays)
    routes: dict[str, int] = field(default_factory=dict)
    judged: dict[str, Judged] = field(default_factory=dict)
    drift: dict[str, Drift] = field(default_factory=dict)

    def chosen(self, route: str) -> None:
        """It is to answer a request."""
        self.requests += 1
        self.routes[route] = self.routes.get(route, 0) + 1

    def answered(self, event: Outcome) -> None:
        """It was called."""
        self.calls += 1
        self.cost += event.cost
        if event.error:
            self.failed += 1
            self.last_error = event.error
        elif event.latency_s is not None:
            self.latency.add(event.latency_s)
        if event.output_tokens is not None:
            self.output_tokens += event.output_tokens
            self.counted += 1

    def heard(self, case: Case, event: Feedback, before: Reading) -> bool:
        """Its answer was judged; whether an alarm begins or ends with that."""
        after = case.reading
        for source, value in after.heard.items():
            old = before.heard.get(source)
            if old == value:
                continue
            judged = self.judged.setdefault(source, Judged())
            if old is not None:
                judged.revise(after.predicted, old, value)
                continue
            judged.add(value, after.predicted, event.at_s - case.told.decided.at_s)
            drift = self.drift.setdefault(source, Drift())
            alarmed = drift.alarm
            drift.add(value - after.predicted, event.at_s)
            if drift.alarm != alarmed and source == most_trusted(self.judged):
                return True
        return False

    @property
    def counted_source(self) -> Judge | None:
        """Whose word counts; None: nobody has said anything."""
        return most_trusted(self.judged)

    @property
    def drifting(self) -> Drift | None:
        """The alarm of the source that counts; None where nobody has said anything."""
        source = self.counted_source
        return None if source is None else self.drift.get(source)

    def satisfaction(self, level: float = LEVEL) -> Satisfaction:
        """With those of its answers that were judged."""
        source = self.counted_source
        judged = self.judged.get(source or "", Judged())
        sums = stretch(
            judged.verdicts, 0, 0.0, judged.predicted, judged.verdicts,
            judged.satisfied, judged.satisfied - judged.predicted, judged.error.variance,
        )  # fmt: skip
        return satisfaction(sums, source or "none", level)
