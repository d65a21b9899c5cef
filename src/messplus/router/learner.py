"""`Learner`: folds the log that many routers share, and gives out what it has learned."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from messplus.records import Decided, Feedback, Outcome
from messplus.router.engine import Engine
from messplus.router.fold import Fold
from messplus.router.kept import (
    Kept,
    KeptPromise,
    from_log,
    kept,
    kept_promise,
    resume,
    without_ledger,
)
from messplus.router.route import Key, Route
from messplus.stores.base import Stored, Story, story_of
from messplus.stores.shared import Lead, PromiseKey, SharedStore

REMEMBERED: Final = 50_000
"""Decisions that are kept in memory; older ones are read from the log, many at a time."""

AT_ONCE: Final = 1000
"""Events whose decisions are looked up together."""

_log = logging.getLogger("messplus.learner")


class Learner:
    """What is known of models and owed on promises, as a fold over a shared log in its order.

    Decisions count as they were taken: with what was expected of them then. So two that fold the same
    log know the same to the last bit, and it does no harm if two believe that they are the one.
    """

    def __init__(
        self,
        engine: Engine,
        routes: Mapping[str, Route],
        store: SharedStore,
        *,
        from_start: bool = False,
    ) -> None:
        """Go on where the latest snapshot ends.

        Args:
            engine: Whose policy learns.
            routes: Promises by name; those that the log knows besides are kept, too.
            store: The log.
            from_start: Whether to fold the whole log, without a snapshot.

        Raises:
            StoreError: The log or the snapshot cannot be read.
        """
        self._store = store
        self._engine = engine
        self._stories: dict[str, tuple[Stored, ...]] = {}
        self._at = self._now = 0
        self._fold = Fold(engine, routes, self._story, remembered=REMEMBERED)
        self._saved = 0
        snapshot = None if from_start else store.kept(name_of(engine))
        if snapshot is not None:
            self._saved = self._at = snapshot[0]
            resume(self._fold, from_log(snapshot[1]))
        else:
            self._fold.enter(engine.zoo)
        self._changed: set[Key] = set(self._fold.promises)

    @property
    def sequence(self) -> int:
        """The last event that was folded."""
        return self._at

    @property
    def fold(self) -> Fold:
        """What is known."""
        return self._fold

    def follow(self) -> int:
        """Fold what is new in the log, up to its end.

        Returns:
            How many events.

        Raises:
            StoreError: The log cannot be read; call it again.
        """
        count = 0
        for some in _chunks(self._store.events(self._at)):
            self._look_up(some)
            for _, report in groupby(some, key=_same_report):
                self._take(list(report))
            count += len(some)
        return count

    def publish(self, lead: Lead) -> int:
        """Give out what is known now.

        Returns:
            The number of the version.

        Raises:
            StoreError: Somebody else learns, or the database is away.
        """
        promises = {
            PromiseKey(*key): without_ledger(kept_promise(key, promise)).to_bytes()
            for key, promise in self._fold.promises.items()
            if key in self._changed
        }
        knowledge = Kept(self._fold.zoo, self._fold.knowledge, ()).to_bytes()
        number = lead.publish(self._at, knowledge, promises)
        self._changed.clear()
        return number

    def save(self) -> None:
        """Keep a snapshot: the next one that learns goes on from there.

        Raises:
            StoreError: It cannot be kept.
        """
        if self._at != self._saved:
            self._store.keep(name_of(self._engine), self._at, kept(self._fold).to_bytes())
            self._saved = self._at

    def promises(self) -> dict[Key, KeptPromise]:
        """How all promises stand."""
        return {one.key: one for one in kept(self._fold).promises}

    def _take(self, events: Sequence[Stored]) -> None:
        """One decision, the outcomes of one, or verdicts on one."""
        self._now, self._at = events[0].sequence, events[-1].sequence
        first = events[0].event
        if isinstance(first, Decided):
            self._fold.witnessed(first)
            self._changed.add(Key.of(first))
            return
        case = self._fold.case(first.decision_id)
        if case is None:
            _log.warning("event %d is about a decision that is gone", events[0].sequence)
            return
        self._changed.add(case.key)
        outcomes = [one.event for one in events if isinstance(one.event, Outcome)]
        if outcomes:
            self._fold.finished(case, outcomes)
        for one in events:
            if isinstance(one.event, Feedback):
                self._fold.heard(case, one.event)

    def _look_up(self, events: Sequence[Stored]) -> None:
        """Read decisions that are no longer in memory."""
        new = {one.event.decision_id for one in events if isinstance(one.event, Decided)}
        names = {one.event.decision_id for one in events} - new
        wanted = [name for name in names if not self._fold.remembers(name)]
        self._stories = dict(self._store.histories(wanted)) if wanted else {}

    def _story(self, decision_id: str) -> Story | None:
        """A decision as it was known just before the event that is being folded."""
        told = self._stories.get(decision_id, ())
        return story_of([one for one in told if one.sequence < self._now])


def name_of(engine: Engine) -> str:
    """Of the learner's snapshots."""
    return f"learner/{engine.fingerprint}"


def _same_report(stored: Stored) -> tuple[type, str]:
    """Outcomes of one decision stand side by side: they were reported together."""
    return type(stored.event), stored.event.decision_id


def _chunks(events: Iterable[Stored]) -> Iterator[list[Stored]]:
    """Events some at a time; a report is never parted."""
    chunk: list[Stored] = []
    for _, report in groupby(events, key=_same_report):
        if len(chunk) >= AT_ONCE:
            yield chunk
            chunk = []
        chunk += report
    if chunk:
        yield chunk
