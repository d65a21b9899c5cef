"""How the choice depends on debt, costs and predictions, for any zoo."""

from dataclasses import replace

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.property.strategies import alphas, exploit, queues, requests, router, shares, weights

from messplus.core.messplus import State
from messplus.core.types import Draws, Request


@given(alphas, weights, queues, requests(), st.integers(-20, 20))
def test_the_unit_of_cost_does_not_matter(
    alpha: float, v: float, queue: float, request: Request, exponent: int
) -> None:
    unit = 2.0**exponent  # a power of two, so that scaling is exact
    assert request.cost is not None
    scaled = replace(request, cost=request.cost * unit)
    assert exploit(alpha, v / unit, queue, scaled) == exploit(alpha, v, queue, request)


@given(alphas, weights, queues, queues, requests())
def test_more_debt_never_buys_a_model_that_is_less_likely_to_satisfy(
    alpha: float, v: float, one: float, other: float, request: Request
) -> None:
    less = exploit(alpha, v, min(one, other), request)
    more = exploit(alpha, v, max(one, other), request)
    p_sat = request.features
    # Where scores differ by rounding alone either may win: allow predictions that are as close.
    assume(more == less or abs(p_sat[more] - p_sat[less]) > 1e-6)
    assert p_sat[more] >= p_sat[less]


@given(alphas, weights, queues, requests())
def test_the_choice_is_not_dominated(
    alpha: float, v: float, queue: float, request: Request
) -> None:
    model = exploit(alpha, v, queue, request)
    assert request.cost is not None
    cheaper = request.cost < request.cost[model] * (1 - 1e-9)
    better = request.features > request.features[model] + 1e-9
    assert not np.any(cheaper & better)


@given(alphas, weights, requests())
def test_with_nothing_owed_the_cheapest_model_answers(
    alpha: float, v: float, request: Request
) -> None:
    assert exploit(alpha, v, 0.0, request) == 0


@given(alphas, queues, requests())
def test_as_v_grows_the_cheapest_model_answers(
    alpha: float, queue: float, request: Request
) -> None:
    assert request.cost is not None
    assume(np.all(np.diff(request.cost) > 1e-3))
    assert exploit(alpha, 1e9, queue, request) == 0  # V dE >= 1e6 > Q


@given(alphas, st.floats(0.1, 1e4), requests())
def test_as_v_vanishes_the_best_prediction_answers(
    alpha: float, queue: float, request: Request
) -> None:
    ranked = np.sort(request.features)
    assume(np.all(np.diff(ranked) > 1e-6))
    # V dE <= 1e-15 x 1e3 < Q x 1e-6
    assert exploit(alpha, 1e-15, queue, request) == int(np.argmax(request.features))


@given(alphas, weights, queues, shares, shares, st.integers(1, 1000))
def test_a_zoo_of_one_always_asks_its_model(
    alpha: float, v: float, queue: float, p_sat: float, draw: float, t: int
) -> None:
    request = Request(features=np.array([p_sat]), cost=np.array([1.0]))
    decision, _ = router(alpha, v, c=1.0).decide(
        State(None, None, t=t, queue=queue), request, Draws(explore=min(draw, 0.99), choose=0.0)
    )
    assert (decision.model, decision.asked, decision.propensity) == (0, (0,), 1.0)


@given(alphas, weights, queues, requests(), st.floats(0, 2), st.integers(0, 10_000))
def test_the_propensities_of_all_draws_sum_to_one(
    alpha: float, v: float, queue: float, request: Request, c: float, t: int
) -> None:
    policy = router(alpha, v, c=c)
    reached = {}
    for explore in (0.0, np.nextafter(1.0, 0.0)):  # the two outcomes of one coin
        decision, _ = policy.decide(
            State(None, None, t=t, queue=queue), request, Draws(explore=explore, choose=0.0)
        )
        assert 0.0 < decision.propensity <= 1.0
        reached[decision.model] = decision.propensity
    assert sum(reached.values()) <= 1.0 + 1e-12
    assert sum(reached.values()) >= 1.0 - 1e-12
