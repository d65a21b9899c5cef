"""Nearest neighbours, and the price they choose by."""

import numpy as np

from messplus.replay.baselines.knn import Neighbours
from messplus.replay.baselines.priced import KNOBS, Forecast, PricedRouter
from messplus.replay.baselines.trained import Past
from messplus.replay.policies import policy_from_spec
from messplus.replay.run import replay
from messplus.replay.streams import Stream


def test_the_mean_over_the_nearest_by_hand() -> None:
    past = Past(
        features=np.array([[0.0], [1.0], [2.0], [10.0]]),
        score=np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
        cost=np.array([[1.0, 5.0], [3.0, 5.0], [2.0, 7.0], [9.0, 9.0]]),
    )
    learned = Neighbours(k=2).fit(past, np.random.default_rng(0))
    p_sat, cost = learned.forecast(np.array([[0.2], [7.0]]))
    np.testing.assert_allclose(p_sat, [[0.5, 0.0], [0.5, 1.0]])
    np.testing.assert_allclose(cost, [[2.0, 5.0], [5.5, 8.0]])


def test_fewer_requests_than_neighbours_are_all_neighbours() -> None:
    past = Past(features=np.eye(3), score=np.eye(3), cost=np.ones((3, 3)))
    learned = Neighbours(k=50).fit(past, np.random.default_rng(0))
    np.testing.assert_allclose(learned.forecast(np.zeros((1, 3))).p_sat, 1 / 3)


def test_the_multiplier_buys_satisfaction_where_it_is_worth_its_price() -> None:
    class Known:
        def forecast(self, features: np.ndarray) -> Forecast:
            return Forecast(np.array([[0.5, 0.75, 1.0]]), np.array([[1.0, 2.0, 5.0]]))

    # One more satisfied request costs 4 from the first model to the second, then 12.
    router = PricedRouter(Known(), spread=2.0)
    chosen = router.choose(np.zeros((1, 1)), np.array([0.0, 1.9, 2.1, 5.9, 6.1]))
    np.testing.assert_array_equal(chosen, [[0, 0, 1, 1, 2]])
    assert list(KNOBS) == sorted(KNOBS)


def test_each_model_gets_the_requests_that_it_is_good_at() -> None:
    """The cheap model answers one half of the space, the dear one all: 80 % needs 30 % dear calls."""
    rng = np.random.default_rng(7)
    n = 3000
    side = rng.choice((-1.0, 1.0), n)
    stream = Stream(
        data="d", task="t", alpha=0.8, models=("cheap", "dear"), cost_unit="usd",
        score=np.stack((side < 0, np.ones(n)), axis=1).astype(float),
        cost=np.tile((1.0, 11.0), (n, 1)),
        features=side[:, None] + 0.1 * rng.normal(size=(n, 1)),
    )  # fmt: skip
    trace = replay(stream, policy_from_spec("knn:k=10")(stream), seed=0)
    served = slice(600, None)
    dear = trace.model[served] == 1
    assert not dear[side[trace.row[served]] < 0].any()
    # 2,400 requests: the share of the dear half, and the draw, each have sd .01.
    assert abs(trace.satisfied[served].mean() - 0.8) < 0.04
    assert abs(dear.mean() - 0.3) < 0.04
