"""The mixture's guarantee on any sequence, and what its weights do."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messplus.core.types import Believer, Bools, Floats
from messplus.errors import SettingError
from messplus.predictors.hierarchical import Hierarchical
from messplus.predictors.logistic import sigmoid
from messplus.predictors.mixture import SURE, Mixture, MixtureSettings, MixtureState

BLIND = Hierarchical(slope_sd=0.0)
M = 3


@dataclass(frozen=True, slots=True)
class Oracle:
    """Predicts what the request carries from place `start` on: a forecast that the test chose."""

    start: int

    def init(self, n_models: int, n_features: int) -> int:
        return n_models

    def predict(self, state: int, x: Floats) -> Floats:
        return x[self.start : self.start + state]

    def update(self, state: int, x: Floats, satisfied: Floats, observed: Bools) -> int:
        return state


def mixture(n_experts: int, *, discount: float = 1.0, share: float = 0.0) -> Mixture:
    experts = tuple(Oracle(M * e) for e in range(n_experts))
    return Mixture(blinds=(BLIND,), experts=experts, discount=discount, share=share)


def log_loss(p: Floats, satisfied: Floats, observed: Bools) -> float:
    """Mean over the verdicts of one request."""
    p = np.clip(p, SURE, 1.0 - SURE)
    loss = -(satisfied * np.log(p) + (1.0 - satisfied) * np.log1p(-p))
    return float(loss[observed].mean())


def losses(mix: Mixture, seed: int, requests: int) -> tuple[Floats, Floats]:
    """Log loss per request of the mixture, (T,), and of each expert, (T, E), on random nonsense."""
    rng = np.random.default_rng(seed)
    n_features = M * len(mix.experts)
    state = mix.init(M, n_features)
    bold = rng.uniform(0.1, 3.0, size=len(mix.experts)).repeat(M)
    ours, theirs = [], []
    for _ in range(requests):
        x = 1.0 / (1.0 + np.exp(-bold * rng.normal(0.5, 2.0, size=n_features)))
        satisfied = rng.choice([0.0, 0.3, 1.0, 1.0], size=M)
        observed = np.zeros(M, dtype=np.bool_)
        observed[rng.choice(M, size=rng.integers(1, M + 1), replace=False)] = True
        everyone = zip((*mix.blinds, *mix.experts), state.experts, strict=True)
        theirs.append([log_loss(e.predict(s, x), satisfied, observed) for e, s in everyone])
        ours.append(log_loss(mix.predict(state, x), satisfied, observed))
        state = mix.update(state, x, satisfied, observed)
    return np.array(ours), np.array(theirs)


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), n_experts=st.integers(0, 4), requests=st.integers(1, 80))
def test_log_loss_is_within_log_e_of_the_best_expert_on_any_sequence(
    seed: int, n_experts: int, requests: int
) -> None:
    ours, theirs = losses(mixture(n_experts), seed, requests)
    assert ours.sum() <= theirs.sum(axis=0).min() + np.log(1 + n_experts) + 1e-9


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    requests=st.integers(2, 80),
    share=st.sampled_from([1e-3, 0.05, 0.3]),
)
def test_with_a_share_the_bound_holds_against_the_best_switch(
    seed: int, requests: int, share: float
) -> None:
    ours, theirs = losses(mixture(2, share=share), seed, requests)
    before = np.cumsum(theirs, axis=0)
    best = min(float(before[t].min() + (before[-1] - before[t]).min()) for t in range(requests - 1))
    bound = np.log(3) + np.log(3 / share) - (requests - 2) * np.log1p(-share)
    assert ours.sum() <= best + bound + 1e-9


def served(
    mix: Mixture, state: MixtureState, requests: int, right: int, seed: int
) -> tuple[MixtureState, Floats]:
    """Verdicts that expert `right` (1-based) foresees and the others do not; its weight over time."""
    rng = np.random.default_rng(seed)
    weights = []
    for _ in range(requests):
        x = rng.choice([0.2, 0.8], size=M * len(mix.experts))
        p = x[M * (right - 1) : M * right]
        satisfied = (rng.random(M) < p).astype(float)
        observed = np.equal(np.arange(M), rng.integers(M))
        state = mix.update(state, x, satisfied, observed)
        weights.append(float(np.exp(state.log_weight[right])))
    return state, np.array(weights)


def test_weights_go_to_the_expert_that_predicts_and_leave_the_others() -> None:
    mix = mixture(2, discount=0.999, share=1e-3)
    state, _ = served(mix, mix.init(M, 2 * M), 400, right=2, seed=1)
    assert np.exp(state.log_weight).sum() == pytest.approx(1.0)
    assert np.exp(state.log_weight[2]) > 0.98
    assert np.exp(state.log_weight[:2]).max() < 0.02


def test_an_expert_that_was_useless_comes_back_after_the_world_has_changed() -> None:
    """Sooner with the share than by forgetting alone, and never by weighing all the past."""
    needed = []
    for discount, share in ((0.999, 1e-3), (0.999, 0.0), (1.0, 0.0)):
        mix = mixture(2, discount=discount, share=share)
        state, _ = served(mix, mix.init(M, 2 * M), 1500, right=1, seed=2)
        _, weight = served(mix, state, 1200, right=2, seed=3)
        needed.append(int(np.argmax(weight > 0.5)) if weight.max() > 0.5 else 10**9)
    assert needed[0] < 100
    assert 2 * needed[0] < needed[1] < 1200
    assert needed[2] == 10**9


def test_a_model_without_verdicts_is_predicted_by_what_serves_the_rest() -> None:
    mix = mixture(2, discount=0.999, share=1e-3)
    state, rng = mix.init(M, 2 * M), np.random.default_rng(5)
    for _ in range(300):
        x = rng.choice([0.1, 0.9], size=2 * M)
        verdict = (rng.random(M) < x[:M]).astype(float)
        state = mix.update(state, x, verdict, np.array([True, False, False]))
    x = np.array([0.5, 0.9, 0.1, 0.5, 0.5, 0.5])
    np.testing.assert_allclose(mix.predict(state, x)[1:], [0.9, 0.1], atol=0.03)


def test_verdicts_of_one_request_count_by_their_mean() -> None:
    mix = mixture(1)
    x, yes = np.array([0.9, 0.9, 0.9]), np.ones(M)
    one = mix.update(mix.init(M, M), x, yes, np.array([False, True, False]))
    # The blind expert's middle model stands at 1/2, so the judged expert gains log .9 - log .5.
    np.testing.assert_allclose(np.diff(one.log_weight), np.log(0.9 / 0.5))
    blind = BLIND.predict(BLIND.init(M, M), x)
    three = mix.update(mix.init(M, M), x, yes, np.ones(M, np.bool_))
    np.testing.assert_allclose(np.diff(three.log_weight), np.log(0.9 / blind).mean())


def test_experts_that_claim_certainty_are_heard_within_bounds() -> None:
    mix = mixture(1)
    state = mix.update(mix.init(M, M), np.ones(M), np.zeros(M), np.ones(M, np.bool_))
    assert np.isfinite(state.log_weight).all()
    assert np.all(mix.predict(state, np.ones(M)) <= 1.0 - SURE)


def test_level_and_doubt_are_those_of_the_only_blind_expert() -> None:
    mix: Believer[MixtureState] = MixtureSettings(prior=0.7).build()
    state = mix.init(M, 2)
    for _ in range(20):
        state = mix.update(state, np.ones(2), np.ones(M), np.array([True, False, True]))
    belief = mix.believe(state, np.ones(2))
    blind = Hierarchical(prior=0.7, slope_sd=0.0).believe(state.experts[0], np.ones(2))
    np.testing.assert_array_equal(belief.p_sat, mix.predict(state, np.ones(2)))
    np.testing.assert_array_equal(belief.level, blind.level)
    np.testing.assert_array_equal(belief.doubt, blind.doubt)


ALIKE = Hierarchical(prior=0.7, own_sd=0.25, slope_sd=0.0)
UNLIKE = Hierarchical(prior=0.7, own_sd=0.8, tilt=0.8, slope_sd=0.0)
TWO = Mixture(blinds=(ALIKE, UNLIKE), experts=(Hierarchical(prior=0.7),))


def judged(mix: Mixture, level: Floats, requests: int, seed: int) -> MixtureState:
    """One verdict per request, on a random model of a zoo with these levels in log-odds."""
    rng, n_models = np.random.default_rng(seed), len(level)
    state = mix.init(n_models, 2)
    for _ in range(requests):
        satisfied = (rng.random(n_models) < sigmoid(level)).astype(float)
        observed = np.equal(np.arange(n_models), rng.integers(n_models))
        state = mix.update(state, rng.normal(size=2), satisfied, observed)
    return state


def weight_of_unlike(level: Floats, requests: int) -> float:
    """Mean over twenty streams, whose standard error is below .05."""
    states = [judged(TWO, np.array(level), requests, seed) for seed in range(20)]
    return float(np.mean([np.exp(state.log_blind[1]) for state in states]))


def test_the_zoo_decides_how_alike_its_models_are() -> None:
    """The evidence in 50 single verdicts is some units of log score at most, and it adds up."""
    unlike, alike = np.linspace(-1.0, 2.0, 5)[[3, 0, 4, 1, 2]], np.full(8, 0.85)
    assert weight_of_unlike(unlike, 0) == pytest.approx(0.5)
    assert weight_of_unlike(unlike, 50) > 0.65
    assert weight_of_unlike(unlike, 200) > 0.95
    assert weight_of_unlike(alike, 50) < 0.45
    assert weight_of_unlike(alike, 200) < 0.3


def test_weights_among_the_blind_forget_nothing() -> None:
    state, rng = TWO.init(M, 2), np.random.default_rng(8)
    total = np.zeros(2)
    for _ in range(60):
        x, satisfied = rng.normal(size=2), rng.integers(0, 2, M).astype(float)
        observed = np.equal(np.arange(M), rng.integers(M))
        blinds = zip(TWO.blinds, state.experts[:2], strict=True)
        total -= [log_loss(one.predict(its, x), satisfied, observed) for one, its in blinds]
        state = TWO.update(state, x, satisfied, observed)
    np.testing.assert_allclose(np.diff(state.log_blind), np.diff(total))
    assert np.exp(state.log_blind).sum() == pytest.approx(1.0)


def test_where_blind_experts_disagree_that_adds_to_the_doubt() -> None:
    state, x = judged(TWO, np.array([-2.0, 0.5, 2.5]), 40, 3), np.zeros(2)
    two = [one.believe(its, x) for one, its in zip(TWO.blinds, state.experts[:2], strict=True)]
    weight, belief = np.exp(state.log_blind), TWO.believe(state, x)
    means = np.array([its.mean for its in state.experts[:2]])
    # Draws from the mixture of both Gaussians have its variance; 2e5 of them to within 1 %.
    rng = np.random.default_rng(4)
    which = rng.choice(2, size=200_000, p=weight / weight.sum())
    doubts = np.array([one.doubt for one in two])
    draws = means[which] + doubts[which] * rng.normal(size=(len(which), M))
    np.testing.assert_allclose(belief.doubt, draws.std(axis=0), rtol=0.01)
    np.testing.assert_allclose(belief.level, weight @ [one.level for one in two])
    assert np.all(belief.doubt**2 >= weight @ doubts**2)


def test_an_array_that_is_filled_anew_is_another_request() -> None:
    """What was told of the latest request is known by its values."""
    state, x = judged(TWO, np.array([0.0, 1.0, 2.0]), 30, 5), np.array([1.0, -1.0])
    before = TWO.believe(state, x)
    x[:] = [-2.0, 3.0]
    np.testing.assert_array_equal(TWO.believe(state, x).p_sat, TWO.predict(replace(state), x))
    assert not np.array_equal(TWO.believe(state, x).p_sat, before.p_sat)
    x[:] = [1.0, -1.0]
    np.testing.assert_array_equal(TWO.believe(state, x).p_sat, before.p_sat)


def test_the_settings_have_the_defaults_of_what_they_build() -> None:
    for one in fields(MixtureSettings):
        source = Mixture if one.name in ("discount", "share") else Hierarchical
        assert one.default == {f.name: f.default for f in fields(source)}[one.name]


def test_an_expert_that_reads_the_request_is_not_blind() -> None:
    with pytest.raises(SettingError, match=r"give it slope_sd=0, got 0.55"):
        Mixture(blinds=(BLIND, Hierarchical()), experts=())
    with pytest.raises(SettingError, match="at least one expert must be blind"):
        Mixture(blinds=(), experts=())
