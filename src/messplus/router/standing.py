"""Where a promise stands: what is owed, what is known of its models, and whether it can be kept."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from messplus.core.adaptive import Adaptive, AdaptiveState
from messplus.core.sharing import inner, lent
from messplus.core.shielded import Shielded
from messplus.core.spread import Spread
from messplus.core.types import Belief, Bools, Floats
from messplus.router.fold import Fold, Promise
from messplus.router.route import Key

Feasible = Literal["yes", "unclear", "no"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStanding:
    """What is known of one model of a route.

    Attributes:
        model: Its name.
        level: Mean satisfaction expected of it, in [0, 1].
        doubt: Standard deviation of that, in log-odds, >= 0.
        cost: Expected of a request, mean over the promise's latest ones, in the unit of cost.
        share: Of the promise's requests that were given to it, in [0, 1].
    """

    model: str
    level: float
    doubt: float
    cost: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reachable:
    """The best that the zoo can do.

    Attributes:
        model: That is expected to satisfy most.
        satisfaction: What is expected of it, in [0, 1].
        cost: Expected of a request, in the unit of cost.
    """

    model: str
    satisfaction: float
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one promise stands.

    Attributes:
        route: Name of its route.
        alpha: Promised share of satisfied requests.
        requests: Decided so far.
        queue: Satisfied requests owed, >= 0.
        debt: The same with its sign: negative when ahead.
        believed: Mean satisfaction so far, as far as verdicts tell; None before the first request.
        price: Of one more satisfied request, as solved from predictions, in the unit of cost.
        warnings: What stands against the promise, in sentences for people.
        models: Those that can be asked, in ascending list price. Of a model that has just joined
            nothing is told until the next request.
        feasible: Whether some model alone would keep the promise: `yes` beyond doubt, `no` beyond
            doubt, or `unclear`.
        reachable: The best there is, where that is not enough; else None.
    """

    route: str
    alpha: float
    requests: int
    queue: float
    debt: float
    believed: float | None
    price: float
    warnings: tuple[str, ...]
    models: tuple[ModelStanding, ...]
    feasible: Feasible
    reachable: Reachable | None


def standings(fold: Fold, keys: Sequence[Key], served: Sequence[str]) -> list[Standing]:
    """How promises stand; what is known of models is looked up once for all.

    Args:
        fold: What is known.
        keys: Which promises.
        served: Models of the zoo that can be asked at all.
    """
    levels: Belief | None = None
    told = []
    for key in keys:
        promise = fold.peek(key)
        found = inner(promise.policy, lent(promise.state, fold.knowledge))
        if found is None:
            told.append(_bare(key, promise))
            continue
        if levels is None:
            x = np.zeros(fold.engine.features.n_features)
            levels = found.policy.predictor.believe(found.state.predictor, x)
        can = _askable(fold, key, served)
        told.append(_standing(fold, key, promise, found.policy, found.state, levels, can))
    return told


def _standing(
    fold: Fold,
    key: Key,
    promise: Promise,
    policy: Adaptive[object, object],
    state: AdaptiveState[object, object],
    levels: Belief,
    can: Bools,
) -> Standing:
    cost = _latest_cost(fold, state)
    total = max(promise.requests, 1)
    models = tuple(
        ModelStanding(
            model=fold.zoo.models[m],
            level=float(levels.level[m]),
            doubt=float(levels.doubt[m]),
            cost=float(cost[m]),
            share=promise.calls.get(fold.zoo.models[m], 0) / total,
        )
        for m in np.flatnonzero(can).tolist()
    )
    feasible: Feasible = "unclear"
    if can.any():
        reach = policy.reach(levels.level[can], levels.doubt[can])
        feasible = "unclear" if reach == "doubtful" else reach
    best = max(models, key=lambda one: one.level) if feasible == "no" else None
    believed = policy.believed(state)
    return Standing(
        route=key.route,
        alpha=key.alpha,
        requests=promise.requests,
        queue=max(0.0, state.debt),
        debt=state.debt,
        believed=None if math.isnan(believed) else believed,
        price=state.price,
        warnings=_warnings(promise, can) if can.any() else (),
        models=models,
        feasible=feasible,
        reachable=Reachable(model=best.model, satisfaction=best.level, cost=best.cost)
        if best
        else None,
    )


def _warnings(promise: Promise, can: Bools) -> tuple[str, ...]:
    policy = promise.policy.policy if isinstance(promise.policy, Spread) else promise.policy
    return policy.warnings(promise.state, can) if isinstance(policy, Adaptive | Shielded) else ()


def _bare(key: Key, promise: Promise) -> Standing:
    """Of a policy that tells nothing of itself."""
    return Standing(
        route=key.route,
        alpha=key.alpha,
        requests=promise.requests,
        queue=0.0,
        debt=0.0,
        believed=None,
        price=0.0,
        warnings=(),
        models=(),
        feasible="unclear",
        reachable=None,
    )


def _askable(fold: Fold, key: Key, served: Sequence[str]) -> Bools:
    """Which models of the zoo a promise may ask, shape (M,)."""
    route = fold.routes.get(key.route)
    names = set(served)
    if route is not None and route.models is not None:
        names &= set(route.models)
    return np.array([model in names for model in fold.zoo.models], dtype=np.bool_)


def _latest_cost(fold: Fold, state: AdaptiveState[object, object]) -> Floats:
    """Expected cost of each model, mean over the latest requests, shape (M,)."""
    window = state.window
    if not window.seen:
        return np.array(fold.zoo.prices)
    return np.asarray(window.cost[: min(window.seen, len(window.cost))].mean(axis=0))
