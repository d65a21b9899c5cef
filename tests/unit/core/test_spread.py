"""Spread: a share of the requests goes to models drawn evenly, and the log says how likely each was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messplus.core.adaptive import Adaptive
from messplus.core.contract import Contract
from messplus.core.shielded import Shielded
from messplus.core.spread import Spread
from messplus.core.types import Draws, Request, Verdict
from messplus.costs import LogLinear
from messplus.errors import SettingError
from messplus.predictors.experts import mixture

M = 4
ADAPTIVE = Adaptive(
    alpha=0.8, predictor=mixture(0.8), costs=LogLinear(list_price=(1.0, 2.0, 4.0, 8.0))
)
X = np.zeros(3)


def request(available: list[bool]) -> Request:
    return Request(features=X, available=np.array(available))


@given(
    share=st.floats(0.0, 1.0),
    available=st.lists(st.booleans(), min_size=M, max_size=M).filter(any),
)
def test_propensities_are_the_measure_of_the_draws(share: float, available: list[bool]) -> None:
    spread = Spread(policy=ADAPTIVE, share=share)
    grid = (np.arange(4000) + 0.5) / 4000
    state = spread.init(M, len(X))
    own = ADAPTIVE.decide(ADAPTIVE.init(M, len(X)), request(available), Draws(0.5, 0.5))[0].model
    chosen = np.zeros(M)
    told: dict[int, float] = {}
    # Every decision from the same state: `decide` writes into its ring only.
    for u in grid[:: 4 if share in (0.0, 1.0) else 2]:
        decision, _ = spread.decide(state, request(available), Draws(0.5, float(u)))
        chosen[decision.model] += 1
        assert told.setdefault(decision.model, decision.propensity) == decision.propensity
        assert decision.explored == (decision.model != own)
        assert available[decision.model]
    chosen /= chosen.sum()
    for model, propensity in told.items():
        assert propensity == pytest.approx(chosen[model], abs=2e-3)
    n = sum(available)
    for model in range(M):
        expected = available[model] * share / n + (1 - share) * (model == own)
        assert chosen[model] == pytest.approx(expected, abs=2e-3)


def test_the_account_counts_the_drawn_model() -> None:
    spread = Spread(policy=ADAPTIVE, share=1.0)
    decision, state = spread.decide(spread.init(M, len(X)), request([True] * M), Draws(0.5, 0.99))
    assert (decision.model, decision.asked) == (3, (3,))
    assert state.account.believed == pytest.approx(decision.p_sat[3])
    observed = np.arange(M) == 3
    state = spread.learn(state, request([True] * M), decision, Verdict(np.ones(M), observed))
    assert state.account.believed == 1.0


def test_a_window_in_danger_is_not_spread() -> None:
    policy = Shielded(policy=ADAPTIVE, contract=Contract(window=20, delta=0.01))
    spread, plain = Spread(policy=policy, share=1.0), 0
    state = spread.init(M, len(X))
    for k in range(60):
        decision, state = spread.decide(state, request([True] * M), Draws(0.5, (k % 10) / 10))
        if decision.shielded:
            assert not decision.explored
        else:
            plain += 1
        observed = np.arange(M) == decision.model
        verdict = Verdict(np.full(M, float(decision.model == M - 1)), observed)
        state = spread.learn(state, request([True] * M), decision, verdict)
        assert state.window.left == 20 - 1 - k % 20
    assert 0 < plain < 60


def test_a_share_out_of_range_is_an_error() -> None:
    with pytest.raises(SettingError, match="spread must be in"):
        Spread(policy=ADAPTIVE, share=1.1)
