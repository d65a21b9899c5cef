"""A zoo of three models whose predictions are given, and what the tests of the core ask of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from messplus.core.messplus import Deliver, LearnFrom, MessPlus, Silence, State
from messplus.core.types import Bools, Decision, Draws, Floats, Request
from messplus.costs import Known

P_SAT = (0.5, 0.7, 0.95)
COST = (1.0, 3.0, 8.0)

EXPLORE = Draws(explore=0.0, choose=0.0)
EXPLOIT = Draws(explore=0.999999, choose=0.0)

Updates = list[tuple[Floats, Bools]]
Zoo = MessPlus[Updates, None]


@dataclass(frozen=True, slots=True)
class Scripted:
    """Predicts the features of the request; its state is the list of what it was taught."""

    def init(self, n_models: int, n_features: int) -> Updates:
        return []

    def predict(self, state: Updates, x: Floats) -> Floats:
        return x

    def update(self, state: Updates, x: Floats, satisfied: Floats, observed: Bools) -> Updates:
        return [*state, (satisfied, observed)]


def zoo(
    *,
    alpha: float = 0.9,
    v: float = 1.0,
    c: float = 0.1,
    explore_first: bool = True,
    deliver: Deliver = "largest",
    learn_from: LearnFrom = "explored",
    silence: Silence = "freeze",
) -> Zoo:
    """MESS+ with scripted predictions and known costs."""
    return MessPlus(
        alpha=alpha,
        v=v,
        c=c,
        explore_first=explore_first,
        deliver=deliver,
        learn_from=learn_from,
        silence=silence,
        predictor=Scripted(),
        costs=Known(),
    )


def at(queue: float, t: int = 1) -> State[Updates, None]:
    """A state after `t` requests that owes `queue`."""
    return State([], None, t=t, queue=queue)


def request(p_sat: Sequence[float] = P_SAT, cost: Sequence[float] = COST) -> Request:
    return Request(features=np.array(p_sat), cost=np.array(cost))


def all_of(decision: Decision) -> Bools:
    """Verdicts on every model that was asked."""
    observed = np.zeros(len(decision.p_sat), dtype=np.bool_)
    observed[list(decision.asked)] = True
    return observed
