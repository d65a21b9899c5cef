"""Requests and models in one space: what is contrasted, and who is nearest."""

import numpy as np
import pytest
from tests.unit.replay.baselines.gradients import finite_differences

from messplus.core.types import Floats
from messplus.errors import SettingError
from messplus.replay.baselines.contrastive import Company, unit
from messplus.replay.baselines.routerdc import Nearest
from messplus.replay.baselines.routerdc_embeddings import (
    Batch,
    DualContrast,
    Similarity,
    Weights,
    clusters,
    contrasts,
    loss,
)
from messplus.replay.baselines.trained import Past
from messplus.replay.policies import policy_from_spec
from messplus.replay.run import replay
from messplus.replay.streams import Stream


def test_the_gradient_is_that_of_both_losses() -> None:
    rng = np.random.default_rng(0)
    weights = Weights(rng.normal(size=(4, 5)), rng.normal(size=5), rng.normal(size=(3, 5)))
    score = (rng.random((6, 3)) < 0.5).astype(float)
    others = np.array([(row + np.arange(1, 4)) % 6 for row in range(6)])
    counted = np.array([True] * 5 + [False])
    batch = Batch(rng.normal(size=(6, 4)), *contrasts(score, rng), Company(others, counted))
    gradient = loss(weights, batch, 0.7)[1]
    for name, array in weights._asdict().items():

        def of(value: Floats, name: str = name) -> float:
            return loss(weights._replace(**{name: value}), batch, 0.7)[0]

        np.testing.assert_allclose(
            getattr(gradient, name), finite_differences(of, array), atol=1e-8
        )


def test_the_best_that_satisfy_are_set_against_the_worst_that_do_not() -> None:
    score = np.array([[0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1], [1.0] * 8, [0.0] * 8])
    positive, negative = contrasts(score, np.random.default_rng(0))
    np.testing.assert_array_equal(np.flatnonzero(positive[0]), [0, 1, 2])
    np.testing.assert_array_equal(np.flatnonzero(negative[0]), [5, 6, 7])
    assert (positive[1].sum(), negative[1].sum()) == (3, 0)
    assert (positive[2].sum(), negative[2].sum()) == (0, 3)


def test_equals_are_ranked_by_lot() -> None:
    positive, _ = contrasts(np.ones((2000, 6)), np.random.default_rng(1))
    # 3 of 6: one half each; four standard errors of 2,000 are .045.
    assert np.abs(positive.mean(axis=0) - 0.5).max() < 0.045


def past_of(score: Floats, features: Floats) -> Past:
    cost = np.tile(np.arange(1.0, score.shape[1] + 1.0), (len(score), 1))
    return Past(features=features, score=score, cost=cost)


def three_places(n: int, rng: np.random.Generator) -> tuple[Floats, np.ndarray]:
    """Three clouds in the plane, and which of them each request is in."""
    place = rng.integers(3, size=n)
    angle = place * 2.0 * np.pi / 3.0
    centre = np.column_stack((np.cos(angle), np.sin(angle)))
    return centre + rng.normal(scale=0.15, size=(n, 2)), place


def test_each_model_gets_its_own_place() -> None:
    rng = np.random.default_rng(2)
    features, place = three_places(300, rng)
    owner = np.array([2, 0, 1])[place]
    past = past_of(np.eye(3)[owner], features)
    router = Nearest(DualContrast(sample_weight=0.1)).train(past, rng)
    fresh, place = three_places(300, rng)
    chosen = router.choose(fresh, np.array([0.0, 1.0]))
    right = chosen[:, 0] == np.array([2, 0, 1])[place]
    assert right.mean() > 0.98
    np.testing.assert_array_equal(chosen[:, 0], chosen[:, 1])


def test_as_published_it_is_blind_to_cost() -> None:
    rng = np.random.default_rng(3)
    features, place = three_places(200, rng)
    past = past_of(np.eye(3)[place], features)
    dearer = Past(features=past.features, score=past.score, cost=past.cost[:, ::-1] ** 3)
    trainer = Nearest(DualContrast(sample_weight=0.1))
    one, two = (trainer.train(p, np.random.default_rng(4)) for p in (past, dearer))
    knob = np.zeros(1)
    np.testing.assert_array_equal(one.choose(features, knob), two.choose(features, knob))


def test_the_sample_loss_draws_clusters_together() -> None:
    rng = np.random.default_rng(5)
    features = rng.normal(size=(200, 8))
    past = past_of((rng.random((200, 2)) < 0.5).astype(float), features)

    cluster = clusters(features, np.random.default_rng(6))
    same = cluster[:, None] == cluster[None, :]

    def apart(weight: float) -> float:
        fit = DualContrast(sample_weight=weight).fit(past, np.random.default_rng(6))
        rows = unit(features @ fit.projection + fit.shift).rows
        alike = rows @ rows.T
        return float(alike[same].mean() - alike[~same].mean())

    assert apart(1.0) > apart(0.0) + 0.3


def test_cost_is_the_mean_and_satisfaction_the_softmax() -> None:
    known = Similarity(np.eye(2), np.zeros(2), np.eye(2), np.array([3.0, 8.0]))
    p_sat, cost = known.forecast(np.array([[0.0, 5.0], [2.0, 2.0]]))
    np.testing.assert_allclose(p_sat, [[1 / (1 + np.e), np.e / (1 + np.e)], [0.5, 0.5]])
    np.testing.assert_array_equal(cost, [[3.0, 8.0], [3.0, 8.0]])


def test_requests_that_are_all_alike_are_one_cluster() -> None:
    rng = np.random.default_rng(7)
    past = past_of((rng.random((60, 2)) < (0.1, 0.9)).astype(float), np.ones((60, 3)))
    router = Nearest(DualContrast(sample_weight=1.0)).train(past, rng)
    assert (router.choose(np.ones((1, 3)), np.zeros(1)) == 1).all()


def test_priced_it_reaches_the_promise_where_it_is_cheap() -> None:
    """Cheap and dear each know half of the space, the cheap one gets 60 % of the requests."""
    rng = np.random.default_rng(8)
    n = 2000
    side = rng.choice((-1.0, 1.0), n, p=(0.6, 0.4))
    stream = Stream(
        data="d", task="t", alpha=0.8, models=("cheap", "dear"), cost_unit="usd",
        score=np.column_stack((side < 0, side > 0)).astype(float),
        cost=np.tile((1.0, 10.0), (n, 1)),
        features=np.column_stack((side, rng.normal(scale=0.3, size=n))),
    )  # fmt: skip
    served = slice(400, None)
    as_published, priced = (
        replay(stream, policy_from_spec(spec)(stream), seed=0)
        for spec in ("routerdc", "routerdc:priced=yes")
    )
    assert as_published.satisfied[served].mean() > 0.98  # more than was promised, at any cost
    # 1,600 requests: the halves, and the draw, each have sd .012.
    assert abs(priced.satisfied[served].mean() - 0.8) < 0.04
    assert abs((priced.model[served] == 1).mean() - 0.2) < 0.04


def test_a_weight_below_zero_is_refused() -> None:
    with pytest.raises(
        SettingError, match=r"sample_weight must be at least 0 and finite, got -1.0"
    ):
        DualContrast(sample_weight=-1.0)
