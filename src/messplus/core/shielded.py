"""The adaptive policy under a contract: its average over the stream, and windows at a stated risk.

The policy decides as ever; where the window could not be made any more if it failed, the cheapest model
that is surely good enough answers instead (contract.py). Until one is known to be, the one most likely
to be answers in its place: that finds out, but is no guarantee yet. If none can be good enough the
policy is left to itself, and says so.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Generic, TypeVar

import numpy as np

from messplus.core.adaptive import Adaptive, AdaptiveState
from messplus.core.contract import Contract, WindowAccount, must_be_safe
from messplus.core.safe import Safe, bound, safe_model
from messplus.core.types import Bools, Decision, Draws, Floats, Request, Verdict

P = TypeVar("P")
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class ShieldedState(Generic[P, C]):
    """What the policy carries, and the window that is open.

    Attributes:
        policy: State of the policy.
        window: Account of the open window.
        known: Whether a safe model was known for the latest request.
    """

    policy: AdaptiveState[P, C]
    window: WindowAccount
    known: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shielded(Generic[P, C]):
    """`Adaptive` that also keeps tumbling windows.

    Attributes:
        policy: Decides, unless the window is in danger.
        contract: What is promised of windows.
    """

    policy: Adaptive[P, C]
    contract: Contract

    def init(self, n_models: int, n_features: int) -> ShieldedState[P, C]:
        """A new stream, and its first window."""
        return ShieldedState(self.policy.init(n_models, n_features), self.contract.open())

    def decide(
        self, state: ShieldedState[P, C], request: Request, draws: Draws
    ) -> tuple[Decision, ShieldedState[P, C]]:
        """The policy's choice, or the safe model."""
        window, alpha = state.window, self.policy.alpha
        if window.left == 0:
            window = self.contract.open(window.index + 1)
        decision, policy = self.policy.decide(state.policy, request, draws)
        safe = self._safe(policy, request, decision)
        if safe and must_be_safe(window, alpha, safe.rate, self.contract.delta):
            decision, policy = self.policy.redirected(policy, decision, safe.model)
            decision = replace(decision, shielded=True)
            window = window.guarded(safe.rate)
        else:
            window = window.served(alpha, float(decision.p_sat[decision.model]))
        return decision, ShieldedState(policy, window, safe is not None and safe.known)

    def charge(
        self, state: ShieldedState[P, C], request: Request, decision: Decision, cost: Floats
    ) -> ShieldedState[P, C]:
        """Learn what the asked model cost."""
        return replace(state, policy=self.policy.charge(state.policy, request, decision, cost))

    def learn(
        self, state: ShieldedState[P, C], request: Request, decision: Decision, verdict: Verdict
    ) -> ShieldedState[P, C]:
        """Enter the verdict into the policy's account, and into the window's if that is still open.

        A window takes users and judges at their word.
        """
        account, t = state.policy.account, decision.t
        before = account.counted(t)
        policy = self.policy.learn(state.policy, request, decision, verdict)
        after = policy.account.counted(t)
        window = state.window
        if before is None or after is None or t // self.contract.window != window.index:
            return replace(state, policy=policy)
        if not decision.shielded:
            window = window.corrected(before, after)
        elif verdict.observed[decision.model] and before == decision.p_sat[decision.model]:
            window = window.judged(self.policy.alpha, after)  # its first verdict
        return replace(state, policy=policy, window=window)

    def redirected(
        self, state: ShieldedState[P, C], decision: Decision, model: int
    ) -> tuple[Decision, ShieldedState[P, C]]:
        """The decision just taken, with another model; as it is where the window needs the safe one."""
        if decision.shielded:
            return decision, state
        before, after = float(decision.p_sat[decision.model]), float(decision.p_sat[model])
        decision, policy = self.policy.redirected(state.policy, decision, model)
        return decision, replace(state, policy=policy, window=state.window.corrected(before, after))

    def believed(self, state: ShieldedState[P, C]) -> float:
        """See `Adaptive`."""
        return self.policy.believed(state.policy)

    def warnings(
        self, state: ShieldedState[P, C], available: Bools | None = None
    ) -> tuple[str, ...]:
        """See `Adaptive`; and whether windows can be promised."""
        found = self.policy.warnings(state.policy, available)
        if state.policy.belief is None or state.known:
            return found
        needed = _rate_needed(self.contract, self.policy.alpha)
        windows = (
            f"windows of {self.contract.window} cannot be promised: no model is known to satisfy"
            f" {needed:.3f}, as it takes; lengthen the windows, lower alpha or raise the risk"
        )
        return (*found, windows)

    def _safe(
        self, policy: AdaptiveState[P, C], request: Request, decision: Decision
    ) -> Safe | None:
        """The model to fall back on for this request; None if none can be good enough."""
        assert policy.belief is not None  # just decided
        _, level, doubt = policy.belief
        alpha, needed = self.policy.alpha, _rate_needed(self.contract, self.policy.alpha)
        cost = np.where(request.can_be_asked(len(decision.cost)), decision.cost, np.inf)
        safe = safe_model(level, doubt, cost, alpha, needed - alpha, CONFIDENCE)
        if safe.known:
            return safe
        cost = np.where(bound(level, doubt, CONFIDENCE) >= needed, cost, np.inf)
        if not np.isfinite(cost).any():
            return None
        likely = safe_model(level, doubt, cost, alpha, needed - alpha, -HOPE)
        return Safe(likely.model, needed, known=False)  # if it is good enough, then just so


CONFIDENCE = 1.64
"""Standard deviations by which a model is known to be good enough: right 19 times in 20."""

HOPE = 0.5
"""Standard deviations in a model's favour while none is known: a dear one is no better known."""


@lru_cache(maxsize=256)
def _rate_needed(contract: Contract, alpha: float) -> float:
    """`Contract.rate_needed`, which takes some hundred microseconds."""
    return contract.rate_needed(alpha)
