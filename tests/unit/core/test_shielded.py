"""The adaptive policy under a contract over windows."""

from dataclasses import dataclass

import numpy as np

from messplus.core.adaptive import Adaptive
from messplus.core.contract import Contract
from messplus.core.shielded import Shielded
from messplus.core.types import Belief, Bools, Draws, Floats, Request, Verdict
from messplus.costs import Known

DRAWS = Draws(0.5, 0.5)
COST = np.array([1.0, 3.0, 100.0])


@dataclass(frozen=True)
class Believes:
    """Believes the same of every request, and learns nothing."""

    level: tuple[float, ...]
    doubt: float = 0.01

    def init(self, n_models: int, n_features: int) -> None:
        """Nothing to remember."""

    def predict(self, state: None, x: Floats) -> Floats:
        return np.array(self.level)

    def believe(self, state: None, x: Floats) -> Belief:
        level = np.array(self.level)
        return Belief(level, level, np.full(len(level), self.doubt))

    def update(self, state: None, x: Floats, satisfied: Floats, observed: Bools) -> None:
        """Nothing to learn."""


def shielded(believes: Believes, window: int = 100) -> Shielded[None, None]:
    policy = Adaptive(alpha=0.7, predictor=believes, costs=Known())
    return Shielded(policy=policy, contract=Contract(window=window))


def violated(policy: Adaptive[None, None] | Shielded[None, None], true: Floats, n: int) -> float:
    """Share of windows of 100 that are broken where models satisfy as they truly do."""
    rng = np.random.default_rng(11)
    state, satisfied = policy.init(3, 1), np.zeros(n)
    for t in range(n):
        request = Request(features=np.zeros(1), cost=COST)
        decision, state = policy.decide(state, request, DRAWS)  # type: ignore[arg-type]
        satisfied[t] = rng.random() < true[decision.model]
        verdict = Verdict(np.full(3, satisfied[t]), decision.asked_mask)
        state = policy.learn(state, request, decision, verdict)  # type: ignore[arg-type]
    return float((satisfied.reshape(-1, 100).mean(axis=1) < 0.7).mean())


def test_windows_are_kept_where_a_safe_model_is_known() -> None:
    level = (0.6, 0.85, 0.99)
    contract = shielded(Believes(level))
    assert violated(contract, np.array(level), 20_000) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)
    assert violated(contract.policy, np.array(level), 20_000) > 0.2


def test_the_safe_model_is_the_cheapest_that_is_good_enough() -> None:
    policy = shielded(Believes((0.3, 0.9, 0.99)))
    state, models = policy.init(3, 1), set()
    for _ in range(100):
        request = Request(features=np.zeros(1), cost=COST)
        decision, state = policy.decide(state, request, DRAWS)
        if decision.shielded:
            models.add(decision.model)
            assert decision.asked == (decision.model,)
            assert not decision.explored
        state = policy.learn(state, request, decision, Verdict(np.zeros(3), decision.asked_mask))
        if state.window.need(0.7) > state.window.draws():
            break  # lost whatever comes
    assert models == {1}


def test_what_cannot_be_promised_is_said() -> None:
    hopeless = shielded(Believes((0.5, 0.6, 0.71)))
    request = Request(features=np.zeros(1), cost=COST)
    decision, state = hopeless.decide(hopeless.init(3, 1), request, DRAWS)
    assert not decision.shielded
    (warning,) = hopeless.warnings(state)
    assert "windows of 100 cannot be promised" in warning
    known = shielded(Believes((0.5, 0.6, 0.95)))
    assert known.warnings(known.decide(known.init(3, 1), request, DRAWS)[1]) == ()


def test_a_late_verdict_changes_the_window_that_is_open_and_no_other() -> None:
    policy = shielded(Believes((0.8, 0.9, 0.99)), window=3)
    request, state, taken = Request(features=np.zeros(1), cost=COST), policy.init(3, 1), []
    for _ in range(4):
        decision, state = policy.decide(state, request, DRAWS)
        taken.append(decision)
    before = state.window
    assert before.index == 1
    old = policy.learn(state, request, taken[0], Verdict(np.zeros(3), taken[0].asked_mask))
    assert old.window == before
    assert old.policy.debt > state.policy.debt
    new = policy.learn(old, request, taken[3], Verdict(np.zeros(3), taken[3].asked_mask))
    assert new.window != before
    assert new.window.debt > before.debt
