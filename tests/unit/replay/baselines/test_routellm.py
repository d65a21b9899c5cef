"""Two models, and who of them wins: the equations, the quantiles and a known answer."""

import numpy as np
import pytest
from tests.unit.replay.baselines.gradients import finite_differences

from messplus.core.types import Floats
from messplus.errors import SettingError
from messplus.predictors.logistic import sigmoid
from messplus.replay.baselines.routellm import Head, PairRouter, WinProbability
from messplus.replay.baselines.routellm_heads import (
    RIDGE,
    Battles,
    Factors,
    WinScore,
    classify,
    factorise,
    loss,
)
from messplus.replay.baselines.trained import Past
from messplus.replay.policies import policy_from_spec
from messplus.replay.run import replay
from messplus.replay.streams import Stream

both_heads = pytest.mark.parametrize("head", ["mf", "bert"])


def some_factors(rng: np.random.Generator) -> Factors:
    """Three models, four features, five factors."""
    return Factors(
        rng.normal(size=(3, 5)), rng.normal(size=(4, 5)), rng.normal(size=5), rng.normal(size=5)
    )


def test_one_model_against_another_is_the_difference_of_their_scores() -> None:
    rng = np.random.default_rng(0)
    factors, q = some_factors(rng), rng.normal(size=4)

    def delta(model: int) -> float:
        v = factors.models[model] / np.linalg.norm(factors.models[model])
        return float(factors.classifier @ (v * (factors.projection.T @ q + factors.shift)))

    score = factors.between(2, 0)
    assert score.log_odds(q[None, :])[0] == pytest.approx(delta(2) - delta(0))


def test_the_loss_is_the_cross_entropy_of_the_win_probability() -> None:
    rng = np.random.default_rng(1)
    factors, features = some_factors(rng), rng.normal(size=(3, 4))
    one, other, won = np.array([0, 2, 1]), np.array([1, 0, 2]), np.array([1.0, 0.5, 0.0])
    p = [
        float(sigmoid(factors.between(i, j).log_odds(features[t : t + 1]))[0])
        for t, (i, j) in enumerate(zip(one, other, strict=True))
    ]
    by_hand = -(np.log(p[0]) + 0.5 * np.log(p[1]) + 0.5 * np.log(1 - p[1]) + np.log(1 - p[2])) / 3
    assert loss(factors, Battles(features, one, other, won))[0] == pytest.approx(by_hand)


def test_the_gradient_is_that_of_the_loss() -> None:
    rng = np.random.default_rng(2)
    factors = some_factors(rng)
    one = rng.integers(3, size=20)
    battles = Battles(
        rng.normal(size=(20, 4)),
        one,
        (one + rng.integers(1, 3, 20)) % 3,
        rng.integers(3, size=20) / 2,
    )
    gradient = loss(factors, battles)[1]
    for name, array in factors._asdict().items():

        def of(value: Floats, name: str = name) -> float:
            return loss(factors._replace(**{name: value}), battles)[0]

        np.testing.assert_allclose(
            getattr(gradient, name), finite_differences(of, array), atol=1e-8
        )


def test_the_classifier_is_at_its_optimum() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(200, 3))
    wins = rng.random(200) < sigmoid(2.0 * x[:, 0] - 1.0)
    fit = classify(x, wins)
    left_over = wins - sigmoid(fit.log_odds(x))
    np.testing.assert_allclose(x.T @ left_over, RIDGE * fit.weight, atol=1e-8)
    assert left_over.sum() == pytest.approx(0.0, abs=0.05)  # the bias is next to free
    assert fit.weight[0] > 1.0


def test_a_model_that_always_wins_is_no_trouble() -> None:
    x = np.random.default_rng(4).normal(size=(50, 2))
    assert (sigmoid(classify(x, np.ones(50, dtype=bool)).log_odds(x)) > 0.95).all()


def test_the_knob_is_the_share_that_goes_to_the_strong_model() -> None:
    known = np.arange(99.0)
    router = PairRouter(1, 3, WinScore(np.ones(1), 0.0), known)
    shares = np.array([0.0, 0.25, 0.5, 1.0])
    chosen = router.choose(known[:, None], shares)
    np.testing.assert_array_equal((chosen == 3).sum(axis=0), [0, 25, 50, 99])
    assert (np.diff(chosen, axis=0)[:, 1:3] >= 0).all()  # the strong model has the likelier wins
    extremes = router.choose(np.array([[-5.0], [500.0]]), shares)
    np.testing.assert_array_equal(extremes, [[1, 1, 1, 3], [1, 3, 3, 3]])


def past_of(score: Floats, features: Floats) -> Past:
    cost = np.tile(np.arange(1.0, score.shape[1] + 1.0), (len(score), 1))
    return Past(features=features, score=score, cost=cost)


@both_heads
def test_a_request_that_both_satisfy_does_not_need_the_strong_model(head: Head) -> None:
    """In one half of the space both are right, in the other the strong model only."""
    rng = np.random.default_rng(5)
    side = rng.choice((-1.0, 1.0), 200)
    score = np.column_stack((side < 0, np.ones(200))).astype(float)
    trainer = WinProbability(head=head, weak=0, strong=1)
    router = trainer.train(past_of(score, side[:, None]), rng)
    easy, hard = sigmoid(router.score.log_odds(np.array([[-1.0], [1.0]])))
    assert hard > 0.9
    assert easy < 0.6  # a tie: half a win for the factorisation, none for the classifier


def test_other_pairs_teach_the_factorisation() -> None:
    """The routed pair never tells its models apart: only battles with a third model can."""
    rng = np.random.default_rng(6)
    side = rng.choice((-1.0, 1.0), 400)
    turn = (
        rng.random(400) < 0.5
    )  # all satisfied, or who can: then 0 beats 2 in one half of the space
    score = np.column_stack(
        (turn | (side < 0), turn | (side < 0), turn | (side > 0))
    ).astype(float)  # fmt: skip
    factors = factorise(past_of(score, side[:, None]), rng)
    same = factors.between(1, 0).log_odds(np.array([[-1.0], [1.0]]))
    apart = factors.between(2, 0).log_odds(np.array([[-1.0], [1.0]]))
    assert np.abs(same).max() < 0.3
    assert apart[0] < -0.7  # a tie in half of the cases: 1/4 is won, log-odds -1.1
    assert apart[1] > 0.7


@both_heads
def test_without_names_the_pair_is_the_cheapest_and_the_best(head: Head) -> None:
    rng = np.random.default_rng(7)
    score = (rng.random((100, 3)) < (0.2, 0.9, 0.5)).astype(float)
    past = past_of(score, rng.normal(size=(100, 2)))
    router = WinProbability(head=head, weak=0, strong=None).train(past, rng)
    assert (router.weak, router.strong) == (0, 1)


@both_heads
def test_where_the_cheapest_is_best_it_serves(head: Head) -> None:
    rng = np.random.default_rng(8)
    score = (rng.random((100, 2)) < (0.9, 0.3)).astype(float)
    past = past_of(score, rng.normal(size=(100, 2)))
    router = WinProbability(head=head, weak=0, strong=None).train(past, rng)
    assert not router.choose(past.features, np.array([0.0, 0.5, 1.0])).any()


def half_and_all(n: int = 3000, *, alpha: float) -> Stream:
    """The cheap model answers one half of the space, the best all, the dearest nothing."""
    side = np.random.default_rng(9).choice((-1.0, 1.0), n)
    return Stream(
        data="d", task="t", alpha=alpha, models=("cheap", "best", "dearest"), cost_unit="usd",
        score=np.column_stack((side < 0, np.ones(n), np.zeros(n))).astype(float),
        cost=np.tile((1.0, 10.0, 20.0), (n, 1)),
        features=np.column_stack((side, np.random.default_rng(10).normal(size=n))),
    )  # fmt: skip


@both_heads
def test_the_strong_model_gets_the_requests_that_need_it(head: Head) -> None:
    """80 % from a cheap model that is right on half needs 30 % of calls to the strong one."""
    stream = half_and_all(alpha=0.8)
    trace = replay(stream, policy_from_spec(f"routellm:head={head}")(stream), seed=0)
    served = slice(600, None)
    strong = trace.model[served] == 1
    assert not (trace.model[served] == 2).any()
    assert not strong[stream.features[trace.row[served], 0] < 0].any()
    # 2,400 requests: the share of the hard half, and the draw, each have sd .01.
    assert abs(trace.satisfied[served].mean() - 0.8) < 0.04
    assert abs(strong.mean() - 0.3) < 0.04


def test_a_promise_that_the_pair_cannot_keep_goes_to_the_strong_model() -> None:
    """The dearest satisfies nobody; with the cheap one as the strong one, .5 is all there is."""
    stream = half_and_all(n=400, alpha=0.9)
    spec = "routellm:weak=dearest,strong=cheap"
    trace = replay(stream, policy_from_spec(spec)(stream), seed=0)
    hard = stream.features[trace.row[80:], 0] > 0
    assert (trace.model[80:][~hard] == 0).all()
    assert set(trace.model[80:]) <= {0, 2}


@pytest.mark.parametrize("setting", ["weak", "strong"])
def test_a_model_that_is_not_in_the_zoo_is_refused(setting: str) -> None:
    with pytest.raises(SettingError, match="unknown model of d/t: 'bset'; did you mean 'best'"):
        policy_from_spec(f"routellm:{setting}=bset")(half_and_all(n=20, alpha=0.5))
