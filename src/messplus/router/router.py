"""`Router`: what a program or a gateway talks to. Thread-safe."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Final
from weakref import finalize

import numpy as np

from messplus.core.types import Draws, Floats, Source
from messplus.errors import SettingError, unknown
from messplus.ids import new_id as time_ordered
from messplus.records import NOTHING, Decided, Feedback, Outcome
from messplus.router.claims import claim, release
from messplus.router.engine import Engine
from messplus.router.explain import Explanation, explain
from messplus.router.fold import Fold
from messplus.router.hearing import FRESH_S, Hearing
from messplus.router.journal import Journal, Snapshot
from messplus.router.kept import kept, name_of
from messplus.router.menu import Menu
from messplus.router.parked import Parked
from messplus.router.restore import Restored, restore
from messplus.router.route import Key, Receipt, Route, Routed, Told
from messplus.router.sharing import Alone, InLog, InStore, LookedUp, Sharing
from messplus.router.standing import Standing, standings
from messplus.stores.base import Store, Story
from messplus.stores.shared import SharedStore

MOST_PROMISES: Final = 20
"""Promises of one route: each alpha that callers ask for keeps an account of its own."""


class Router:
    """Decides, learns, remembers.

    State changes and log entries happen together under one lock, in one order: what the log holds,
    folded, is what the router knows.
    """

    def __init__(
        self,
        engine: Engine,
        routes: Sequence[Route],
        store: Store | SharedStore,
        *,
        rng: np.random.Generator,
        clock: Callable[[], float] = time.time,
        shared: bool = False,
        new_id: Callable[[], str] = time_ordered,
        snapshot_every: int = 10_000,
        park: int = 1000,
        park_s: float = 600.0,
    ) -> None:
        """Read the log, and go on where it ends.

        Args:
            engine: The zoo, and how to decide.
            routes: What is promised; the first is the default.
            store: The log; routers of other routes may share it.
            rng: Draws the random numbers of decisions.
            clock: Seconds since 1970.
            shared: Whether routers of other processes keep the same promises over the same log, which
                must be a `SharedStore`. Then `refresh` takes over what they do and what the one that
                learns has learned, and this one keeps no snapshots.
            new_id: Makes ids of decisions and feedback.
            snapshot_every: Events between two snapshots; 0: none but on `flush` and `close`.
            park: Feedback on unknown decisions that is kept at most, >= 0.
            park_s: Seconds for which it is kept.

        Raises:
            StoreError: The log cannot be read.
            SettingError: There is no route, two have one name, one names a model that is not in the zoo
                or is served by another router, or the zoo is not that of the log and the policy
                cannot go on in another one.
        """
        named = _named(routes)
        self._looked_up = LookedUp()
        self._claimed = set(named)
        claim(store, named)
        self._release = finalize(self, release, store, self._claimed)
        self._lock = threading.Lock()
        self._store = store
        self._rng = rng
        self._clock = clock
        self._new_id = new_id
        try:
            self._sharing = _sharing(store) if shared else None
            restored = self._join(engine, named) if shared else restore(engine, named, store)
            self._menu = Menu(engine, named, restored.fold.zoo)
            restored.fold.check(engine, named, self._menu.zoo)
        except BaseException:
            self._release()
            raise
        self._fold = restored.fold
        self._others = self._sharing or Alone()
        self._hearing = Hearing(
            restored.fold,
            self._looked_up if shared else InLog(store),
            InStore() if shared else Parked(park, park_s),
        )
        self._journal = Journal(
            store,
            self._snapshot,
            every=0 if shared else snapshot_every,
            behind=restored.events,
            append=self._sharing.append if self._sharing else None,
        )
        self.mismatches = restored.mismatches
        """Decisions of the log that the policy would take otherwise now; 0 unless it was changed."""

    def route(
        self,
        prompt: str,
        *,
        route: str | None = None,
        alpha: float | None = None,
        attributes: Mapping[str, str] = NOTHING,
        available: Sequence[str] | None = None,
        decision_id: str | None = None,
        fresh: bool = False,
    ) -> Routed:
        """Decide who answers a request.

        Args:
            prompt: The request's text.
            route: Under whose promise; None: the first.
            alpha: Another promise than the route's, in (0, 1]: it keeps an account of its own.
            attributes: What else is known of the request; those that the features use tell the policy.
            available: Models that can be asked now; None: all. Those that are not on the route are
                not asked.
            decision_id: Its name, unique in the store; None makes one.
            fresh: Whether that name is surely new, as one by `messplus.ids.new_id` is: then the log is
                not searched for it.

        Raises:
            EncoderError: The prompt cannot be encoded.
            SettingError: The route or a model is unknown, none of the models can be asked, alpha is out
                of its range or one promise too many, or there is a decision of this name already.
        """
        menu = self._menu
        key = menu.route(route).key(alpha)
        # What is logged is what was seen: float32 is kept, so float32 decides.
        vector = menu.engine.features.transform([prompt], [attributes])[0].astype(np.float32)
        features: Floats = vector.astype(np.float64)
        with self._lock:
            menu = self._menu
            can = menu.mask(menu.route(key.route), available)
            if decision_id and not fresh and self._fold.case(decision_id) is not None:
                raise SettingError(f"there is a decision {decision_id!r} already")
            self._check_room(key)
            if menu.zoo.models != self._fold.zoo.models:
                self._fold.enter(menu.zoo)
            draws = Draws(*self._rng.random(2).tolist())
            requests = self._fold.promise(key).requests
            owed = self._others.owed(self._fold, [key])
            decision = self._fold.decide(key, features, can, draws)
            models = menu.zoo.models
            decided = Decided(
                decision_id=decision_id or self._new_id(),
                route=key.route,
                at_s=self._clock(),
                t=requests,
                alpha=key.alpha,
                models=models,
                available=can,
                features=features,
                draws=draws,
                model=models[decision.model],
                asked=tuple(models[m] for m in decision.asked),
                explored=decision.explored,
                propensity=decision.propensity,
                queue=decision.queue,
                p_sat=decision.p_sat,
                cost=decision.cost,
                price=decision.price,
                shielded=decision.shielded,
                attributes=dict(attributes),
                prompt=prompt if menu.engine.keep_prompts else None,
            )
            self._fold.remember(decided)
            early = self._hearing.early(decided.decision_id)
            changes = self._others.changes(self._fold, owed, requests=1)
            return Routed(decided, self._journal.append([decided, *early], changes))

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
            if one.decision_id != decision_id:
                raise SettingError(
                    f"an outcome of {one.decision_id!r} is no outcome of {decision_id!r}"
                )
        if not outcomes:
            raise SettingError(f"decision {decision_id!r} cannot be finished without an outcome")
        with self._lock:
            for one in outcomes:
                if one.model not in self._fold.zoo.models:
                    raise unknown("model", one.model, self._fold.zoo.models)
            case = self._fold.case(decision_id)
            if case is None or not self._hearing.is_ours(case.key):
                raise SettingError(f"there is no decision {decision_id!r} on these routes")
            if case.finished:
                raise SettingError(f"decision {decision_id!r} was finished before")
            owed = self._others.owed(self._fold, [case.key])
            self._fold.finished(case, outcomes)
            changes = self._others.changes(self._fold, owed)
            return self._journal.append(list(outcomes), changes)

    def feedback(
        self,
        decision_id: str,
        value: float,
        *,
        source: Source = "user",
        feedback_id: str | None = None,
        comment: str = "",
        attributes: Mapping[str, str] = NOTHING,
        cost: float = 0.0,
    ) -> Receipt:
        """Take note of how satisfactory an answer was: at once, late, again, or too early.

        Another value of the same source replaces the one before. Feedback on a decision that is not
        known yet is kept for a while. The arguments are those of `Told`.

        Raises:
            SettingError: `value` is not in [0, 1], or the cost is negative or not finite.
        """
        told = Told(
            decision_id=decision_id,
            value=value,
            source=source,
            feedback_id=feedback_id,
            comment=comment,
            attributes=attributes,
            cost=cost,
        )
        return self.feedback_many([told])[0]

    def feedback_many(self, told: Sequence[Told]) -> list[Receipt]:
        """Take note of much feedback at once: it is kept all or none, and costs little more than one.

        Args:
            told: In order: of two on one answer from the same source the later one counts.

        Returns:
            One receipt each.

        Raises:
            SettingError: One is out of its range; then none counts.
        """
        made = [self._made(one) for one in told]
        with self._lock:
            owed = self._others.owed_about(self._fold, [one.decision_id for one in made])
            heard = [
                self._hearing.hear(one, named=told[n].feedback_id is not None)
                for n, one in enumerate(made)
            ]
            logged = [one.feedback for one in heard if one.status in self._others.logged]
            changes = self._others.changes(self._fold, owed)
            stored = self._journal.append(logged, changes) if logged else _done()
            # What is known already may be under way to the disk: it is acknowledged no sooner.
            last = self._journal.last
            known = _done() if last is None or last.done() else last
        if logged:
            stored.add_done_callback(lambda done: self._forget_unless_kept(logged, done))
        nothing = _done()
        futures = dict.fromkeys(self._others.logged, stored) | {"duplicate": known}
        return [
            Receipt(
                one.feedback.feedback_id,
                one.status,
                futures.get(one.status, nothing),
                one.about,
            )
            for one in heard
        ]

    def elsewhere(self, decision_ids: Sequence[str]) -> list[str]:
        """Which decisions may be those of other routers: all but recent ones of this one's own."""
        if self._sharing is None:
            return []
        with self._lock:
            fresh_s = self._clock() - FRESH_S
            return [name for name in decision_ids if not self._is_fresh(name, fresh_s)]

    def look_up(self, decision_ids: Sequence[str], feedback_ids: Sequence[str] = ()) -> None:
        """Have at hand what a shared log says of some ids, before they are told of or used.

        Verdicts on decisions of other routers are known as such only after this; without it they are
        `pending`, and counted all the same. Waits for the log; does nothing where nobody shares it.

        Args:
            decision_ids: Those of `elsewhere`; others need not be looked up.
            feedback_ids: Of feedback on them.

        Raises:
            StoreError: The log cannot be read.
        """
        if self._sharing is None or not (decision_ids or feedback_ids):
            return
        known = self._sharing.look_up(decision_ids, feedback_ids)
        with self._lock:
            self._looked_up.take(decision_ids, known)

    def refresh(self) -> bool:
        """Take over what other routers have done, and what was learned; some milliseconds.

        Returns:
            Whether a newer version of what was learned was there.

        Raises:
            StoreError: The log cannot be read; what is known stays as it is.
        """
        if self._sharing is None:
            return False
        news, learned = self._sharing.fetch()
        with self._lock:
            taken = self._sharing.adopt(self._fold, news, learned)
        if not taken:
            news, learned = self._sharing.fetch(anew=True)
            with self._lock:
                self._sharing.adopt(self._fold, news, learned)
        if learned is not None:
            with self._lock:
                menu = self._menu
                if menu.zoo.models != self._fold.zoo.models:
                    self._menu = Menu(menu.engine, menu.routes, self._fold.zoo)
        return learned is not None

    def change(self, engine: Engine, routes: Sequence[Route]) -> None:
        """Serve another zoo or other promises from now on; nothing that was learned is lost.

        A model that is gone is not asked any more, and what is known of it is kept. One that is new starts
        with what the others tell about any model. A promise begins anew where its alpha is new.

        Raises:
            SettingError: As on opening; or policy, features or unit of cost are others: those cannot be
                changed while serving. Then everything stays as it is.
        """
        named = _named(routes)
        with self._lock:
            before = self._menu.engine
            if engine.fingerprint != before.fingerprint:
                raise SettingError(
                    f"the policy ({engine.policy_name}), its features or the unit of cost cannot be"
                    f" changed while serving ({before.policy_name}): open a new router"
                )
            menu = Menu(engine, named, self._fold.zoo)
            self._fold.check(engine, named, menu.zoo)
            new = set(named) - self._claimed
            claim(self._store, new)
            self._claimed |= new
            self._fold.change(engine, named)
            self._menu = menu
            if self._sharing is None:
                self._journal.keep_when_durable(self._store.append([]))

    def standing(self, route: str | None = None, alpha: float | None = None) -> Standing:
        """Where a promise stands; some hundred microseconds.

        Args:
            route: Whose; None: the first.
            alpha: Which of its promises; None: its own.

        Raises:
            SettingError: The route is unknown, or it has no such promise.
        """
        with self._lock:
            served = self._menu.route(route)
            key = served.key(alpha)
            if key != served.key() and key not in self._fold.promises:
                known = self._promises()
                alphas = ", ".join(f"{one.alpha:g}" for one in known if one.route == key.route)
                raise SettingError(
                    f"route {key.route!r} has no promise of {key.alpha:g} (known: {alphas})"
                )
            return standings(self._fold, [key], self._menu.engine.models)[0]

    def promises(self, *, begun: bool = False) -> list[Standing]:
        """Where promises stand: those of the routes, and those that callers have asked for.

        Args:
            begun: Whether to leave out those without a request: of ten thousand tenants few are awake.
        """
        with self._lock:
            keys = self._begun() if begun else self._promises()
            return standings(self._fold, keys, self._menu.engine.models)

    def promise_keys(self) -> list[Key]:
        """The same promises, without how they stand: those of the routes first, in their order."""
        with self._lock:
            return self._promises()

    def standings(self, keys: Sequence[Key]) -> list[Standing]:
        """Where some of `promise_keys` stand; those that are none by now are left out."""
        with self._lock:
            known = set(self._promises())
            chosen = [key for key in keys if key in known]
            return standings(self._fold, chosen, self._menu.engine.models)

    def explain(self, decision_id: str) -> Explanation | None:
        """Why a request went where it went, and what came of it, from the log; None if it is unknown."""
        story = self._store.story(decision_id)
        return explain(story) if story else None

    def story(self, decision_id: str) -> Story | None:
        """All that is known of a decision, from the log; None if it is unknown."""
        return self._store.story(decision_id)

    def attribute(self, decision_id: str, name: str) -> str | None:
        """What a request was said to be, from memory if it is recent; None if that is unknown."""
        with self._lock:
            case = self._fold.case(decision_id)
        return case.decided.attributes.get(name) if case else None

    @property
    def engine(self) -> Engine:
        """The zoo, and how decisions are taken."""
        return self._menu.engine

    @property
    def routes(self) -> tuple[Route, ...]:
        """What is promised; the first is the default."""
        return tuple(self._menu.routes.values())

    @property
    def decisions(self) -> int:
        """Requests decided on all promises."""
        with self._lock:
            return sum(one.requests for one in self._fold.promises.values())

    @property
    def parked(self) -> int:
        """Feedback that waits for its decision."""
        with self._lock:
            return len(self._hearing.parked)

    def flush(self) -> None:
        """Wait until everything so far is durable, and keep a snapshot.

        Raises:
            StoreError: The latest event, or the snapshot, could not be kept; or an earlier event could
                not: then the log knows less than this router, and is to be read anew.
        """
        with self._lock:
            last = self._journal.last
            snapshot = None if self._sharing else self._snapshot()
        if last is not None and snapshot is not None:
            self._journal.keep(snapshot, last)
        elif last is not None:
            last.result()  # the one that learns for all keeps the snapshots

    def close(self) -> None:
        """Flush, and let another router serve these routes; the store stays open.

        Raises:
            StoreError: The latest event, or the snapshot, could not be kept.
        """
        try:
            self.flush()
        finally:
            self._release()

    def _join(self, engine: Engine, routes: Mapping[str, Route]) -> Restored:
        """What a router knows that shares a log: the latest version, and what was done since."""
        assert self._sharing is not None
        fold = Fold(engine, routes, self._looked_up.story)
        fold.enter(engine.zoo)
        self._sharing.adopt(fold, *self._sharing.fetch())
        return Restored(fold)

    def _is_fresh(self, decision_id: str, after_s: float) -> bool:
        """Whether a decision is in memory, and so young that it cannot have been forgotten."""
        if not self._fold.remembers(decision_id):
            return False
        case = self._fold.case(decision_id)
        return case is not None and case.decided.at_s > after_s

    def _made(self, told: Told) -> Feedback:
        return Feedback(
            feedback_id=told.feedback_id or self._new_id(),
            decision_id=told.decision_id,
            at_s=self._clock(),
            value=told.value,
            source=told.source,
            comment=told.comment,
            attributes=dict(told.attributes),
            cost=told.cost,
        )

    def _promises(self) -> list[Key]:
        """Those of the routes, and those that callers have asked of them."""
        own = [route.key() for route in self._menu.routes.values()]
        return list(dict.fromkeys([*own, *self._begun()]))

    def _begun(self) -> list[Key]:
        """Those of served routes that have had a request, in the order of their first ones."""
        return [key for key in self._fold.promises if key.route in self._menu.routes]

    def _check_room(self, key: Key) -> None:
        """Refuse one promise too many."""
        if key in self._fold.promises or key.alpha == self._menu.routes[key.route].key().alpha:
            return
        known = sorted(one.alpha for one in self._promises() if one.route == key.route)
        if len(known) >= MOST_PROMISES:
            listed = ", ".join(f"{alpha:g}" for alpha in known)
            raise SettingError(
                f"route {key.route!r} keeps {MOST_PROMISES} promises, and {key.alpha:g} would be one"
                f" more: use one of {listed}"
            )

    def _forget_unless_kept(self, applied: Sequence[Feedback], done: "Future[int]") -> None:
        """Let feedback that could not be kept be sent again: it must not pass for known."""
        if done.exception() is not None:
            with self._lock:
                for one in applied:
                    self._hearing.unhear(one)

    def _snapshot(self) -> Snapshot:
        """A snapshot and its name, with the lock held."""
        return name_of(self._menu.engine, self._menu.routes), kept(self._fold)


def _named(routes: Sequence[Route]) -> dict[str, Route]:
    """Routes by name."""
    named = {route.name: route for route in routes}
    if not named:
        raise SettingError("a router needs at least one route, got none")
    if len(named) < len(routes):
        raise SettingError(f"routes must differ, got {', '.join(one.name for one in routes)}")
    return named


def _sharing(store: Store | SharedStore) -> Sharing:
    if not isinstance(store, SharedStore):
        raise SettingError(f"{type(store).__name__} cannot be shared: use postgresql:")
    return Sharing(store)


def _done() -> "Future[int]":
    done: Future[int] = Future()
    done.set_result(0)
    return done
