"""MESS+: send each request to the cheapest model that keeps a satisfaction promise.

Algorithm 1 of Woisetschläger et al., arXiv:2505.19947 (NeurIPS 2025), as published. Symbols, and
their names here:

    alpha      alpha             promised long-run share of satisfied requests   1, in (0, 1]
    V          v                 weight of cost against the promise              requests / cost
    c          c                 exploration scale                               1, >= 0
    t          state.t           requests decided so far                         requests
    Q_t        state.queue       virtual queue: satisfaction owed                requests
    p_t        probability(c, t) probability of exploring                        1
    s_hat_m,t  p_sat[m]          predicted P(model m satisfies request t)        1
    E_m,t      cost[m]           expected cost of model m on request t           J, USD, ...

V has the unit of 1 / cost: the published values (1e-6 to 1e-2) belong to joules.

Where the paper is silent, contradicts itself or differs from the authors' code, there is a named
option whose default is the paper's main text; docs/explanation/paper-and-code.md has the list.
"""

from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar, get_args

import numpy as np

from messplus.core.exploration import probability
from messplus.core.queue import QueueStep, step
from messplus.core.types import (
    CostEstimate,
    Decision,
    Draws,
    Floats,
    Predictor,
    Request,
    Verdict,
)
from messplus.errors import require_range, unknown

P = TypeVar("P")
C = TypeVar("C")

Deliver = Literal["largest", "best"]
LearnFrom = Literal["explored", "served"]
Silence = Literal["freeze", "predicted"]


@dataclass(frozen=True, slots=True)
class State(Generic[P, C]):
    """Everything that Algorithm 1 carries from one request to the next."""

    predictor: P
    costs: C
    t: int = 0
    queue: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MessPlus(Generic[P, C]):
    """Algorithm 1 with its settings, which stay fixed for the life of a router.

    Attributes:
        alpha: Promised share of satisfied requests, in (0, 1].
        v: Weight V of cost against the promise, > 0, in requests per unit of cost.
        predictor: Gives s_hat; learns on explored requests.
        costs: Gives E_{m,t}: known on arrival (the paper) or estimated (the authors' code).
        c: Scale of the exploration schedule, >= 0.
        explore_first: Always explore the first request (line 3), whatever its draw.
        deliver: The answer that the user gets when exploring: the `largest` model's (section 2.3
            and the authors' code) or the `best` one seen (line 10).
        learn_from: Train the predictor on `explored` requests only (line 7), or on every
            `served` answer that got a verdict.
        silence: What a request without a verdict does to the queue: `freeze` leaves it as it
            is (the authors' code); `predicted` counts s_hat at once and corrects it if the
            verdict comes after all.
    """

    alpha: float
    v: float
    predictor: Predictor[P]
    costs: CostEstimate[C]
    c: float = 0.1
    explore_first: bool = True
    deliver: Deliver = "largest"
    learn_from: LearnFrom = "explored"
    silence: Silence = "freeze"

    def __post_init__(self) -> None:
        """Check ranges and options; raises `SettingError`."""
        require_range("alpha", self.alpha, "in (0, 1]", ok=0.0 < self.alpha <= 1.0)
        require_range("v", self.v, "positive and finite", ok=0.0 < self.v < np.inf)
        require_range("c", self.c, "at least 0 and finite", ok=0.0 <= self.c < np.inf)
        for option, kind in (("deliver", Deliver), ("learn_from", LearnFrom), ("silence", Silence)):
            if getattr(self, option) not in get_args(kind):
                raise unknown(option, getattr(self, option), get_args(kind))

    def init(self, n_models: int, n_features: int) -> State[P, C]:
        """Line 1: nothing owed, Q_1 = 0, and an untrained predictor."""
        return State(
            self.predictor.init(n_models, n_features), self.costs.init(n_models, n_features)
        )

    def decide(
        self, state: State[P, C], request: Request, draws: Draws
    ) -> tuple[Decision, State[P, C]]:
        """Lines 2 to 12: explore with probability p_t, else minimise V E + Q (alpha - s_hat)."""
        t = state.t + 1
        p_t = 1.0 if t == 1 and self.explore_first else probability(self.c, t)
        p_sat = self.predictor.predict(state.predictor, request.features)
        cost = self.costs.predict(state.costs, request)
        zoo = np.flatnonzero(request.can_be_asked(len(cost)))
        largest = int(zoo[-1])

        score = drift_plus_penalty(self.v, state.queue, self.alpha, p_sat, cost)
        exploit = int(zoo[np.argmin(score[zoo])])
        explored = draws.explore < p_t
        model = largest if explored else exploit

        decision = Decision(
            model=model,
            asked=tuple(zoo.tolist()) if explored else (exploit,),
            explored=explored,
            propensity=p_t * (model == largest) + (1.0 - p_t) * (model == exploit),
            queue=state.queue,
            p_sat=p_sat,
            cost=cost,
            deliver_best=self.deliver == "best",
        )
        queue = state.queue
        if self.silence == "predicted":
            queue = step(self.alpha, float(p_sat[model]))(queue)
        return decision, replace(state, t=t, queue=queue)

    def charge(
        self, state: State[P, C], request: Request, decision: Decision, cost: Floats
    ) -> State[P, C]:
        """Learn what the asked models cost."""
        costs = self.costs.update(state.costs, request, cost, decision.asked_mask)
        return replace(state, costs=costs)

    def learn(
        self,
        state: State[P, C],
        request: Request,
        decision: Decision,
        verdict: Verdict,
    ) -> State[P, C]:
        """Lines 8 and 13: one step of the predictor if explored, and the queue of equation (2)."""
        satisfied, observed, _ = verdict
        predictor = state.predictor
        if decision.explored or self.learn_from == "served":
            predictor = self.predictor.update(predictor, request.features, satisfied, observed)

        delivered = decision.delivered(np.where(observed, satisfied, -np.inf))
        if not observed[delivered]:  # verdicts on other answers only: the promise is about this one
            return replace(state, predictor=predictor)
        owed = self.alpha - float(satisfied[delivered])
        if self.silence == "predicted":
            owed = self._correction(decision, owed)
        return replace(state, predictor=predictor, queue=QueueStep(owed)(state.queue))

    def _correction(self, decision: Decision, owed: float) -> float:
        """What a verdict adds to the queue once `decide` has counted the prediction.

        The difference of the two, less what an empty queue forgave of a good prediction: that was
        never credited, so it is not taken back. A verdict at once gives equation (2) exactly.
        """
        counted = self.alpha - float(decision.p_sat[decision.model])
        forgiven = max(0.0, -(decision.queue + counted))
        change = owed - counted
        return min(change, max(0.0, change - forgiven))


def drift_plus_penalty(v: float, queue: float, alpha: float, p_sat: Floats, cost: Floats) -> Floats:
    """V E_m + Q (alpha - s_hat_m) for each model, shape (M,): what equation (3) minimises.

    With nothing owed (Q = 0) the cheapest model wins whatever is predicted; as the debt grows, or V
    shrinks, satisfaction weighs more. Q / V is the price of one satisfied request.
    """
    return v * cost + queue * (alpha - p_sat)
