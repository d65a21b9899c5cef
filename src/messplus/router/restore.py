"""From the log to what a router knows: the latest snapshot, and every event since."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from messplus.errors import SettingError
from messplus.records import Decided, Event, Feedback, Outcome
from messplus.router.fold import Case, Fold
from messplus.router.route import Route
from messplus.snapshots import from_bytes, to_bytes
from messplus.stores.base import Store, Stored

_T_BYTES = 8


@dataclass(slots=True)
class Restored:
    """What the log tells of a route.

    Attributes:
        fold: What a router knows.
        t: Requests decided.
        mismatches: Decisions since the snapshot that the policy would take otherwise now.
    """

    fold: Fold
    t: int = 0
    mismatches: int = 0


def snapshot_name(route: Route) -> str:
    """Another policy, zoo, alpha or kind of features has a snapshot of its own."""
    return f"{route.name}/{route.fingerprint}"


def snapshot(fold: Fold, t: int) -> bytes:
    """What a router knows after t decisions, for `restore`."""
    return t.to_bytes(_T_BYTES) + to_bytes(fold.state)


def restore(route: Route, store: Store) -> Restored:
    """Fold the log of a route.

    Raises:
        StoreError: The log or the snapshot cannot be read.
        SettingError: The log of this route is about other models.
    """
    kept = store.kept(snapshot_name(route))
    after, t, state = 0, 0, None
    if kept is not None:
        after, content = kept
        t, state = int.from_bytes(content[:_T_BYTES]), from_bytes(content[_T_BYTES:])
    fold = Fold(route.policy, route.models, route.features.n_features, store.story, state)
    found = Restored(fold, t)
    others: set[str] = set()
    mine = (one for one in store.events(after) if _is_of(route, fold, one.event, others))
    for (kind, decision_id), group in groupby(mine, key=_same_report):
        events = [one.event for one in group]
        if kind is Decided:
            for event in events:
                _decide_again(route, found, event)
        elif (case := fold.case(decision_id)) is not None:
            _hear_again(fold, case, events)
    return found


def _is_of(route: Route, fold: Fold, event: Event, others: set[str]) -> bool:
    """Whether an event is of this route; `others` collects decisions that are not."""
    if isinstance(event, Decided):
        if event.route != route.name:
            others.add(event.decision_id)
        return event.route == route.name
    if event.decision_id in others:
        return False
    case = fold.case(event.decision_id)
    return case is not None and case.decided.route == route.name


def _same_report(stored: Stored) -> tuple[type[Event], str]:
    """Outcomes of one decision stand side by side: they were reported together."""
    return type(stored.event), stored.event.decision_id


def _decide_again(route: Route, found: Restored, event: Event) -> None:
    assert isinstance(event, Decided)
    if event.models != route.models:
        raise SettingError(
            f"the log of route {event.route!r} is about {', '.join(event.models)}: give a changed zoo"
            " another route or another store"
        )
    found.mismatches += not found.fold.decided(event)
    found.t = event.t + 1


def _hear_again(fold: Fold, case: Case, events: Sequence[Event]) -> None:
    """Outcomes of one report together, feedback one by one."""
    outcomes = [event for event in events if isinstance(event, Outcome)]
    if outcomes:
        fold.finished(case, outcomes)
    for event in events:
        if isinstance(event, Feedback):
            fold.heard(case, event)
