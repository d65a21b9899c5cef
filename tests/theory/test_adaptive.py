"""The adaptive policy with a predictor that knows p: near the optimum, and hardly ever in debt.

The stream of three types: optimum C* = 1.76 at alpha = .8, price lambda* = 20 / 3. There MESS+ owes
V lambda* once it holds that price, and wastes the less the larger V is.
"""

import numpy as np
import pytest
from tests.theory.simulate import (
    ALPHA,
    OPEN,
    Q_SAT,
    SETTLED,
    TYPES,
    Served,
    excursions,
    mean_and_error,
    mess_plus,
    serve_adaptive,
    share_beyond,
    simulate,
)

from messplus.core import bounds

N_REQUESTS, N_RUNS = 2000, 20
BEST, PRICE = TYPES.optimum(ALPHA)


@pytest.fixture(scope="module")
def served() -> Served:
    return serve_adaptive(N_REQUESTS, N_RUNS, seed=11)


def test_the_promise_is_kept_in_every_run(served: Served) -> None:
    assert (served.satisfied.mean(axis=1) >= ALPHA).all()


def test_the_cost_is_the_optimum_and_what_the_reserve_buys(served: Served) -> None:
    # Weak duality prices what was delivered above alpha at lambda*; the rest is waste. At V = 40
    # MESS+ wastes next to nothing and owes 267 requests.
    paid_for = PRICE * (served.satisfied - ALPHA)
    waste, error = mean_and_error((served.cost - BEST - paid_for).mean(axis=1))
    assert waste >= -4.5 * error
    assert waste <= 0.05 * BEST + 4.5 * error


def test_it_owes_a_small_fraction_of_what_messplus_owes_at_that_waste(served: Served) -> None:
    v = 40.0
    runs = simulate(mess_plus(ALPHA, v), TYPES.sample, TYPES.costs, N_REQUESTS, 4, seed=11)
    late = runs.queue[:, N_REQUESTS // 2 :].mean()
    assert late > 0.5 * bounds.fluid_queue(v, PRICE)
    assert served.debt_after.max() < 0.1 * late


def test_mean_satisfaction_is_alpha_minus_debt_over_requests_on_every_path(served: Served) -> None:
    t = np.arange(1, N_REQUESTS + 1)
    mean = np.cumsum(served.satisfied, axis=1) / t
    assert mean == pytest.approx(ALPHA - served.debt_after / t, abs=1e-9)  # rounding alone
    assert mean == pytest.approx(served.believed, abs=1e-9)


def test_excursions_of_the_debt_stay_below_their_exponential_tail() -> None:
    pushed = serve_adaptive(6000, 1, seed=5, restart=OPEN)
    debt, after, p = (row[0, SETTLED:] for row in (pushed.debt, pushed.debt_after, pushed.p))
    assert p.min() >= Q_SAT  # the debt is always above OPEN: all models are open
    tops = excursions(debt, after, OPEN)
    x = ALPHA + np.arange(0.1, 8.0, 0.5)
    bound = bounds.excursion_tail(x, ALPHA, Q_SAT)
    error = np.sqrt(bound * (1 - bound) / len(tops))
    assert len(tops) > 300
    assert np.all(share_beyond(tops, x) <= bound + 4.5 * error)
