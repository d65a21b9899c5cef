"""The fold: one event at a time, from nothing to everything that people are shown."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from messplus.evidence.case import Case
from messplus.evidence.model import ModelEvidence
from messplus.evidence.promise import NAMED, PromiseEvidence
from messplus.records import Decided, Outcome
from messplus.router.route import Key
from messplus.stores.base import Log, Stored

CASES: Final = 2000
"""Decisions kept at hand; what is said of older ones is looked up in the log."""

NOTABLE: Final = 100
"""Events kept for people to read."""

Recall = Callable[[str], Sequence[Stored]]
"""The events of a decision, in the order of the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notable:
    """Something that people should know.

    Attributes:
        at_s: Seconds since 1970.
        kind: `zoo`: models have joined or left. `drift`: answers are not what is
            predicted. `status`: a promise is kept, or not, any more. `circuit`: an upstream is passed over, or
            asked again.
        severity: How bad it is.
        route: Where; None: everywhere.
        model: Which; None: it is about none.
        text: In one sentence.
    """

    at_s: float
    kind: Literal["zoo", "drift", "status", "circuit"]
    severity: Literal["info", "warning", "critical"]
    route: str | None
    model: str | None
    text: str


@dataclass(slots=True)
class Evidence:
    """What a log knows.

    Attributes:
        sequence: Of the latest event in it.
        decisions: How many.
        first_s: Time of the first decision, in seconds since 1970.
        last_s: Of the latest.
        promises: By name, in order of their first decision.
        models: By name, likewise.
        notable: The latest last.
    """

    sequence: int = 0
    decisions: int = 0
    first_s: float = 0.0
    last_s: float = 0.0
    promises: dict[str, PromiseEvidence] = field(default_factory=dict)
    models: dict[str, ModelEvidence] = field(default_factory=dict)
    notable: list[Notable] = field(default_factory=list)


class Watcher:
    """Folds events into evidence. Not thread-safe."""

    def __init__(self, recall: Recall, evidence: Evidence | None = None) -> None:
        """Begin, or go on.

        Args:
            recall: Looks up decisions that are not at hand any more.
            evidence: What is known already; None: nothing.
        """
        self.evidence = evidence or Evidence()
        self._recall = recall
        self._cases: OrderedDict[str, Case] = OrderedDict()

    def step(self, stored: Stored) -> None:
        """Take in the next event of the log."""
        event = stored.event
        self.evidence.sequence = stored.sequence
        if isinstance(event, Decided):
            self._decided(event)
            return
        case = self._case(event.decision_id, stored.sequence)
        if case is None:  # its decision was forgotten
            return
        before = case.hear(event)
        promise = self._promise(case.told.decided)
        if isinstance(event, Outcome):
            promise.answered(case, event, before)
            self._model(event.model).answered(event)
        else:
            promise.heard(case, event, before)
            model = self._model(case.reading.model)
            if model.heard(case, event, before):
                self._note_drift(model, event.at_s)

    def _decided(self, event: Decided) -> None:
        evidence = self.evidence
        if not evidence.decisions:
            evidence.first_s = event.at_s
        evidence.decisions += 1
        evidence.last_s = max(evidence.last_s, event.at_s)
        case = Case.of(event)
        promise = self._promise(event)
        if promise.models not in ((), event.models):
            self._note_zoo(promise, event)
        promise.decided(case)
        self._model(event.model).chosen(event.route)
        self._cases[event.decision_id] = case
        if len(self._cases) > CASES:
            self._cases.popitem(last=False)

    def _case(self, decision_id: str, sequence: int) -> Case | None:
        """A decision as it stood before an event; None if it was forgotten."""
        case = self._cases.get(decision_id)
        if case is not None:
            return case
        for stored in self._recall(decision_id):
            if stored.sequence >= sequence:
                break
            if isinstance(stored.event, Decided):
                case = Case.of(stored.event)
            elif case is not None:
                case.hear(stored.event)
        return case

    def _promise(self, decided: Decided) -> PromiseEvidence:
        key = Key.of(decided)
        name = NAMED.format(*key)
        found = self.evidence.promises.get(name)
        if found is None:
            found = self.evidence.promises[name] = PromiseEvidence(*key)
        return found

    def _model(self, name: str) -> ModelEvidence:
        found = self.evidence.models.get(name)
        if found is None:
            found = self.evidence.models[name] = ModelEvidence(name)
        return found

    def _note_zoo(self, promise: PromiseEvidence, event: Decided) -> None:
        joined = [model for model in event.models if model not in promise.models]
        left = [model for model in promise.models if model not in event.models]
        changes = [f"{', '.join(names)} {what}" for names, what in
                   ((joined, "joined"), (left, "left")) if names]  # fmt: skip
        if changes:
            self._note(
                Notable(
                    at_s=event.at_s, kind="zoo", severity="info", route=event.route, model=None,
                    text=f"{' and '.join(changes)} the zoo",
                )
            )  # fmt: skip

    def _note_drift(self, model: ModelEvidence, at_s: float) -> None:
        drift = model.drifting
        if drift is None:
            return
        if drift.alarm:
            how = "fewer" if drift.direction == "down" else "more"
            text = f"{model.model} satisfies {how} of its users than is predicted"
        else:
            text = f"{model.model} satisfies as many as is predicted again"
        self._note(
            Notable(
                at_s=at_s, kind="drift", severity="warning" if drift.alarm else "info",
                route=None, model=model.model, text=text,
            )
        )  # fmt: skip

    def _note(self, one: Notable) -> None:
        self.evidence.notable.append(one)
        del self.evidence.notable[:-NOTABLE]


def evidence_of(log: Log, on_progress: Callable[[int], None] | None = None) -> Evidence:
    """What a whole log knows.

    Args:
        log: It.
        on_progress: Called now and then with the number of events so far.

    Raises:
        StoreError: An event cannot be read, and which.
    """
    watcher = Watcher(log.history)
    for done, stored in enumerate(log.events(), start=1):
        watcher.step(stored)
        if on_progress is not None and done % 1000 == 0:
            on_progress(done)
    return watcher.evidence
