"""A right prior is kept, a wrong one is dropped: seeded, with wide bounds."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.priors.zoo import World, learned, started, world

from messplus.core.types import Floats
from messplus.priors import Start
from messplus.priors.doubted import SHIFTS, TRUST, Doubted, DoubtedState


def after(start: Start, data: World, n: int) -> DoubtedState:
    """The state after n requests on which every model was judged."""
    state: DoubtedState = start.predictor.init(3, 4)
    for x, score in zip(data.features[:n], data.score[:n], strict=True):
        state = start.predictor.update(state, x, score, np.ones(3, dtype=np.bool_))
    return state


def predicted(start: Start, state: DoubtedState, data: World) -> Floats:
    each = [start.predictor.predict(state, x) for x in data.features]
    return np.asarray(np.mean(each, axis=0))


def test_before_any_verdict_the_prior_has_its_trust() -> None:
    start = started(learned(world(300)))
    assert after(start, world(1), 0).trust == pytest.approx(TRUST)


def test_a_right_prior_is_kept_and_is_right_at_once() -> None:
    start, data = started(learned(world(400))), world(600, seed=1)
    assert abs(predicted(start, after(start, data, 0), data) - data.score.mean(axis=0)).max() < 0.08
    for n in (10, 40, 150):
        assert after(start, data, n).trust > 0.5


def reversed_columns(data: World) -> World:
    return replace(data, score=data.score[:, ::-1])


def flipped(data: World) -> World:
    return replace(data, score=1.0 - data.score)


@pytest.mark.parametrize("spoil", [reversed_columns, flipped])
@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_prior_is_unlearned_within_tens_of_verdicts(
    spoil: Callable[[World], World], seed: int
) -> None:
    start, data = started(learned(spoil(world(400)))), world(600, seed=10 + seed)
    truth = data.score[60:].mean(axis=0)
    rest = World(data.features[60:], data.score[60:], data.cost[60:])
    assert abs(predicted(start, after(start, data, 0), rest) - truth).mean() > 0.2
    state = after(start, data, 60)
    assert state.trust < 0.05
    found = predicted(start, state, rest)
    assert abs(found - truth).mean() < 0.15
    assert isinstance(start.predictor, Doubted)
    cold = np.mean([start.predictor.cold.predict(state.cold, x) for x in rest.features], axis=0)
    np.testing.assert_allclose(found, cold, atol=0.03)


def test_a_prior_that_is_refuted_is_dropped_for_good() -> None:
    data = world(200, seed=21)
    start = started(learned(flipped(world(400))))
    assert isinstance(start.predictor, Doubted)
    state = after(start, data, 200)
    assert (state.warm, state.trust) == (None, 0.0)
    cold = start.predictor.cold.init(3, 4)
    for x, score in zip(data.features, data.score, strict=True):
        cold = start.predictor.cold.update(cold, x, score, np.ones(3, dtype=np.bool_))
    x = np.ones(4)
    np.testing.assert_array_equal(
        start.predictor.predict(state, x), start.predictor.cold.predict(cold, x)
    )
    for ours, theirs in zip(
        start.predictor.believe(state, x), start.predictor.cold.believe(cold, x), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_trust_is_the_bayes_rule_of_the_module() -> None:
    """Against likelihoods multiplied one by one."""
    start, data = started(learned(world(300))), world(15, seed=24)
    assert isinstance(start.predictor, Doubted)
    both, state = start.predictor, start.predictor.init(3, 4)
    cold_over_warm, shifted = 1.0, np.ones((3, len(SHIFTS)))
    for x, score in zip(data.features, data.score, strict=True):
        assert state.warm is not None
        cold, warm = both.cold.predict(state.cold, x), both.warm.predict(state.warm, x)
        prior = both.warm.predict(both.start, x)
        for m, s in enumerate(score):
            cold_over_warm *= chance(cold[m], s) / chance(warm[m], s)
            for b, shift in enumerate(SHIFTS):
                odds = prior[m] / (1.0 - prior[m]) * np.exp(shift)
                shifted[m, b] *= chance(odds / (1.0 + odds), s) / chance(prior[m], s)
        state = both.update(state, x, score, np.ones(3, dtype=np.bool_))
    odds = TRUST / (1.0 - TRUST) / (0.5 * cold_over_warm + 0.5 * shifted.mean())
    assert state.trust == pytest.approx(odds / (1.0 + odds))


def chance(p: float, satisfied: float) -> float:
    return p if satisfied else 1.0 - p


def test_a_better_new_model_does_not_speak_against_the_prior() -> None:
    """What is not known cannot be wrong."""
    data = world(400)
    prior = learned(World(data.features, data.score[:, :2], data.cost[:, :2]), ("a", "b"))
    start = started(prior, ("a", "b", "new"))
    data = world(60, seed=3, level=(-0.8, 0.4, 6.0))
    assert after(start, data, 60).trust > 0.5


def test_verdicts_on_nothing_change_nothing() -> None:
    start = started(learned(world(100)))
    state = after(start, world(1), 0)
    again = start.predictor.update(state, np.zeros(4), np.zeros(3), np.zeros(3, dtype=np.bool_))
    assert again.trust == state.trust
