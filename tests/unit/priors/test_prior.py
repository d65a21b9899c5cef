"""Matching a prior to another zoo, and what is refused."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from tests.unit.priors.zoo import MODELS, D, learned, started, world

from messplus.core.types import Floats, Request
from messplus.errors import DataError, SettingError
from messplus.predictors.hierarchical import Hierarchical
from messplus.priors import Prior, Start, fit, loosen, match
from messplus.priors.doubted import Doubted


@pytest.fixture(scope="module")
def prior() -> Prior:
    return learned(world(300))


def warm(start: Start, x: Floats) -> Floats:
    """What the prior alone predicts, without the cold twin."""
    assert isinstance(start.predictor, Doubted)
    return start.predictor.warm.predict(start.predictor.start, x)


def bills(start: Start, n_models: int, x: Floats) -> Floats:
    return start.costs.predict(start.costs.init(n_models, D), Request(features=x))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_another_order_permutes_predictions(prior: Prior, order: tuple[int, ...]) -> None:
    other = started(prior, tuple(MODELS[i] for i in order))
    for x in world(4, seed=2).features:
        np.testing.assert_allclose(warm(other, x), warm(started(prior), x)[list(order)])
        np.testing.assert_allclose(bills(other, 3, x), bills(started(prior), 3, x)[list(order)])


def test_a_model_that_is_not_served_is_left_out(prior: Prior) -> None:
    for x in world(4, seed=2).features:
        np.testing.assert_allclose(
            warm(started(prior, ("small", "large")), x), warm(started(prior), x)[[0, 2]]
        )


@pytest.mark.parametrize("place", range(4))
def test_a_new_model_leaves_the_others_unchanged(prior: Prior, place: int) -> None:
    models = (*MODELS[:place], "new", *MODELS[place:])
    known = [i for i in range(4) if i != place]
    for x in world(4, seed=2).features:
        np.testing.assert_allclose(warm(started(prior, models), x)[known], warm(started(prior), x))
    assert bills(started(prior, models), 4, np.zeros(D))[place] == pytest.approx(1e-3)


def test_what_a_new_model_is_expected_to_be_is_the_exact_conditional() -> None:
    """Against learning with the new model there from the start, and never judged."""
    settings = Hierarchical(tilt=0.0, walk=0.0)
    joint, apart = settings.init(3, D), settings.init(2, D)
    data = world(40)
    for x, score in zip(data.features, data.score, strict=True):
        joint = settings.update(joint, x, score, np.array([True, False, True]))
        apart = settings.update(apart, x, score[[0, 2]], np.array([True, True]))
    matched = match.levels(settings, apart, np.array([0, -1, 1]))
    np.testing.assert_allclose(matched.mean, joint.mean, atol=1e-9)
    np.testing.assert_allclose(matched.covariance, joint.covariance, atol=1e-9)


def test_loosening_keeps_means_and_never_adds_evidence(prior: Prior) -> None:
    settings = Hierarchical()
    looser = loosen.levels(settings, prior.shared, 10_000)
    np.testing.assert_array_equal(looser.mean, prior.shared.mean)
    gained = looser.covariance - prior.shared.covariance
    assert np.linalg.eigvalsh(gained).min() > -1e-9


def test_starting_changes_nothing_in_the_prior(prior: Prior) -> None:
    before = prior.shared.covariance.copy(), prior.bills.weights.copy()
    start, x = started(prior), np.ones(D)
    first = warm(start, x)
    state = start.predictor.init(3, D)
    everyone = np.ones(3, dtype=np.bool_)
    for _ in range(5):
        state = start.predictor.update(state, x, np.zeros(3), everyone)
    np.testing.assert_array_equal(warm(start, x), first)
    np.testing.assert_array_equal(prior.shared.covariance, before[0])
    np.testing.assert_array_equal(prior.bills.weights, before[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"models": ("gpt", "claude", "llama")}, r"none of the models gpt, claude, llama"),
        ({"cost_unit": "joule"}, "costs are in 'usd', these in 'joule'"),
        ({"encoding": "other"}, r"4 features \(test\), the requests have 4 \(other\)"),
        ({"n_features": 9}, "the requests have 9"),
    ],
)
def test_what_does_not_fit_is_an_error(
    prior: Prior, change: dict[str, object], message: str
) -> None:
    given: dict[str, object] = {
        "models": MODELS, "cost_unit": "usd", "encoding": "test", "n_features": D, "alpha": 0.7,
    }  # fmt: skip
    with pytest.raises(SettingError, match=message):
        prior.start(**(given | change))  # type: ignore[arg-type]


def test_fit_refuses_what_does_not_belong_together() -> None:
    data = world(10)
    with pytest.raises(DataError, match="at least 1 request"):
        learned(world(0))
    with pytest.raises(DataError, match="do not belong together"):
        learned(data, ("one", "two"))
    with pytest.raises(DataError, match="do not belong together"):
        learned(replace(data, features=data.features[:5]))


def test_fit_keeps_the_latest_requests_and_counts_its_steps() -> None:
    data, steps = world(230), list[tuple[int, int]]()
    prior = fit(
        data.features, data.score, data.cost,
        models=MODELS, cost_unit="usd", encoding="test",
        on_step=lambda done, total: steps.append((done, total)),
    )  # fmt: skip
    np.testing.assert_array_equal(prior.sample, data.features[30:])
    assert steps[-1] == (230, 230)
    np.testing.assert_allclose(prior.satisfaction, data.score.mean(axis=0))
