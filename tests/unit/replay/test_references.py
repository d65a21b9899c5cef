"""Reference lines against linear programs solved by scipy."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from messplus.core.types import Floats
from messplus.replay.references import (
    NAMES,
    best_single,
    cheapest_mix,
    clairvoyant,
    out_of_fold,
    references,
    static_mix,
    text_router,
)
from messplus.replay.streams import Stream


def stream_of(score: Floats, cost: Floats, alpha: float, features: Floats | None = None) -> Stream:
    return Stream(
        data="d", task="t", alpha=alpha, cost_unit="usd", score=score, cost=cost,
        models=tuple(f"m{i}" for i in range(score.shape[1])),
        features=np.zeros((len(score), 1)) if features is None else features,
    )  # fmt: skip


def random_stream(seed: int, n: int, n_models: int, *, graded: bool) -> Stream:
    rng = np.random.default_rng(seed)
    score = rng.random((n, n_models))
    score = score.round(1) if graded else (score < np.linspace(0.3, 0.9, n_models)).astype(float)
    cost = rng.uniform(0.5, 1.5, (n, n_models)) * np.geomspace(1.0, 20.0, n_models)
    alpha = float(np.clip(rng.uniform(0.3, 0.8), 1e-3, score.mean(axis=0).max()))
    return stream_of(score, cost, alpha)


streams = st.builds(
    random_stream,
    st.integers(0, 10**6),
    st.integers(1, 30),
    st.integers(1, 4),
    graded=st.booleans(),
)


def test_a_mean_that_is_alpha_but_for_rounding_reaches_it() -> None:
    score = np.array([[0.1, 0.3]] * 3)
    score[:, 0] = (0.2, 0.3, 0.4)
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        stream = stream_of(score[order], np.tile((1.0, 9.0), (3, 1)), 0.3 + 1e-16)
        assert static_mix(stream).cost_mean == pytest.approx(1.0)
        assert best_single(stream).cost_mean == pytest.approx(1.0)


@settings(max_examples=60)
@example(random_stream(10, 10, 2, graded=True))  # the cheap model's mean is alpha, but for rounding
@given(streams)
def test_static_mix_is_the_linear_program_over_models(stream: Stream) -> None:
    cost, score = stream.cost.mean(axis=0), stream.score.mean(axis=0)
    optimum = linprog(
        cost, A_ub=-score[None, :], b_ub=[-stream.alpha], A_eq=np.ones((1, len(cost))), b_eq=[1.0]
    )
    found = static_mix(stream)
    assert found.cost_mean == pytest.approx(optimum.fun, rel=1e-7)
    assert found.satisfaction >= stream.alpha - 1e-9


@settings(max_examples=60)
@given(streams)
def test_clairvoyant_is_the_linear_program_over_requests(stream: Stream) -> None:
    n, n_models = stream.score.shape
    one_model_each = np.kron(np.eye(n), np.ones(n_models))
    optimum = linprog(
        stream.cost.ravel() / n,
        A_ub=-stream.score.ravel()[None, :] / n,
        b_ub=[-stream.alpha],
        A_eq=one_model_each,
        b_eq=np.ones(n),
    )
    assert clairvoyant(stream).cost_mean == pytest.approx(optimum.fun, rel=1e-6)


@settings(max_examples=40)
@given(streams)
def test_more_knowledge_never_costs_more(stream: Stream) -> None:
    lines = {line.reference: line.cost_mean for line in references(stream)}
    assert tuple(lines) == NAMES
    single, mix, text, clair = (lines[name] for name in NAMES)
    assert single is not None
    assert mix is not None
    assert text is not None
    assert clair is not None
    assert clair <= mix + 1e-9
    assert text <= mix + 1e-9
    assert mix <= single + 1e-9


def test_totals_are_means_times_requests() -> None:
    stream = random_stream(1, 25, 3, graded=False)
    for line in references(stream):
        assert line.cost_mean is not None
        assert line.cost_total == pytest.approx(line.cost_mean * 25)


def test_an_alpha_out_of_reach_is_said_and_not_priced() -> None:
    stream = stream_of(np.array([[0.0, 1.0], [0.0, 0.0]]), np.ones((2, 2)), 0.9)
    for line in references(stream):
        assert line.cost_total is None
        assert line.satisfaction == 0.5
        assert "0.9 is out of reach" in line.detail


def test_best_single_is_the_cheapest_that_is_good_enough() -> None:
    score = np.array([[0.0, 1.0, 1.0, 1.0], [1.0, 1.0, 0.0, 1.0]])
    stream = stream_of(score, np.array([[1.0, 9.0, 2.0, 7.0]] * 2), 0.8)
    assert best_single(stream).detail == "m3"
    assert best_single(stream).cost_total == 14.0


def test_mix_by_hand() -> None:
    mix = cheapest_mix(np.array([1.0, 3.0]), np.array([0.5, 0.9]), 0.8)
    assert mix is not None
    assert (mix.first, mix.second) == (0, 1)
    assert mix.weight == pytest.approx(0.25)
    assert mix.cost == pytest.approx(0.25 * 1 + 0.75 * 3)


def test_text_router_finds_what_the_features_say() -> None:
    rng = np.random.default_rng(0)
    hard = rng.integers(0, 2, 4000).astype(bool)
    score = np.column_stack([~hard, np.ones_like(hard)]).astype(float)
    cost = np.tile([1.0, 10.0], (4000, 1))
    informed = stream_of(score, cost, 0.95, np.column_stack([hard, rng.random(4000)]).astype(float))
    blind = stream_of(score, cost, 0.95, rng.random((4000, 2)))
    # It costs 10 on the 45 % that must not fail, and 1 elsewhere; blind mixing needs 90 % large.
    assert text_router(informed).cost_mean == pytest.approx(0.45 * 10 + 0.55, rel=0.02)
    assert text_router(blind).cost_mean == pytest.approx(0.9 * 10 + 0.1, rel=0.02)


def test_a_repeated_prompt_does_not_tell_its_own_answer() -> None:
    rng = np.random.default_rng(0)
    features = np.repeat(rng.normal(size=(60, 40)), 3, axis=0)
    score = np.repeat(rng.integers(0, 2, (60, 1)), 3, axis=0).astype(float)
    predicted = out_of_fold(features, score)
    # Nothing can be learned from noise: were folds split by row, the correlation would be near 1.
    assert abs(np.corrcoef(predicted[:, 0], score[:, 0])[0, 1]) < 0.4
