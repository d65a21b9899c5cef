"""What a router knows, as a fold over events: the same code live, after a restart, and in a replay."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from messplus.core.account import Account
from messplus.core.adaptive import Adaptive
from messplus.core.sharing import Knowledge, inner, knowledge_of, lent, with_inner
from messplus.core.shielded import Shielded
from messplus.core.spread import Spread
from messplus.core.types import Bools, Decision, Draws, Floats, Policy, Request, Source, Verdict
from messplus.errors import SettingError
from messplus.priors import match, moving
from messplus.records import Decided, Feedback, Outcome
from messplus.router.case import Case, as_decided
from messplus.router.engine import Engine, Zoo, merged
from messplus.router.route import Key, Route
from messplus.stores.base import Story

REMEMBERED = 4096
"""Decisions that are kept in memory; older ones are looked up in the store."""


@dataclass(slots=True)
class Promise:
    """One promise and how it stands.

    Attributes:
        policy: Keeps it.
        state: What the policy carries; knowledge of models is lent to it for each step.
        requests: Decided so far.
        calls: How many of them each model was given.
    """

    policy: Policy[Any]
    state: Any
    requests: int = 0
    calls: dict[str, int] = field(default_factory=dict)


class Fold:
    """What is known of models, what is owed on promises, and decisions that may still hear something.

    Not thread-safe.
    """

    def __init__(
        self,
        engine: Engine,
        routes: Mapping[str, Route],
        look_up: Callable[[str], Story | None],
        *,
        remembered: int | None = None,
    ) -> None:
        """Begin, without a zoo: `enter` one first.

        Args:
            engine: Decides.
            routes: Promises by name.
            look_up: Finds decisions that are no longer in memory.
            remembered: Decisions that are kept in memory; None: `REMEMBERED`.
        """
        self.engine = engine
        self.routes = routes
        self.zoo = Zoo((), ())
        self.knowledge = Knowledge(None, None)
        self.promises: dict[Key, Promise] = {}
        self._look_up = look_up
        self._remembered = REMEMBERED if remembered is None else remembered
        self._cases: OrderedDict[str, Case] = OrderedDict()
        self._index: dict[str, int] = {}

    def check(self, engine: Engine, routes: Mapping[str, Route], zoo: Zoo) -> None:
        """Refuse what could not be served next; raises `SettingError`."""
        for route in routes.values():
            policy = _spread(route, engine.policy_of(zoo, route.alpha))
            if zoo.models != self.zoo.models:
                _adaptive(policy)

    def enter(self, zoo: Zoo) -> None:
        """Go on in another zoo, which has all models of this one, with what is known of them.

        Raises:
            SettingError: The policy cannot do that.
        """
        alpha = next(iter(self.routes.values())).alpha
        after = self.engine.policy_of(zoo, alpha)
        if not self.zoo.models:
            self.zoo, self._index = zoo, _places(zoo)
            self.knowledge = knowledge_of(after.init(*self._size))
            return
        places = match.places(self.zoo.models, zoo.models)
        before = self.engine.policy_of(self.zoo, alpha)
        self.knowledge = moving.knowledge(
            _adaptive(before), _adaptive(after), self.knowledge, places
        )
        self.zoo, self._index = zoo, _places(zoo)
        for key, promise in self.promises.items():
            promise.policy = self._policy(key)
            found = inner(promise.policy, lent(promise.state, self.knowledge))
            if found is None:
                raise _cannot_move(promise.policy)
            moved = moving.adaptive(found.policy, found.state, places)
            promise.state = with_inner(promise.state, moved)

    def change(self, engine: Engine, routes: Mapping[str, Route]) -> None:
        """Decide by other settings from now on; a changed zoo is entered with the next decision."""
        self.engine, self.routes = engine, routes
        for key, promise in self.promises.items():
            promise.policy = self._policy(key)

    def decide(self, key: Key, features: Floats, available: Bools, draws: Draws) -> Decision:
        """Choose for one request; `remember` it next."""
        promise = self.promise(key)
        request = Request(features=features, available=None if available.all() else available)
        decision, state = promise.policy.decide(lent(promise.state, self.knowledge), request, draws)
        self._take(promise, state)
        return decision

    def remember(self, decided: Decided) -> None:
        """Keep a decision, for what will be heard of it."""
        promise = self.promise(Key.of(decided))
        promise.requests = decided.t + 1
        promise.calls[decided.model] = promise.calls.get(decided.model, 0) + 1
        self._cases[decided.decision_id] = Case(decided, decided.model)
        if len(self._cases) > self._remembered:
            self._cases.popitem(last=False)

    def decided(self, event: Decided) -> bool:
        """Take a decision of the log again, in the zoo and at the prices of that time.

        Returns:
            Whether the policy decided the same. What the log says is what happened, in any case.
        """
        if event.models != self.zoo.models:
            price = dict(zip(event.models, event.cost.tolist(), strict=True))
            price |= dict(zip(*self.zoo, strict=True))
            self.enter(Zoo(event.models, tuple(price[model] for model in event.models)))
        key = Key.of(event)
        decision = self.decide(key, event.features, event.available, event.draws)
        model = self._index[event.model]
        same = decision.model == model
        promise = self.promise(key)
        if not same and isinstance(promise.policy, Adaptive | Shielded | Spread):
            known = lent(promise.state, self.knowledge)
            self._take(promise, promise.policy.redirected(known, decision, model)[1])
        self.remember(event)
        return same

    def witnessed(self, event: Decided) -> None:
        """Book a decision of the log that another router took, as it was taken.

        Raises:
            SettingError: Its policy cannot do that.
        """
        if not self._index.keys() >= set(event.models):
            prices = tuple(event.cost.tolist())
            self.enter(merged(self.zoo, Zoo(event.models, prices)))
        promise = self.promise(Key.of(event))
        decision, request = as_decided(Case(event, event.model), self.zoo.models, self._index)
        found = inner(promise.policy, lent(promise.state, self.knowledge))
        if found is None:
            raise _cannot_share(promise.policy)
        state = found.policy.witnessed(found.state, request, decision)
        self._take(promise, with_inner(promise.state, state))
        self.remember(event)

    def account(self, key: Key) -> Account:
        """What is owed on a promise.

        Raises:
            SettingError: Its policy keeps no such account.
        """
        promise = self.promise(key)
        found = inner(promise.policy, promise.state)
        if found is None:
            raise _cannot_share(promise.policy)
        return found.state.account

    def settle(self, key: Key, account: Account, requests: int) -> None:
        """Put a promise's account right: others have added to it."""
        promise = self.promise(key)
        found = inner(promise.policy, promise.state)
        assert found is not None  # `account` was asked before
        promise.state = with_inner(promise.state, replace(found.state, account=account))
        promise.requests = requests

    def case(self, decision_id: str) -> Case | None:
        """What is known of a decision; None if it is unknown."""
        if decision_id in self._cases:
            return self._cases[decision_id]
        story = self._look_up(decision_id)
        return Case.of(story) if story else None

    def remembers(self, decision_id: str) -> bool:
        """Whether a decision is in memory, so that `case` need not look it up."""
        return decision_id in self._cases

    def finished(self, case: Case, outcomes: Sequence[Outcome]) -> None:
        """Learn what models charged, and that a failed call satisfied nobody."""
        case.finish(outcomes)
        called = [self._index[one.model] for one in outcomes]
        decision, request = as_decided(case, self.zoo.models, self._index, called)
        cost = np.zeros(len(self.zoo.models))
        for m, one in zip(called, outcomes, strict=True):
            cost[m] += one.cost
        promise = self.promise(case.key)
        known = lent(promise.state, self.knowledge)
        self._take(promise, promise.policy.charge(known, request, decision, cost))
        answered = {self._index[one.model] for one in outcomes if not one.error}
        if failed := sorted(set(called) - answered):
            self._learn(case, failed, 0.0, "check")

    def heard(self, case: Case, feedback: Feedback) -> None:
        """Learn what somebody says of the delivered answer; a later word of a source replaces it."""
        case.heard[feedback.source] = feedback.value
        if case.delivered is not None:
            self._learn(case, [self._index[case.delivered]], feedback.value, feedback.source)

    def promise(self, key: Key) -> Promise:
        """A promise, which begins if it is new."""
        if key not in self.promises:
            self.promises[key] = self.peek(key)
        return self.promises[key]

    def peek(self, key: Key) -> Promise:
        """A promise to look at: a new one is not begun before its first request."""
        if key in self.promises:
            return self.promises[key]
        policy = self._policy(key)
        return Promise(policy, policy.init(*self._size))

    def forget(self, decision_id: str) -> None:
        """A decision that is in the store no longer."""
        self._cases.pop(decision_id, None)

    def resume(self, key: Key, state: object, requests: int, calls: dict[str, int]) -> None:
        """A promise as a snapshot has it."""
        self.promises[key] = Promise(self._policy(key), state, requests, calls)

    def begin(self, zoo: Zoo, knowledge: Knowledge) -> None:
        """What is known of models as a snapshot has it."""
        self.zoo, self._index, self.knowledge = zoo, _places(zoo), knowledge

    @property
    def _size(self) -> tuple[int, int]:
        """Models and features."""
        return len(self.zoo.models), self.engine.features.n_features

    def _learn(self, case: Case, models: Iterable[int], value: float, source: Source) -> None:
        decision, request = as_decided(case, self.zoo.models, self._index)
        observed = np.zeros(len(self.zoo.models), dtype=np.bool_)
        observed[list(models)] = True
        verdict = Verdict(np.where(observed, value, 0.0), observed, source)
        promise = self.promise(case.key)
        known = lent(promise.state, self.knowledge)
        self._take(promise, promise.policy.learn(known, request, decision, verdict))

    def _take(self, promise: Promise, state: Any) -> None:  # noqa: ANN401  # of any policy
        """What a step came to: the promise's own, and what all of them know."""
        promise.state, self.knowledge = state, knowledge_of(state)

    def _policy(self, key: Key) -> Policy[Any]:
        policy = self.engine.policy_of(self.zoo, key.alpha)
        route = self.routes.get(key.route)
        return policy if route is None else _spread(route, policy)


def _spread(route: Route, policy: Policy[Any]) -> Policy[Any]:
    """The policy, with the share of a route's requests that are drawn."""
    if not route.spread:
        return policy
    if not isinstance(policy, Adaptive | Shielded):
        raise SettingError(
            f"route {route.name!r} cannot spread requests: {type(policy).__name__} does not let"
            " anybody else choose; set spread=0"
        )
    return Spread(policy=policy, share=route.spread)


def _places(zoo: Zoo) -> dict[str, int]:
    return {model: m for m, model in enumerate(zoo.models)}


def _adaptive(policy: Policy[Any]) -> Adaptive[Any, Any]:
    """The adaptive policy inside of another."""
    while isinstance(policy, Spread | Shielded):
        policy = policy.policy
    if not isinstance(policy, Adaptive):
        raise _cannot_move(policy)
    return policy


def _cannot_share(policy: object) -> SettingError:
    return SettingError(
        f"{type(policy).__name__} cannot keep a promise together with others: use the adaptive policy"
    )


def _cannot_move(policy: object) -> SettingError:
    return SettingError(
        f"{type(policy).__name__} cannot go on in another zoo: use the adaptive policy, or give the"
        " changed zoo another store"
    )
