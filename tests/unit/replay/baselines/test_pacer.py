"""Paced prices: the dual step by hand, and promises kept on toys with a known price."""

import numpy as np
import pytest
from tests.unit.replay.baselines.dear_calls import halves

from messplus.core.types import Draws, Floats, Request, Verdict
from messplus.costs import RunningMean
from messplus.errors import SettingError
from messplus.predictors.logistic import OnlineLogistic
from messplus.replay.baselines.linucb import Ridge
from messplus.replay.baselines.pacer import Paced, Pacer
from messplus.replay.baselines.thompson import Sampled
from messplus.replay.policies import policy_from_spec
from messplus.replay.run import replay
from messplus.replay.streams import Stream

PACER = Pacer(alpha=0.8, first=1.0, step=0.5, smoothing=0.25, most=1.2)


def test_the_dual_step_by_hand() -> None:
    pace = PACER.update(PACER.init(), 0.0)  # a miss: the gap moves a quarter of the way to .8
    np.testing.assert_allclose([pace.price, pace.gap], [1.0 + 0.5 * 0.2, 0.2])
    pace = PACER.update(pace, 0.0)
    assert pace.gap == pytest.approx(0.35)
    assert pace.price == 1.2  # 1.275 is more than the most
    for _ in range(200):
        pace = PACER.update(pace, 1.0)
    assert pace.price == 0.0


def test_the_best_net_of_its_cost_is_asked() -> None:
    class Known:
        def init(self, n_models: int, n_features: int) -> None:
            pass

        def predict(self, state: None, x: Floats) -> Floats:
            return np.array([0.5, 0.9])

        def hope(self, state: None, x: Floats, rng: np.random.Generator) -> Floats:
            return np.array([[0.5, 0.9], [0.9, 0.9]])

        def update(self, state: None, x: Floats, satisfied: Floats, observed: object) -> None:
            pass

    request = Request(features=np.zeros(1))
    for price, model in ((2.4, 0), (2.6, 1)):  # .4 of a satisfied request for one spread of cost
        pacer = Pacer(alpha=0.8, first=price, step=0.1, smoothing=0.1, most=9.0)
        policy = Paced(learner=Known(), pacer=pacer, costs=RunningMean())
        state = policy.init(2, 1)
        decision, state = policy.decide(state, request, Draws(0.5, 0.5))
        for bill in ([1.0, 0.0], [0.0, 5.0]):
            asked = int(np.argmax(bill))
            called = Draws(0.5, 0.5), np.array(bill), asked
            forced, _ = policy.decide(
                state, Request(features=np.zeros(1), available=np.arange(2) == asked), called[0]
            )
            state = policy.charge(state, request, forced, called[1])
        decision, state = policy.decide(state, request, Draws(0.5, 0.5))
        assert decision.model == model
        # Of the two samples, the second would have asked the cheap model either way.
        assert decision.propensity == (1.0 if model == 0 else 0.5)


def test_recursive_ridge_is_ridge() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.random(40)
    ridge = Ridge(prior=0.6, ridge=4.0, width=0.5, memory=1.0)
    state = ridge.init(1, 3)
    for features, verdict in zip(x, y, strict=True):
        state = ridge.update(state, features, np.array([verdict]), np.array([True]))
    x1 = np.column_stack((np.ones(40), x))
    gram = x1.T @ x1 + np.diag([1.0, 4.0, 4.0, 4.0])
    prior = np.array([0.6, 0.0, 0.0, 0.0])
    weights = prior + np.linalg.solve(gram, x1.T @ (y - x1 @ prior))
    np.testing.assert_allclose(state.weights[0], weights)
    new = np.array([1.0, -0.3, 0.2, 0.9])
    bound = new @ weights + 0.5 * np.sqrt(new @ np.linalg.solve(gram, new))
    np.testing.assert_allclose(ridge.hope(state, new[1:], rng), [[bound]])


def test_samples_are_the_posteriors() -> None:
    logistic = OnlineLogistic(prior=0.5)
    state = logistic.init(2, 1)
    for _ in range(50):
        state = logistic.update(state, np.ones(1), np.array([1.0, 0.0]), np.array([True, False]))
    sampled = Sampled(logistic=logistic, scale=1.0)
    rng = np.random.default_rng(0)
    drawn = np.concatenate([sampled.hope(state, np.ones(1), rng) for _ in range(100)])
    assert drawn[:, 0].std() < drawn[:, 1].std()
    # The mean of the logistic over the posterior is what the predictor says (MacKay's approximation).
    np.testing.assert_allclose(drawn.mean(axis=0), logistic.predict(state, np.ones(1)), atol=0.02)
    still = Sampled(logistic=logistic, scale=0.0).hope(state, np.ones(1), rng)
    assert np.ptp(still, axis=0).max() == 0.0


@pytest.mark.parametrize("spec", ["linucb", "thompson"])
def test_it_learns_where_the_dear_model_is_needed(spec: str) -> None:
    """80 % takes 30 % of dear calls if they are well placed, 60 % if they are not."""
    stream = halves()
    trace = replay(stream, policy_from_spec(spec)(stream), seed=1)
    late = slice(1500, None)
    assert abs(trace.satisfied[late].mean() - 0.8) < 0.05
    assert (trace.model[late] == 1).mean() < 0.42


@pytest.mark.parametrize("spec", ["running-mix", "messplus-sqrt:predictor=mean"])
def test_blind_it_ends_at_the_static_mix(spec: str) -> None:
    rng = np.random.default_rng(5)
    n = 4000
    stream = Stream(
        data="d", task="t", alpha=0.75, models=("small", "useless", "large"), cost_unit="usd",
        score=(rng.random((n, 3)) < (0.6, 0.5, 0.9)).astype(float),
        cost=np.tile((1.0, 5.0, 10.0), (n, 1)), features=np.zeros((n, 1)),
    )  # fmt: skip
    trace = replay(stream, policy_from_spec(spec)(stream), seed=2)
    late = slice(1000, None)
    assert abs(trace.satisfied.mean() - 0.75) < 0.02
    assert abs(trace.cost[late].mean() - 5.5) < 0.7  # half of each
    assert (trace.model[late] == 1).mean() < 0.05


def test_v_grows_with_the_root_of_time() -> None:
    stream = halves(50)
    policy = policy_from_spec("messplus-sqrt:v0=0.2,c=1")(stream)
    state = policy.init(2, stream.features.shape[1])
    for t in range(20):
        called = state.costs.calls > 0
        spread = np.ptp(state.costs.total / np.maximum(state.costs.calls, 1)) if called.all() else 0
        expected = 0.2 * np.sqrt(t + 1) / (spread or 1.0)
        assert policy.v(state) == pytest.approx(expected)  # type: ignore[attr-defined]
        request = Request(features=stream.features[t])
        decision, state = policy.decide(state, request, Draws(0.0, 0.5))
        state = policy.charge(state, request, decision, stream.cost[t])
        verdict = Verdict(stream.score[t], decision.asked_mask)
        state = policy.learn(state, request, decision, verdict)


def test_port_opens_at_random_and_then_keeps_one_price() -> None:
    stream = halves(1000)
    policy = policy_from_spec("port:epsilon=0.1")(stream)
    trace = replay(stream, policy, seed=3)
    opening, rest = trace.model[200:280], trace.model[280:]
    # 80 coin tosses: a share of .5 has an sd of .056.
    assert abs((opening == 1).mean() - 0.5) < 0.2
    easy = stream.score[trace.row[280:], 0] == 1
    assert (rest[easy] == 0).mean() > 0.95


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("linucb:width=-1", "width must be at least 0 and finite, got -1.0"),
        ("linucb:ridge=0", "ridge must be positive and finite, got 0.0"),
        ("linucb:memory=0", r"memory must be in \(0, 1\], got 0.0"),
        ("thompson:scale=-1", "scale must be at least 0 and finite, got -1.0"),
        ("thompson:smoothing=0", r"smoothing must be in \(0, 1\], got 0.0"),
        ("linucb:step=0", "step must be positive and finite, got 0.0"),
        ("port:epsilon=0", r"epsilon must be in \(0, 1\), got 0.0"),
        ("messplus-sqrt:v0=0", "v must be positive and finite, got 0.0"),
        ("running-mix:horizon=0", "horizon must be positive, got 0.0"),
    ],
)
def test_a_bad_setting_is_refused(spec: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        policy_from_spec(spec)(halves(40))
