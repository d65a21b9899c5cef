"""A policy that gives a known share of the requests to models drawn evenly, so that the log can tell.

What another policy would have cost can only be read from a log in which every model had a chance. With n
models that can be asked and a share e,

    P(model) = e / n + (1 - e) [it is the policy's choice]

which is written down with the decision: exact, and never 0. It is paid for like everything else: what
the drawn model satisfies counts for the promise.
"""

from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

import numpy as np

from messplus.core.types import Decision, Draws, Floats, Policy, Request, Verdict
from messplus.errors import require_range

S = TypeVar("S")


class Redirectable(Policy[S], Protocol[S]):
    """A policy that lets somebody else have the last word on a decision."""

    def redirected(self, state: S, decision: Decision, model: int) -> tuple[Decision, S]:
        """The decision just taken, with another model; or as it is, where that must not be."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread(Generic[S]):
    """Draws the model of some requests evenly among those that can be asked.

    The draw `choose` serves twice: whether it is below the share, and, spread out over [0, 1) again,
    which model.

    Attributes:
        policy: Decides on the others. Must not use the draw `choose`.
        share: Of requests that are drawn, in [0, 1].
    """

    policy: Redirectable[S]
    share: float

    def __post_init__(self) -> None:
        """Check the range; raises `SettingError`."""
        require_range("spread", self.share, "in [0, 1]", ok=0.0 <= self.share <= 1.0)

    def init(self, n_models: int, n_features: int) -> S:
        """The policy's own state: there is nothing to add."""
        return self.policy.init(n_models, n_features)

    def decide(self, state: S, request: Request, draws: Draws) -> tuple[Decision, S]:
        """The policy's choice, or the one that is drawn."""
        decision, state = self.policy.decide(state, request, draws)
        if decision.shielded:
            return decision, state
        models = np.flatnonzero(request.can_be_asked(len(decision.cost)))
        each = self.share / len(models)
        if draws.choose < self.share:
            drawn = int(models[min(int(draws.choose / each), len(models) - 1)])
            if drawn != decision.model:
                decision, state = self.policy.redirected(state, decision, drawn)
                return replace(decision, explored=True, propensity=each), state
        propensity = min(each + (1.0 - self.share) * decision.propensity, 1.0)
        return replace(decision, propensity=propensity), state

    def redirected(self, state: S, decision: Decision, model: int) -> tuple[Decision, S]:
        """See the policy."""
        return self.policy.redirected(state, decision, model)

    def charge(self, state: S, request: Request, decision: Decision, cost: Floats) -> S:
        """See the policy."""
        return self.policy.charge(state, request, decision, cost)

    def learn(self, state: S, request: Request, decision: Decision, verdict: Verdict) -> S:
        """See the policy."""
        return self.policy.learn(state, request, decision, verdict)
