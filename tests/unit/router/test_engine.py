"""An engine from names and prices."""

import numpy as np
import pytest
from tests.unit.router.conftest import ENCODER

from messplus.encoders import Features, HashedNgrams
from messplus.errors import SettingError
from messplus.records import Outcome
from messplus.replay.fitting import fit_streams
from messplus.replay.streams import Stream
from messplus.router import Route, Router, adaptive_engine
from messplus.stores import MemoryStore


def test_prices_order_the_zoo_and_are_expected_at_first() -> None:
    engine = adaptive_engine({"large": 6.0, "small": 0.5, "middle": 2.0})
    assert engine.models == ("small", "middle", "large")
    router = Router(engine, [Route("r", 0.5)], MemoryStore(), rng=np.random.default_rng(0))
    routed = router.route("hello")
    np.testing.assert_allclose(routed.decided.cost, [0.5, 2.0, 6.0])


def test_it_learns_which_model_is_enough() -> None:
    engine = adaptive_engine({"small": 1.0, "large": 10.0}, alpha=0.9)
    router = Router(engine, [Route("r", 0.9)], MemoryStore(), rng=np.random.default_rng(0))
    answers = []
    for k in range(400):
        hard = k % 2
        routed = router.route("prove the theorem" if hard else "say hello")
        call = Outcome(
            decision_id=routed.decision_id,
            model=routed.model,
            at_s=0.0,
            cost=1.0 if routed.model == "small" else 10.0,
        )
        router.finish(routed.decision_id, [call])
        router.feedback(routed.decision_id, float(routed.model == "large" or not hard))
        answers.append((hard, routed.model))
    late = answers[200:]
    assert sum(model == "small" for hard, model in late if not hard) > 80
    assert sum(model == "large" for hard, model in late if hard) > 70
    assert router.standing().believed > 0.88  # type: ignore[operator]  # there were requests


def test_a_prior_of_other_features_is_refused_and_one_that_fits_is_used(stream: Stream) -> None:
    prior = fit_streams([stream])
    prices = dict(zip(stream.models, stream.cost.mean(axis=0), strict=True))
    features = Features(ENCODER, attribute_keys=("task",))
    engine = adaptive_engine(prices, features=features, prior=prior)
    assert engine.policy_name == "adaptive, prior of 200 requests"
    store = MemoryStore()
    router = Router(engine, [Route("r", 0.5)], store, rng=np.random.default_rng(0))
    routed = router.route("What is 2 + 2?")
    assert np.ptp(routed.decided.p_sat) > 0.1  # it knows the models apart before any verdict
    with pytest.raises(SettingError, match="--encoder"):
        adaptive_engine(prices, features=Features(HashedNgrams()), prior=prior)
    router.close()
    again = Router(engine, [Route("r", 0.5)], store, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(again.route("What is 2 + 2?").decided.p_sat, routed.decided.p_sat)


def test_what_cannot_be_promised_is_an_error() -> None:
    with pytest.raises(SettingError, match="at least one model"):
        adaptive_engine({})
    with pytest.raises(SettingError, match="price of small"):
        adaptive_engine({"small": -1.0})
    with pytest.raises(SettingError, match="alpha"):
        adaptive_engine({"small": 1.0}, alpha=1.5)
    with pytest.raises(SettingError, match="alpha must be in"):
        Route("r", 1.5)
    with pytest.raises(SettingError, match="spread"):
        Route("r", 0.5, spread=2.0)
    with pytest.raises(SettingError, match="at least one model"):
        Route("r", 0.5, ())
