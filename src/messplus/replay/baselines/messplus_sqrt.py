"""`messplus-sqrt`: MESS+ whose V grows with the square root of time.

Drift-plus-penalty with V_t = V_0 sqrt(t + 1) (Neely, arXiv:1412.0791; Kim & Lee, arXiv:2301.11267): cost and
violation both vanish like 1 / sqrt(t) without a horizon to be known, where a constant V stays off the
optimum by 1 / V. V_0 is relative to what the models' running mean costs differ by, so it has no unit.

All else is Algorithm 1 as in `messplus.core.messplus`, with the settings that need the least: it learns from
every served answer, and expects of each model its running mean cost. What differs from the papers: theirs
know the penalty of each action on arrival; here satisfaction is predicted and cost is estimated.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from messplus.core.messplus import MessPlus, State
from messplus.core.types import Decision, Draws, Floats, Request, Verdict
from messplus.costs import RunningMean
from messplus.costs.running import CostSums
from messplus.errors import require_range
from messplus.predictors import predictor_from_spec
from messplus.replay.streams import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class MessPlusSqrtSettings:
    """`messplus-sqrt`: see the module. The default V_0 is one choice for all data.

    Attributes:
        v0: V_0 times the spread of the models' mean costs, in requests, > 0.
        c: Exploration scale.
        predictor: Spec of the predictor; `;` stands for the comma in its own options.
    """

    v0: float = 0.1
    c: float = 0.01
    predictor: str = "logistic"

    def build(self, stream: Stream) -> "MessPlusSqrt":
        """The policy for one stream."""
        policy: MessPlus[Any, CostSums] = MessPlus(
            alpha=stream.alpha,
            v=self.v0,
            predictor=predictor_from_spec(self.predictor.replace(";", ",")),
            costs=RunningMean(),
            c=self.c,
            learn_from="served",
        )
        return MessPlusSqrt(policy=policy, v0=self.v0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessPlusSqrt:
    """Algorithm 1 with a V of its own for each request.

    Attributes:
        policy: Algorithm 1; its V is not used.
        v0: V_0 times the spread of the models' mean costs, in requests, > 0.
    """

    policy: MessPlus[Any, CostSums]
    v0: float

    def __post_init__(self) -> None:
        """Check the range; raises `SettingError`."""
        require_range("v0", self.v0, "positive and finite", ok=0.0 < self.v0 < np.inf)

    def v(self, state: State[Any, CostSums]) -> float:
        """V_t of the next request, in requests per unit of cost."""
        called = state.costs.calls > 0
        mean = state.costs.total[called] / state.costs.calls[called]
        spread = float(np.ptp(mean)) if called.any() else 0.0
        v = self.v0 * math.sqrt(state.t + 1)
        return v / spread if spread > 0 else v  # all cost the same: V decides nothing

    def init(self, n_models: int, n_features: int) -> State[Any, CostSums]:
        """As Algorithm 1."""
        return self.policy.init(n_models, n_features)

    def decide(
        self, state: State[Any, CostSums], request: Request, draws: Draws
    ) -> tuple[Decision, State[Any, CostSums]]:
        """As Algorithm 1, at this request's V."""
        return replace(self.policy, v=self.v(state)).decide(state, request, draws)

    def charge(
        self, state: State[Any, CostSums], request: Request, decision: Decision, cost: Floats
    ) -> State[Any, CostSums]:
        """As Algorithm 1."""
        return self.policy.charge(state, request, decision, cost)

    def learn(
        self, state: State[Any, CostSums], request: Request, decision: Decision, verdict: Verdict
    ) -> State[Any, CostSums]:
        """As Algorithm 1."""
        return self.policy.learn(state, request, decision, verdict)
