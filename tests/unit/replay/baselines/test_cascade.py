"""A cascade on outcomes where the right chain is known."""

import numpy as np
import pytest

from messplus.core.types import Chain, Draws, Floats, Request
from messplus.errors import SettingError
from messplus.replay.baselines.cascade import (
    Cascade,
    CascadeSettings,
    ChooseChains,
    SimulatedCheck,
)
from messplus.replay.baselines.trained import Past
from messplus.replay.policies import policy_from_spec
from messplus.replay.run import replay
from messplus.replay.streams import Stream


class Threshold:
    """A check that sees what an answer is worth."""

    cost = 0.25

    def score(self, satisfied: float, luck: float) -> float:
        return satisfied


def past(score: Floats, cost: tuple[float, ...]) -> Past:
    return Past(
        features=np.zeros((len(score), 1)), score=score, cost=np.tile(cost, (len(score), 1))
    )


@pytest.mark.parametrize(
    ("satisfied", "asked"),
    [([1, 0, 0], (0,)), ([0, 1, 0], (0, 1)), ([0, 0, 1], (0, 1, 2)), ([0, 0, 0], (0, 1, 2))],
)
def test_a_chain_ends_at_the_first_answer_that_passes(
    satisfied: list[float], asked: tuple[int, ...]
) -> None:
    chain = Chain(models=(0, 1, 2), least=0.5, check=Threshold())
    assert chain.asked(np.array(satisfied, dtype=float), np.zeros(3)) == asked


def test_every_model_and_every_check_is_charged() -> None:
    chain = Chain(models=(0, 2), least=0.5, check=Threshold())
    request = Request(features=np.zeros(1))
    cascade = Cascade(chain, chain, 1.0)
    decision, _ = cascade.decide(3, request, Draws(0.5, 0.5))
    assert (decision.model, decision.asked) == (0, (0,))

    passed = decision.carried_out(np.array([1.0, 0.0, 0.0]), np.zeros(3))
    assert (passed.model, passed.asked, passed.checks_cost) == (0, (0,), 0.25)
    rejected = decision.carried_out(np.array([0.0, 0.0, 0.0]), np.zeros(3))
    assert (rejected.model, rejected.asked, rejected.checks_cost) == (2, (0, 2), 0.25)

    alone = Chain(models=(1,), least=0.0, check=Threshold())
    decision, _ = Cascade(alone, alone, 1.0).decide(3, request, Draws(0.5, 0.5))
    assert decision.carried_out(np.zeros(3), np.zeros(3)).checks_cost == 0.0


def test_a_check_errs_as_often_as_it_is_said_to() -> None:
    check = CascadeSettings(sensitivity=0.8, false_accept=0.3)
    stream = Stream(
        data="d", task="t", alpha=0.5, models=("a", "b"), cost_unit="usd",
        score=np.zeros((20, 2)), cost=np.tile((2.0, 5.0), (20, 1)), features=np.zeros((20, 1)),
    )  # fmt: skip
    course = check.build(stream).course
    assert isinstance(course, ChooseChains)
    simulated = course.check
    assert simulated.cost == pytest.approx(0.5 * 2.0)
    # A uniform grid of luck is the whole distribution: rates to within a grid step.
    luck = (np.arange(20_000) + 0.5) / 20_000
    good = np.array([simulated.score(1.0, u) for u in luck.tolist()])
    bad = np.array([simulated.score(0.0, u) for u in luck.tolist()])
    least = float(np.quantile(bad, 0.7))
    assert (bad >= least).mean() == pytest.approx(0.3, abs=1e-3)
    assert (good >= least).mean() == pytest.approx(0.8, abs=1e-3)
    expected = simulated.accepts(np.array([0.0, 1.0, 0.0]), least)
    np.testing.assert_allclose(expected, [0.3, 0.8, 0.3], atol=1e-3)


def test_a_sharp_check_buys_the_best_of_both_at_the_price_of_the_cheap() -> None:
    """Cheap is right on half, dear on all: escalate exactly the failures, if the check knows them."""
    score = np.array([[1.0, 1.0], [0.0, 1.0]] * 50)
    course = ChooseChains(alpha=0.999, check=SimulatedCheck(separation=12.0, cost=0.0))
    cascade = course.graduate(past(score, (1.0, 10.0)), np.random.default_rng(0))
    parts = ((cascade.one, cascade.weight), (cascade.other, 1 - cascade.weight))
    (mostly,) = (chain for chain, share in parts if share > 0.99)
    assert mostly.models == (0, 1)
    assert 0.0 < mostly.least < 12.0


def test_a_blind_check_is_not_used() -> None:
    """A check that knows nothing only adds the cheap model's bill: the static mix is cheaper."""
    rng = np.random.default_rng(1)
    score = (rng.random((400, 2)) < (0.5, 0.9)).astype(float)
    course = ChooseChains(alpha=0.8, check=SimulatedCheck(separation=0.0, cost=0.1))
    cascade = course.graduate(past(score, (1.0, 4.0)), rng)
    assert {cascade.one.models, cascade.other.models} == {(0,), (1,)}
    means = score.mean(axis=0)
    assert cascade.weight * means[0] + (1 - cascade.weight) * means[1] == pytest.approx(0.8)


def test_out_of_reach_the_best_chain_serves() -> None:
    score = np.array([[0.0, 1.0], [0.0, 0.0]] * 20)
    course = ChooseChains(alpha=0.9, check=SimulatedCheck(separation=1.0, cost=0.0))
    cascade = course.graduate(past(score, (1.0, 4.0)), np.random.default_rng(0))
    assert cascade.one == cascade.other
    assert cascade.one.models == (1,)


def test_replayed_it_keeps_its_promise_at_the_expected_cost() -> None:
    n = 4000
    rng = np.random.default_rng(3)
    stream = Stream(
        data="d", task="t", alpha=0.8, models=("small", "large"), cost_unit="usd",
        score=(rng.random((n, 2)) < (0.6, 0.9)).astype(float), cost=np.tile((1.0, 20.0), (n, 1)),
        features=np.zeros((n, 1)),
    )  # fmt: skip
    policy = policy_from_spec("cascade:sensitivity=0.9,false_accept=0.2,check_cost=0")(stream)
    trace = replay(stream, policy, seed=1)
    served = slice(800, None)
    # The training split's 800 outcomes and the rest's 3,200 each err by under .015 (one sd).
    assert abs(trace.satisfied[served].mean() - 0.8) < 0.05
    # Every second request and more ends at the small model; the static mix pays 1/3 * 1 + 2/3 * 20.
    assert trace.cost[served].mean() < 0.8 * (1 + 2 * 20) / 3


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("cascade:sensitivity=1", r"sensitivity must be in \(0, 1\), got 1.0"),
        ("cascade:false_accept=0.95", r"false_accept must be in \(0, sensitivity\], got 0.95"),
        ("cascade:check_cost=-1", "check_cost must be at least 0 and finite, got -1.0"),
        ("cascade:train_share=0", r"train_share must be in \(0, 1\), got 0.0"),
    ],
)
def test_a_bad_setting_is_refused(spec: str, message: str) -> None:
    stream = Stream(
        data="d", task="t", alpha=0.8, models=("a", "b"), cost_unit="usd",
        score=np.zeros((20, 2)), cost=np.ones((20, 2)), features=np.zeros((20, 1)),
    )  # fmt: skip
    with pytest.raises(SettingError, match=message):
        policy_from_spec(spec)(stream)
