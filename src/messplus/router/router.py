"""`Router`: what a program or a gateway talks to. Thread-safe."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from secrets import token_hex

import numpy as np

from messplus.core.types import Bools, Draws, Floats, Source
from messplus.errors import SettingError, unknown
from messplus.records import NOTHING, Decided, Event, Feedback, Outcome
from messplus.router.parked import Parked
from messplus.router.restore import restore, snapshot, snapshot_name
from messplus.router.route import Receipt, Route, Routed, Status
from messplus.stores.base import Store, Story


class Router:
    """Decides, learns, remembers.

    State changes and log entries happen together under one lock, in one order: what the log holds,
    folded, is what the router knows.
    """

    def __init__(
        self,
        route: Route,
        store: Store,
        *,
        rng: np.random.Generator,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: token_hex(12),
        snapshot_every: int = 10_000,
        park: int = 1000,
        park_s: float = 600.0,
    ) -> None:
        """Read the log, and go on where it ends.

        Args:
            route: The promise.
            store: The log; several routes may share one.
            rng: Draws the random numbers of decisions.
            clock: Seconds since 1970.
            new_id: Makes ids of decisions and feedback.
            snapshot_every: Events between two snapshots; 0: none but on `close`.
            park: Feedback on unknown decisions that is kept at most, >= 0.
            park_s: Seconds for which it is kept.

        Raises:
            StoreError: The log cannot be read.
            SettingError: The log of this route is about other models.
        """
        self.route_settings = route
        self._store = store
        self._rng = rng
        self._clock = clock
        self._new_id = new_id
        self._snapshot_every = snapshot_every
        self._parked = Parked(park, park_s)
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._since_snapshot = 0
        self._last: Future[int] | None = None
        restored = restore(route, store)
        self._fold = restored.fold
        self._t = restored.t
        self.mismatches = restored.mismatches
        """Decisions of the log that the policy would take otherwise now; 0 unless it was changed."""

    def route(
        self,
        prompt: str,
        *,
        attributes: Mapping[str, str] = NOTHING,
        available: Sequence[str] | None = None,
        decision_id: str | None = None,
    ) -> Routed:
        """Decide who answers a request.

        Args:
            prompt: The request's text.
            attributes: What else is known of it; those that the features use tell the policy.
            available: Models that can be asked now; None: all.
            decision_id: Its name, unique in the store; None makes one.

        Raises:
            EncoderError: The prompt cannot be encoded.
            SettingError: `available` is empty or names a model that is not in the zoo, or there is a
                decision of this name already.
        """
        route = self.route_settings
        # What is logged is what was seen: float32 is kept, so float32 decides.
        vector = route.features.transform([prompt], [attributes])[0].astype(np.float32)
        features: Floats = vector.astype(np.float64)
        can = self._mask(available)
        with self._lock:
            if decision_id is not None and self._fold.case(decision_id) is not None:
                raise SettingError(f"there is a decision {decision_id!r} already")
            draws = Draws(*self._rng.random(2).tolist())
            decision = self._fold.decide(features, can, draws)
            decided = Decided(
                decision_id=decision_id or self._new_id(),
                route=route.name,
                at_s=self._clock(),
                t=self._t,
                alpha=route.alpha,
                models=route.models,
                available=can,
                features=features,
                draws=draws,
                model=route.models[decision.model],
                asked=tuple(route.models[m] for m in decision.asked),
                explored=decision.explored,
                propensity=decision.propensity,
                queue=decision.queue,
                p_sat=decision.p_sat,
                cost=decision.cost,
                shielded=decision.shielded,
                attributes=dict(attributes),
                prompt=prompt if route.keep_prompts else None,
            )
            self._t += 1
            self._fold.remember(decided)
            stored = self._append([decided])
            for early in self._parked.take(decided.decision_id):
                self._hear(early)
        return Routed(decided, stored)

    def finish(self, decision_id: str, outcomes: Sequence[Outcome]) -> "Future[int]":
        """Report what the models did with a request: once, all calls together.

        Args:
            decision_id: Of the request.
            outcomes: One per call, failed ones and those in another's place included.

        Returns:
            Done once it is durable.

        Raises:
            SettingError: The decision is unknown, was finished before, or a model is not in the zoo.
        """
        for one in outcomes:
            if one.model not in self.route_settings.models:
                raise unknown("model", one.model, self.route_settings.models)
            if one.decision_id != decision_id:
                raise SettingError(
                    f"an outcome of {one.decision_id!r} is no outcome of {decision_id!r}"
                )
        if not outcomes:
            raise SettingError(f"decision {decision_id!r} cannot be finished without an outcome")
        with self._lock:
            case = self._fold.case(decision_id)
            if case is None or case.decided.route != self.route_settings.name:
                raise SettingError(f"there is no decision {decision_id!r} on this route")
            if case.finished:
                raise SettingError(f"decision {decision_id!r} was finished before")
            self._fold.finished(case, outcomes)
            return self._append(list(outcomes))

    def feedback(
        self,
        decision_id: str,
        value: float,
        *,
        source: Source = "user",
        feedback_id: str | None = None,
        comment: str = "",
        attributes: Mapping[str, str] = NOTHING,
    ) -> Receipt:
        """Take note of how satisfactory an answer was: at once, late, again, or too early.

        Another value of the same source replaces the one before. Feedback on a decision that is not
        known yet is kept for a while.

        Args:
            decision_id: Of the answer.
            value: 0 to 1.
            source: Who says so.
            feedback_id: Its name: the same one sent twice counts once. None makes one.
            comment: In words.
            attributes: What else to keep with it.

        Raises:
            SettingError: `value` is not in [0, 1].
        """
        feedback = Feedback(
            feedback_id=feedback_id or self._new_id(),
            decision_id=decision_id,
            at_s=self._clock(),
            value=value,
            source=source,
            comment=comment,
            attributes=dict(attributes),
        )
        with self._lock:
            return self._hear(feedback)

    def story(self, decision_id: str) -> Story | None:
        """All that is known of a decision, from the log; None if it is unknown."""
        return self._store.story(decision_id)

    @property
    def decisions(self) -> int:
        """Requests decided on this route."""
        return self._t

    def believed(self) -> float | None:
        """Mean satisfaction that the policy thinks was delivered; None if it keeps no account."""
        with self._lock:
            tell = getattr(self._fold.policy, "believed", None)
            return None if tell is None else float(tell(self._fold.state))

    def warnings(self) -> tuple[str, ...]:
        """What stands against the promise, as far as the policy notices."""
        with self._lock:
            tell = getattr(self._fold.policy, "warnings", None)
            return () if tell is None else tuple(tell(self._fold.state))

    def flush(self) -> None:
        """Wait until everything so far is durable.

        Raises:
            StoreError: The latest event could not be kept.
        """
        with self._lock:
            last = self._last
        if last is not None:
            last.result()

    def close(self) -> None:
        """Wait until everything is durable and keep a snapshot; the store stays open.

        Raises:
            StoreError: The latest event, or the snapshot, could not be kept.
        """
        with self._lock:
            last = self._last
            state = snapshot(self._fold, self._t)
        if last is not None:
            self._store.keep(snapshot_name(self.route_settings), last.result(), state)

    def _hear(self, feedback: Feedback) -> Receipt:
        """Feedback, with the lock held."""
        if feedback.feedback_id in self._seen or self._store.has_feedback(feedback.feedback_id):
            return _receipt(feedback, "duplicate")
        case = self._fold.case(feedback.decision_id)
        if case is None or case.decided.route != self.route_settings.name:
            return _receipt(feedback, self._parked.add(feedback))
        if case.heard.get(feedback.source) == feedback.value:
            return _receipt(feedback, "duplicate")
        self._fold.heard(case, feedback)
        self._remember(feedback.feedback_id)
        return Receipt(feedback.feedback_id, "applied", self._append([feedback]))

    def _remember(self, feedback_id: str) -> None:
        """An id that may not be readable in the store yet."""
        self._seen[feedback_id] = None
        if len(self._seen) > 100_000:
            self._seen.popitem(last=False)

    def _append(self, events: Sequence[Event]) -> "Future[int]":
        self._last = self._store.append(events)
        self._since_snapshot += len(events)
        if self._snapshot_every and self._since_snapshot >= self._snapshot_every:
            self._since_snapshot = 0
            state = snapshot(self._fold, self._t)
            self._last.add_done_callback(lambda done: self._keep(done, state))
        return self._last

    def _keep(self, done: "Future[int]", state: bytes) -> None:
        """Keep a snapshot once the event that it ends with is durable; without that there is none."""
        if done.exception() is None:
            self._store.keep(snapshot_name(self.route_settings), done.result(), state)

    def _mask(self, available: Sequence[str] | None) -> Bools:
        models = self.route_settings.models
        if available is None:
            return np.ones(len(models), dtype=np.bool_)
        for name in available:
            if name not in models:
                raise unknown("model", name, models)
        if not available:
            raise SettingError("available must name at least one model")
        return np.array([model in available for model in models])


def _receipt(feedback: Feedback, status: Status) -> Receipt:
    done: Future[int] = Future()
    done.set_result(0)
    return Receipt(feedback.feedback_id, status, done)
