"""The contrastive losses by hand, and their gradients by finite differences."""

import numpy as np
import pytest
from tests.unit.replay.baselines.gradients import finite_differences

from messplus.replay.baselines.contrastive import (
    Company,
    company,
    sample_llm,
    sample_sample,
    unit,
)


def test_sample_llm_by_hand() -> None:
    similarity = np.array([[0.5, 0.1, -0.3], [0.2, 0.4, 0.6]])
    positive = np.array([[True, True, False], [False, False, False]])
    negative = np.array([[False, False, True], [True, True, True]])
    e = np.exp(similarity[0])
    by_hand = -np.log(e[0] / (e[0] + e[2])) - np.log(e[1] / (e[1] + e[2]))
    # Nothing is to be near in the second request: it adds 0 to a mean over two.
    assert sample_llm(similarity, positive, negative).loss == pytest.approx(by_hand / 2)


def test_sample_sample_by_hand() -> None:
    similarity = np.array([[1.0, 0.2, 0.3], [0.2, 1.0, 0.9], [0.3, 0.9, 1.0]])
    chosen = Company(np.array([[1, 2], [0, 2], [1, 0]]), np.array([True, True, False]))
    first = -np.log(np.exp(0.2) / (np.exp(0.2) + np.exp(0.3)))
    second = -np.log(np.exp(0.2) / (np.exp(0.2) + np.exp(0.9)))
    assert sample_sample(similarity, chosen).loss == pytest.approx((first + second) / 3)


def test_the_gradients_are_those_of_the_losses() -> None:
    rng = np.random.default_rng(0)
    similarity = rng.uniform(-1.0, 1.0, (6, 4))
    positive = rng.random((6, 4)) < 0.4
    negative = ~positive & (rng.random((6, 4)) < 0.6)
    np.testing.assert_allclose(
        sample_llm(similarity, positive, negative).gradient,
        finite_differences(lambda s: sample_llm(s, positive, negative).loss, similarity),
        atol=1e-8,
    )
    square = rng.uniform(-1.0, 1.0, (6, 6))
    chosen = company(np.array([0, 0, 0, 1, 1, 2]), 2, rng)
    np.testing.assert_allclose(
        sample_sample(square, chosen).gradient,
        finite_differences(lambda s: sample_sample(s, chosen).loss, square),
        atol=1e-8,
    )


def test_the_gradient_goes_back_through_the_norm() -> None:
    rng = np.random.default_rng(1)
    rows, along = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    np.testing.assert_allclose(np.linalg.norm(unit(rows).rows, axis=1), 1.0)
    np.testing.assert_allclose(
        unit(rows).back(along),
        finite_differences(lambda r: float((unit(r).rows * along).sum()), rows),
        atol=1e-8,
    )
    assert (unit(np.zeros((1, 4))).rows == 0.0).all()


def test_company_is_one_of_the_own_cluster_and_others_of_others() -> None:
    cluster = np.array([0, 0, 0, 1, 1, 2, 2, 2])
    met = set()
    for seed in range(100):
        others, counted = company(cluster, 3, np.random.default_rng(seed))
        assert counted.all()
        for request, (partner, *strangers) in enumerate(others.tolist()):
            assert partner != request
            assert cluster[partner] == cluster[request]
            assert len(set(strangers)) == 3
            assert (cluster[strangers] != cluster[request]).all()
            met |= {(request, stranger) for stranger in strangers}
    assert len(met) == 3 * 5 + 2 * 6 + 3 * 5  # everybody meets every stranger


def test_without_company_a_request_is_not_counted() -> None:
    alone = company(np.array([0, 0, 0, 1]), 2, np.random.default_rng(0))
    # the first three know one stranger, and the last nobody of its own
    np.testing.assert_array_equal(alone.counted, [False, False, False, False])
    assert sample_sample(np.eye(4), alone).loss == 0.0
    assert not sample_sample(np.eye(4), alone).gradient.any()
    pairs = company(np.array([0, 0, 1, 1]), 2, np.random.default_rng(0))
    assert pairs.counted.all()
