"""Online routers that pay for satisfaction by a price, and pace that price.

ParetoBandit (Taberner-Miller, arXiv:2604.00136) has a budget to keep and paces what quality is charged
for cost: a primal-dual step on smoothed spending. Here the roles are swapped, as the promise is about
satisfaction:

    gap <- gap + smoothing * (alpha - s - gap)      price <- clip(price + step * gap, 0, most)
    model = argmax over m of price * hope_m - cost_m / reference

A learner gives hope_m: an upper confidence bound, or samples of the posterior. cost_m is the running
mean of what the model charged, which starts from its list price. The
reference, which makes the price a number without a unit, is what the running means differ by; relative
to the mean bill or the median model, none of the steps tried kept the promises of all zoos as well.
"""

from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

import numpy as np

from messplus.core.types import Decision, Draws, Floats, Predictor, Request, Verdict
from messplus.costs import RunningMean
from messplus.costs.running import CostSums
from messplus.errors import require_range
from messplus.replay.streams import Stream

S = TypeVar("S")


class Learner(Predictor[S], Protocol[S]):
    """A predictor that also says how good each model may be."""

    def hope(self, state: S, x: Floats, rng: np.random.Generator) -> Floats:
        """Optimistic or sampled satisfaction, shape (n, M): the first row decides.

        More rows are what other luck would have drawn: they tell how probable the choice was.
        """
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """Where the pacer stands.

    Attributes:
        price: Of one satisfied request, in references, >= 0.
        gap: Smoothed shortfall of satisfaction below alpha, in [-1, 1].
    """

    price: float
    gap: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacer:
    """The dual step.

    Attributes:
        alpha: The promise.
        first: Price at the start, >= 0.
        step: What a gap of 1 adds to the price per verdict, > 0.
        smoothing: Weight of the newest verdict in the gap, in (0, 1].
        most: Highest price, > 0.
    """

    alpha: float
    first: float
    step: float
    smoothing: float
    most: float

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        require_range("first", self.first, "at least 0 and finite", ok=0 <= self.first < np.inf)
        require_range("step", self.step, "positive and finite", ok=0 < self.step < np.inf)
        require_range("smoothing", self.smoothing, "in (0, 1]", ok=0 < self.smoothing <= 1)
        require_range("most", self.most, "positive and finite", ok=0 < self.most < np.inf)

    def init(self) -> Pace:
        """The price at the start."""
        return Pace(min(self.first, self.most))

    def update(self, pace: Pace, satisfied: float) -> Pace:
        """One verdict on a delivered answer."""
        gap = pace.gap + self.smoothing * (self.alpha - satisfied - pace.gap)
        return Pace(min(max(pace.price + self.step * gap, 0.0), self.most), gap)


@dataclass(frozen=True, slots=True)
class PacedState(Generic[S]):
    """Everything that the policy carries from one request to the next."""

    learner: S
    costs: CostSums
    pace: Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Paced(Generic[S]):
    """Chooses by hope, cost and a paced price; learns from every answer that gets a verdict.

    Attributes:
        learner: Says how good each model may be.
        pacer: Sets the price of satisfaction.
        costs: Expects what each model charges.
    """

    learner: Learner[S]
    pacer: Pacer
    costs: RunningMean

    def init(self, n_models: int, n_features: int) -> PacedState[S]:
        """Nothing learned."""
        costs = self.costs.init(n_models, n_features)
        return PacedState(self.learner.init(n_models, n_features), costs, self.pacer.init())

    def decide(
        self, state: PacedState[S], request: Request, draws: Draws
    ) -> tuple[Decision, PacedState[S]]:
        """The model whose hope, at the price, most exceeds its cost; ties go to the cheaper."""
        cost = self.costs.predict(state.costs, request)
        zoo = np.flatnonzero(request.can_be_asked(len(cost)))
        rng = np.random.default_rng(int(draws.choose * 2**53))
        hope = self.learner.hope(state.learner, request.features, rng)
        net = state.pace.price * hope - cost / _reference(state.costs)
        chosen = zoo[np.argmax(net[:, zoo], axis=1)]
        model = int(chosen[0])
        decision = Decision(
            model=model,
            asked=(model,),
            explored=False,
            propensity=float((chosen == model).mean()),
            queue=0.0,
            p_sat=self.learner.predict(state.learner, request.features),
            cost=cost,
        )
        return decision, state

    def charge(
        self, state: PacedState[S], request: Request, decision: Decision, cost: Floats
    ) -> PacedState[S]:
        """Add the bill to the model's mean."""
        costs = self.costs.update(state.costs, request, cost, decision.asked_mask)
        return replace(state, costs=costs)

    def learn(
        self, state: PacedState[S], request: Request, decision: Decision, verdict: Verdict
    ) -> PacedState[S]:
        """One step of the learner, and one of the pacer if the delivered answer was judged."""
        satisfied, observed, _ = verdict
        learner = self.learner.update(state.learner, request.features, satisfied, observed)
        pace = state.pace
        if observed[decision.model]:
            pace = self.pacer.update(pace, float(satisfied[decision.model]))
        return replace(state, learner=learner, pace=pace)


def listed(stream: Stream) -> RunningMean:
    """Costs that start from list prices: each model's mean recorded cost, as for `adaptive`."""
    return RunningMean(tuple(stream.cost.mean(axis=0).tolist()))


def _reference(costs: CostSums) -> float:
    """By how much the mean costs of the models called so far differ; 1 if they do not."""
    called = costs.calls > 0
    if not called.any():
        return 1.0
    return float(np.ptp(costs.total[called] / costs.calls[called])) or 1.0
