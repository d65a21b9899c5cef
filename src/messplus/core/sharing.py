"""Many promises over one body of knowledge: what was learned of models is lent to each in turn.

A policy's state holds what it learned of the models, which is the same whatever is promised, and what it
owes, which is each promise's own. So before a step on a promise the common knowledge is put in, and
afterwards it is taken out again. (Predictors and cost estimates use up the state that they are given.)
"""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from messplus.core.adaptive import Adaptive, AdaptiveState
from messplus.core.shielded import Shielded, ShieldedState
from messplus.core.spread import Spread


class Knowledge(NamedTuple):
    """What was learned of the models.

    Attributes:
        predictor: State of the predictor.
        costs: State of the cost estimate.
    """

    predictor: Any
    costs: Any


NOT_LENT = Knowledge(None, None)
"""What a state holds in place of knowledge while nothing is lent to it."""


def lent(state: Any, knowledge: Knowledge) -> Any:  # noqa: ANN401  # the state of any policy
    """The state of a policy with this knowledge in it."""
    if isinstance(state, ShieldedState):
        return replace(state, policy=lent(state.policy, knowledge))
    if state.predictor is knowledge.predictor and state.costs is knowledge.costs:
        return state  # this promise was the last that learned
    return replace(state, predictor=knowledge.predictor, costs=knowledge.costs)


def knowledge_of(state: Any) -> Knowledge:  # noqa: ANN401  # the state of any policy
    """What the state of a policy knows of the models."""
    inner = state.policy if isinstance(state, ShieldedState) else state
    return Knowledge(inner.predictor, inner.costs)


@dataclass(frozen=True, slots=True)
class Inner:
    """An adaptive policy that is inside of another one, and its state."""

    policy: Adaptive[Any, Any]
    state: AdaptiveState[Any, Any]


def inner(policy: object, state: object) -> Inner | None:
    """The adaptive policy under a spread and a contract; None if it is another one."""
    if isinstance(policy, Spread):
        return inner(policy.policy, state)
    if isinstance(policy, Shielded) and isinstance(state, ShieldedState):
        return inner(policy.policy, state.policy)
    if isinstance(policy, Adaptive) and isinstance(state, AdaptiveState):
        return Inner(policy, state)
    return None


def with_inner(state: Any, adaptive: AdaptiveState[Any, Any]) -> Any:  # noqa: ANN401  # likewise
    """The same state around another one of the adaptive policy."""
    return replace(state, policy=adaptive) if isinstance(state, ShieldedState) else adaptive
