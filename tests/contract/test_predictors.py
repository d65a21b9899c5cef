"""What every predictor promises, whatever is inside."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messplus.core.types import Predictor
from messplus.errors import SettingError
from messplus.predictors import predictor_from_spec

# tilt=0: a tilted prior does prefer a model before any verdict. own_sd=1: the default expects models
# to be alike, and shrinks 200 verdicts on two that are not by a third.
SPECS = (
    "mean",
    "logistic",
    "hierarchical:tilt=0,own_sd=1",
    "hierarchical:tilt=0,own_sd=1,slope_sd=0",
    "hierarchical:tilt=0,own_sd=1,own_slope_sd=0.4",
    "knn",
    "knn:k=5,shrinkage=2,capacity=300",
    "mixture:tilt=0",
    "mixture:tilt=0,discount=1,share=0",
)
D = 6

every_predictor = pytest.mark.parametrize("spec", SPECS)


def taught(
    predictor: Predictor[Any], n_models: int, requests: int, *, seed: int = 0, one: bool = False
) -> Any:  # noqa: ANN401  # a state is the predictor's own business
    """Feed verdicts on random requests: of all models, or of one random model each."""
    rng = np.random.default_rng(seed)
    state = predictor.init(n_models, D)
    for _ in range(requests):
        observed = np.ones(n_models, dtype=np.bool_)
        if one:
            observed = np.arange(n_models) == rng.integers(n_models)
        satisfied = (rng.random(n_models) < np.linspace(0.2, 0.9, n_models)).astype(float)
        state = predictor.update(state, rng.normal(size=D), satisfied, observed)
    return state


@every_predictor
@settings(max_examples=25)
@given(
    n_models=st.integers(1, 5),
    requests=st.integers(0, 60),
    seed=st.integers(0, 2**16),
    scale=st.sampled_from([0.0, 1.0, 1e3]),
)
def test_predictions_are_probabilities(
    spec: str, n_models: int, requests: int, seed: int, scale: float
) -> None:
    predictor = predictor_from_spec(spec)
    state = taught(predictor, n_models, requests, seed=seed, one=bool(seed % 2))
    x = np.random.default_rng(seed).normal(size=D) * scale
    p_sat = predictor.predict(state, x)
    assert p_sat.shape == (n_models,)
    assert np.all((p_sat >= 0.0) & (p_sat <= 1.0))


@every_predictor
def test_before_any_verdict_no_model_is_preferred(spec: str) -> None:
    predictor = predictor_from_spec(spec)
    p_sat = predictor.predict(predictor.init(4, D), np.ones(D))
    assert np.ptp(p_sat) < 1e-9


@every_predictor
@pytest.mark.parametrize("one", [False, True], ids=["all models judged", "one model judged"])
def test_learns_which_model_is_better(spec: str, one: bool) -> None:
    predictor = predictor_from_spec(spec)
    state = taught(predictor, 3, 600, one=one)  # true rates .2, .55, .9
    mean = np.mean(
        [predictor.predict(state, x) for x in np.random.default_rng(1).normal(size=(50, D))], axis=0
    )
    # Standard error of a rate from 200 verdicts is below .04; the priors shrink a little more.
    np.testing.assert_allclose(mean, [0.2, 0.55, 0.9], atol=0.17)


@every_predictor
def test_what_was_not_observed_is_not_read(spec: str) -> None:
    predictor = predictor_from_spec(spec)
    observed = np.array([True, False, False])
    states = []
    for hidden in (0.0, np.nan):
        state = predictor.init(3, D)
        for _ in range(20):
            satisfied = np.array([1.0, hidden, hidden])
            state = predictor.update(state, np.ones(D), satisfied, observed)
        states.append(predictor.predict(state, np.ones(D)))
    np.testing.assert_array_equal(states[0], states[1])
    assert states[0][0] > 0.6
    assert states[0][1] == states[0][2]


@every_predictor
def test_no_verdict_teaches_nothing(spec: str) -> None:
    predictor = predictor_from_spec(spec)
    x = np.linspace(-1.0, 1.0, D)
    before = predictor.predict(taught(predictor, 3, 30), x)
    state = predictor.update(taught(predictor, 3, 30), x, np.ones(3), np.zeros(3, dtype=np.bool_))
    np.testing.assert_array_equal(predictor.predict(state, x), before)


@every_predictor
def test_same_verdicts_same_predictions(spec: str) -> None:
    predictor = predictor_from_spec(spec)
    x = np.linspace(-1.0, 1.0, D)
    one, two = (predictor.predict(taught(predictor, 3, 40), x) for _ in range(2))
    np.testing.assert_array_equal(one, two)


@every_predictor
def test_graded_verdicts_count_by_degree(spec: str) -> None:
    predictor = predictor_from_spec(spec)
    state = predictor.init(2, D)
    for _ in range(200):
        state = predictor.update(state, np.zeros(D), np.array([0.25, 0.75]), np.ones(2, np.bool_))
    np.testing.assert_allclose(predictor.predict(state, np.zeros(D)), [0.25, 0.75], atol=0.06)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("mean:prior=2", r"prior must be in \[0, 1\], got 2.0"),
        ("logistic:slope_sd=0", "slope_sd must be positive, got 0.0"),
        ("hierarchical:own_sd=0", "own_sd must be positive, got 0.0"),
        ("mixture:discount=0", r"discount must be in \(0, 1\], got 0.0"),
        ("mixture:prior=1", r"prior must be in \(0, 1\), got 1.0"),
        ("knn:k=0", "k must be at least 1, got 0"),
        ("knn:capacity=3", "capacity must be at least k = 40, got 3"),
        ("logistik", "unknown predictor 'logistik'; did you mean 'logistic'"),
        ("logistic:slope=1", "'slope'; did you mean 'slope_sd'"),
    ],
)
def test_a_bad_setting_is_named(spec: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        predictor_from_spec(spec)
