"""`running-mix`: the cheapest mix of running means, blind to the request.

The online twin of the static mix (`messplus.replay.references.cheapest_mix`): what can be had without
looking at requests. Each model has a running mean of its satisfaction and of its cost, the former with an
upper confidence bound so that each gets tried (as UCB1, Auer et al. 2002, but without its log t); a request
is drawn from the cheapest mix of them that reaches the target

    alpha + debt / horizon        debt = sum of alpha - s over the verdicts so far

so that what is owed is paid back over about `horizon` requests, and what is over is spent. Not from a paper
of its own: it is a bandit with one knapsack (Badanidiyuru et al., arXiv:1305.2545, the primal form of
optimism that re-solves each time: Agrawal & Devanur, arXiv:1402.5758), with the constraint re-solved for
what is left.
"""

from dataclasses import dataclass, replace

import numpy as np

from messplus.core.types import Decision, Draws, Floats, Request, Verdict
from messplus.costs import RunningMean as MeanCost
from messplus.costs.running import CostSums
from messplus.errors import require_range
from messplus.predictors.mean import RunningMean, VerdictSums
from messplus.replay.baselines.pacer import listed
from messplus.replay.references import Mix, cheapest_mix
from messplus.replay.streams import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningMixSettings:
    """`running-mix`: see the module. The defaults are one choice for all data.

    Attributes:
        width: See RunningMix; so for the following.
        horizon: See RunningMix.
        most: See RunningMix.
    """

    width: float = 0.75
    horizon: float = 200.0
    most: float = 0.1

    def build(self, stream: Stream) -> "RunningMix":
        """The policy for one stream."""
        return RunningMix(
            alpha=stream.alpha,
            costs=listed(stream),
            width=self.width,
            horizon=self.horizon,
            most=self.most,
        )


@dataclass(frozen=True, slots=True)
class MixState:
    """Everything that the policy carries from one request to the next.

    Attributes:
        satisfaction: Running means.
        costs: Running means.
        debt: Satisfied requests owed, or, below 0, delivered beyond the promise.
    """

    satisfaction: VerdictSums
    costs: CostSums
    debt: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningMix:
    """Draws from the cheapest mix of running means.

    Attributes:
        alpha: The promise, which is also the first guess of any satisfaction, worth one verdict.
        costs: Expects what each model charges.
        width: Half-width of the confidence bound for one verdict, >= 0; falls with its root.
        horizon: Requests over which a debt is paid back, > 0.
        most: How far the target may be from alpha, >= 0.
    """

    alpha: float
    costs: MeanCost
    width: float
    horizon: float
    most: float

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        require_range("width", self.width, "at least 0 and finite", ok=0 <= self.width < np.inf)
        require_range("horizon", self.horizon, "positive", ok=self.horizon > 0)
        require_range("most", self.most, "at least 0", ok=self.most >= 0)

    @property
    def _mean(self) -> RunningMean:
        return RunningMean(prior=self.alpha, strength=1.0)

    def init(self, n_models: int, n_features: int) -> MixState:
        """Nothing known."""
        return MixState(
            self._mean.init(n_models, n_features), self.costs.init(n_models, n_features)
        )

    def mix(self, state: MixState, p_sat: Floats, cost: Floats) -> Mix:
        """What the next request is drawn from, of models with these means, both (m,)."""
        correction = min(max(state.debt / self.horizon, -self.most), self.most)
        best = int(np.argmax(p_sat))
        mix = cheapest_mix(cost, p_sat, self.alpha + correction)
        return mix or Mix(best, best, 1.0, float(cost[best]), float(p_sat[best]))

    def decide(self, state: MixState, request: Request, draws: Draws) -> tuple[Decision, MixState]:
        """One of the two models of the mix, by the draw."""
        p_sat = self._mean.predict(state.satisfaction, request.features)
        cost = self.costs.predict(state.costs, request)
        zoo = np.flatnonzero(request.can_be_asked(len(cost)))
        hope = p_sat + self.width / np.sqrt(1.0 + state.satisfaction.verdicts)
        mix = self.mix(state, hope[zoo], cost[zoo])
        first, second = int(zoo[mix.first]), int(zoo[mix.second])
        model = first if draws.choose < mix.weight else second
        chance = mix.weight * (model == first) + (1.0 - mix.weight) * (model == second)
        decision = Decision(
            model=model,
            asked=(model,),
            explored=False,
            propensity=chance,
            queue=max(state.debt, 0.0),
            p_sat=p_sat,
            cost=cost,
        )
        return decision, state

    def charge(
        self, state: MixState, request: Request, decision: Decision, cost: Floats
    ) -> MixState:
        """Add the bill to the model's mean."""
        costs = self.costs.update(state.costs, request, cost, decision.asked_mask)
        return replace(state, costs=costs)

    def learn(
        self, state: MixState, request: Request, decision: Decision, verdict: Verdict
    ) -> MixState:
        """Add the verdict to the model's mean, and to the debt if it is about the delivered answer."""
        satisfied, observed, _ = verdict
        means = self._mean.update(state.satisfaction, request.features, satisfied, observed)
        debt = state.debt
        if observed[decision.model]:
            debt += self.alpha - float(satisfied[decision.model])
        return replace(state, satisfaction=means, debt=debt)
