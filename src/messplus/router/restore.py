"""From the log to what a router knows: the latest snapshot, and every event since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from messplus.errors import SettingError
from messplus.records import Decided, Event, Feedback, Outcome
from messplus.router.case import Case
from messplus.router.engine import Engine
from messplus.router.fold import Fold
from messplus.router.kept import Kept, from_log, name_of, resume
from messplus.router.route import Route
from messplus.stores.base import Store, Stored


@dataclass(slots=True)
class Restored:
    """What the log tells of some routes.

    Attributes:
        fold: What a router knows.
        decisions: Decisions that were read.
        mismatches: Those among them that the policy would take otherwise now.
        first_mismatch: The first of these; None if there is none.
        events: That were read, of all kinds.
    """

    fold: Fold
    decisions: int = 0
    events: int = 0
    mismatches: int = 0
    first_mismatch: str | None = None


def restore(engine: Engine, routes: Mapping[str, Route], store: Store) -> Restored:
    """Fold the log of these routes, from the latest snapshot on.

    Raises:
        StoreError: The log or the snapshot cannot be read.
        SettingError: The zoo has changed, and the policy cannot go on in another one.
    """
    after, snapshot = 0, store.kept(name_of(engine, routes))
    fold = Fold(engine, routes, store.story)
    if snapshot is not None:
        kept = from_log(snapshot[1])
        if _has_all(kept, routes, store, snapshot[0]):
            after = snapshot[0]
            resume(fold, kept)
    found = _folded(fold, store, after)
    if not fold.zoo.models:
        fold.enter(engine.zoo)
    return found


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether a log replays to the decisions that it tells of.

    Attributes:
        decisions: In the log, of these routes.
        mismatches: Those that are taken otherwise now.
        first_mismatch: Id of the first of these; None if there is none.
    """

    decisions: int
    mismatches: int
    first_mismatch: str | None


def verify(engine: Engine, routes: Sequence[Route], store: Store) -> Verified:
    """Take all decisions of a log again, from its beginning, without snapshots.

    Where old events were forgotten, or other settings were in force, there are mismatches.

    Args:
        engine: As it decided.
        routes: All whose decisions taught it.
        store: The log.

    Raises:
        StoreError: The log cannot be read.
        SettingError: The zoo has changed, and the policy cannot go on in another one; or the log was
            written with other features.
    """
    fold = Fold(engine, {route.name: route for route in routes}, store.story)
    found = _folded(fold, store, 0)
    return Verified(found.decisions, found.mismatches, found.first_mismatch)


def _has_all(kept: Kept, routes: Mapping[str, Route], store: Store, sequence: int) -> bool:
    """Whether a snapshot lacks nothing of these routes: one that it does not know has no older events."""
    known = {one.key.route for one in kept.promises}
    new = routes.keys() - known
    return not any(store.recent(1, before=sequence + 1, route=name) for name in new)


def _folded(fold: Fold, store: Store, after: int) -> Restored:
    """The events after a sequence number, of a fold's routes, folded into it."""
    found = Restored(fold)
    names = {*fold.routes, *(key.route for key in fold.promises)}
    others: set[str] = set()
    mine = (one for one in store.events(after) if _is_of(names, fold, one.event, others))
    for (kind, decision_id), group in groupby(mine, key=_same_report):
        events = [one.event for one in group]
        found.events += len(events)
        if kind is Decided:
            for event in events:
                _decide_again(found, event)
        elif (case := fold.case(decision_id)) is not None:
            _hear_again(fold, case, events)
    return found


def _is_of(names: set[str], fold: Fold, event: Event, others: set[str]) -> bool:
    """Whether an event is of one of these routes; `others` collects decisions that are not."""
    if isinstance(event, Decided):
        if event.route not in names:
            others.add(event.decision_id)
        return event.route in names
    if event.decision_id in others:
        return False
    case = fold.case(event.decision_id)
    return case is not None and case.decided.route in names


def _same_report(stored: Stored) -> tuple[type[Event], str]:
    """Outcomes of one decision stand side by side: they were reported together."""
    return type(stored.event), stored.event.decision_id


def _decide_again(found: Restored, event: Event) -> None:
    assert isinstance(event, Decided)
    now = found.fold.engine.features.n_features
    if len(event.features) != now:
        raise SettingError(
            f"the log of route {event.route!r} saw {len(event.features)} numbers of each request, the"
            f" features now give {now}: use those of the log (encoder, attributes), or begin another"
            " store"
        )
    found.decisions += 1
    if not found.fold.decided(event):
        found.mismatches += 1
        found.first_mismatch = found.first_mismatch or event.decision_id


def _hear_again(fold: Fold, case: Case, events: Sequence[Event]) -> None:
    """Outcomes of one report together, feedback one by one."""
    outcomes = [event for event in events if isinstance(event, Outcome)]
    if outcomes:
        fold.finished(case, outcomes)
    for event in events:
        if isinstance(event, Feedback):
            fold.heard(case, event)
