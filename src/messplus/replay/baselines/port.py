"""`port`: nearest-neighbour estimates and a price that is solved once.

PORT (Wu & Silwal, arXiv:2509.02718, algorithm 1): the score and cost of a request on each model are the
means over its nearest recorded requests; the first epsilon of what is served goes to random models, and on
the estimates for these the dual of the routing problem is solved, once; from then on a request goes to the
model that is best at those dual variables. Nothing else is learned.

What differs: theirs maximises score under one budget per model, with a dual variable each. Ours minimises
cost while the mean score is at least alpha, so there is one dual variable, the price of satisfaction: the
smallest one at which the estimates of the first requests reach alpha. Neighbours are exact, not approximate.
Theirs may also leave a request of the first ones without an answer; here each gets one.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from messplus.core.price import Window
from messplus.core.types import Decision, Draws, Floats, Request, Verdict
from messplus.errors import require_range
from messplus.replay.baselines.knn import Neighbours
from messplus.replay.baselines.priced import Forecaster
from messplus.replay.baselines.trained import TRAIN_SHARE, Past, Trained, train_requests
from messplus.replay.streams import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSettings:
    """`port`: see the module.

    Attributes:
        k: Neighbours, >= 1.
        epsilon: Share of the served requests on which the price is solved, in (0, 1).
        train_share: Share of the stream to be trained on, in (0, 1).
    """

    k: int = 100
    epsilon: float = 0.025
    train_share: float = TRAIN_SHARE

    def build(self, stream: Stream) -> Trained:
        """The router for one stream."""
        require_range("epsilon", self.epsilon, "in (0, 1)", ok=0.0 < self.epsilon < 1.0)
        recorded = train_requests(stream.n_requests, self.train_share)
        opening = math.ceil(self.epsilon * (stream.n_requests - recorded))
        course = OneShot(alpha=stream.alpha, opening=opening, neighbours=Neighbours(k=self.k))
        return Trained(requests=recorded, course=course)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneShot:
    """Makes the router of recorded requests; implements `trained.Course`.

    Attributes:
        alpha: The promise.
        opening: Requests on which the price is solved, >= 1.
        neighbours: Give the estimates.
    """

    alpha: float
    opening: int
    neighbours: Neighbours

    def graduate(self, past: Past, rng: np.random.Generator) -> "Port":
        """The router, with its price still to be solved."""
        forecaster = self.neighbours.fit(past, rng)
        return Port(alpha=self.alpha, opening=self.opening, forecaster=forecaster)


@dataclass(frozen=True, slots=True)
class PortState:
    """What the router carries.

    Attributes:
        estimates: Of the opening's requests.
        price: Of one satisfied request, in the zoo's unit; None while it is not solved.
    """

    estimates: Window
    price: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """Serves at random, solves the price, and serves by it.

    Attributes:
        alpha: The promise.
        opening: Requests on which the price is solved, >= 1.
        forecaster: Estimates score and cost.
    """

    alpha: float
    opening: int
    forecaster: Forecaster

    def init(self, n_models: int, n_features: int) -> PortState:
        """Nothing estimated yet."""
        return PortState(Window.empty(self.opening, n_models))

    def decide(
        self, state: PortState, request: Request, draws: Draws
    ) -> tuple[Decision, PortState]:
        """Any model in the opening, each as probable; later the cheapest at the price."""
        p_sat, cost = (row[0] for row in self.forecaster.forecast(request.features[None, :]))
        zoo = np.flatnonzero(request.can_be_asked(len(cost)))
        if state.estimates.seen < self.opening:
            model, propensity = int(zoo[int(draws.choose * len(zoo))]), 1.0 / len(zoo)
            state = replace(state, estimates=state.estimates.push(p_sat, cost))
        else:
            price = state.price
            if price is None:
                price = state.estimates.price(self.alpha, 0.0)
                state = replace(state, price=price)
            model, propensity = int(zoo[np.argmin((cost - price * p_sat)[zoo])]), 1.0
        decision = Decision(
            model=model,
            asked=(model,),
            explored=False,
            propensity=propensity,
            queue=0.0,
            p_sat=p_sat,
            cost=cost,
        )
        return decision, state

    def charge(
        self, state: PortState, request: Request, decision: Decision, cost: Floats
    ) -> PortState:
        """Nothing to learn."""
        return state

    def learn(
        self, state: PortState, request: Request, decision: Decision, verdict: Verdict
    ) -> PortState:
        """Nothing to learn."""
        return state
