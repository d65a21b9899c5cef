"""A store that forgets everything when the program ends: for tests and examples."""

import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from itertools import islice

from messplus.errors import StoreError, require_range
from messplus.records import Decided, Event, Feedback
from messplus.stores.base import Stored, Story, story_of
from messplus.stores.refusals import decision_unknown, known_already
from messplus.stores.rows import encode


class MemoryStore:
    """Events in a list; it takes and refuses what a store on disk does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._last = 0
        self._log: list[Stored] = []
        self._told: dict[str, list[Stored]] = {}  # by decision, the decision itself first
        self._feedback: set[str] = set()
        self._snapshots: dict[str, tuple[int, bytes]] = {}

    def append(self, events: Sequence[Event]) -> "Future[int]":
        """Append events, all or none; they are there when this returns."""
        future: Future[int] = Future()
        try:
            last = self._append(events)
        except StoreError as error:
            future.set_exception(error)
        else:
            future.set_result(last)
        return future

    def _append(self, events: Sequence[Event]) -> int:
        with self._lock:
            self._check_open()
            self._check(events)
            for event in events:
                self._last += 1
                kept = _copy(event)
                stored = Stored(self._last, kept)
                self._log.append(stored)
                self._told.setdefault(event.decision_id, []).append(stored)
                if isinstance(event, Feedback):
                    self._feedback.add(event.feedback_id)
            return self._last

    def _check(self, events: Sequence[Event]) -> None:
        """Refuse a batch before any of it is kept."""
        decisions: set[str] = set()
        feedback: set[str] = set()
        for event in events:
            encode(event)  # refuses what could not be written to a disk
        for event in events:
            name = event.decision_id
            known = name in decisions or name in self._told
            if isinstance(event, Feedback):
                if event.feedback_id in feedback or event.feedback_id in self._feedback:
                    raise known_already(event)
                feedback.add(event.feedback_id)
            if isinstance(event, Decided):
                if known:
                    raise known_already(event)
                decisions.add(name)
            elif not known:
                raise decision_unknown(event)

    def events(self, after: int = 0, *, page: int = 1000) -> Iterator[Stored]:
        """The events after a sequence number, in order; not those that are appended meanwhile."""
        with self._lock:
            self._check_open()
            return iter(self._log[self._place(after) :])

    def story(self, decision_id: str) -> Story | None:
        """All that is known of a decision; None if it is unknown or was forgotten."""
        return story_of(self.history(decision_id))

    def history(self, decision_id: str) -> tuple[Stored, ...]:
        """The events of a decision in the order of the log; none if it is unknown or was forgotten."""
        with self._lock:
            self._check_open()
            return tuple(self._told.get(decision_id, ()))

    def recent(
        self, limit: int, *, before: int | None = None, route: str | None = None
    ) -> tuple[Stored, ...]:
        """The latest decisions, the newest first, before a sequence number and of a route."""
        require_range("limit", limit, "at least 1", ok=limit >= 1)
        with self._lock:
            self._check_open()
            end = self._place(self._last if before is None else before - 1)
            found = (
                stored
                for stored in reversed(self._log[:end])
                if isinstance(stored.event, Decided)
                and (route is None or stored.event.route == route)
            )
            return tuple(islice(found, limit))

    def oldest_s(self) -> float | None:
        """When the oldest decision was made; None if there is none."""
        with self._lock:
            self._check_open()
            times = (one.event.at_s for one in self._log if isinstance(one.event, Decided))
            return min(times, default=None)

    def has_feedback(self, feedback_id: str) -> bool:
        """Whether feedback of this id is in the log."""
        with self._lock:
            self._check_open()
            return feedback_id in self._feedback

    def keep(self, name: str, sequence: int, state: bytes) -> None:
        """Keep a snapshot in place of an older one of that name."""
        with self._lock:
            self._check_open()
            self._snapshots[name] = sequence, bytes(state)

    def kept(self, name: str) -> tuple[int, bytes] | None:
        """The latest snapshot of a name, with its sequence number; None if there is none."""
        with self._lock:
            self._check_open()
            return self._snapshots.get(name)

    def forget(self, before_s: float, *, limit: int | None = None) -> int:
        """Delete decisions older than a moment, with their outcomes and feedback; the oldest first."""
        require_range("limit", limit, "at least 1", ok=limit is None or limit >= 1)
        with self._lock:
            self._check_open()
            old = [
                stored.event
                for stored in self._log
                if isinstance(stored.event, Decided) and stored.event.at_s < before_s
            ]
            old.sort(key=lambda event: event.at_s)
            gone = {event.decision_id for event in old[:limit]}
            for name in gone:
                for stored in self._told.pop(name):
                    if isinstance(stored.event, Feedback):
                        self._feedback.remove(stored.event.feedback_id)
            self._log = [stored for stored in self._log if stored.event.decision_id not in gone]
            return len(gone)

    def size_bytes(self) -> int | None:
        """None: it is in memory."""
        return None

    def close(self) -> None:
        """Refuse everything from now on; a second call does nothing."""
        with self._lock:
            self._closed = True

    def _place(self, after: int) -> int:
        """Where in the log the events after a sequence number begin."""
        return bisect_right(self._log, after, key=lambda stored: stored.sequence)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError("the store is closed")


def _copy(event: Event) -> Event:
    """The event with arrays of its own: a policy may use the memory of the given ones again."""
    if not isinstance(event, Decided):
        return event
    return replace(
        event,
        available=event.available.copy(),
        features=event.features.copy(),
        p_sat=event.p_sat.copy(),
        cost=event.cost.copy(),
        attributes=dict(event.attributes),
    )
