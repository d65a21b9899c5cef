"""The tails of a debt that an adequate model pays back: they hold, and their exponent is the right one.

One model that satisfies with probability exactly q, so that nothing is to spare: the debt is a random
walk. Below D0 = 0 another model serves, which satisfies less often than promised, so that excursions
keep coming.
"""

import numpy as np
import pytest
from tests.theory.simulate import excursions, share_beyond

from messplus.core import bounds
from messplus.core.types import Floats

N_REQUESTS, N_RUNS = 3000, 300
X = np.arange(0.25, 12.0, 0.5)


def walk(alpha: float, q: float, *, graded: bool) -> Floats:
    """D before each request and after the last, shape (N_RUNS, N_REQUESTS + 1)."""
    rng = np.random.default_rng(13)
    debt = np.zeros((N_RUNS, N_REQUESTS + 1))
    for t in range(N_REQUESTS):
        mean = np.where(debt[:, t] > 0, q, 0.9 * alpha)
        spread = 0.8 * (1 - mean) * rng.integers(0, 2, N_RUNS) * graded
        drawn = rng.random(N_RUNS) < mean / (1 - spread)
        debt[:, t + 1] = debt[:, t] + alpha - drawn * (1 - spread)
    return debt


@pytest.mark.parametrize("graded", [False, True])
@pytest.mark.parametrize(("alpha", "q"), [(0.5, 0.6), (0.8, 0.85), (0.8, 0.92), (0.95, 0.97)])
def test_excursions_and_debts_stay_below_their_tails(alpha: float, q: float, graded: bool) -> None:
    debt = walk(alpha, q, graded=graded)
    tops = np.concatenate([excursions(row[:-1], row[1:], 0.0) for row in debt])
    bound = bounds.excursion_tail(X, alpha, q)
    error = np.sqrt(bound * (1 - bound) / len(tops))
    assert np.all(share_beyond(tops, X) <= bound + 4.5 * error)
    # Single times: runs are independent, requests are not.
    tail = bounds.debt_tail(X, alpha, q)
    for t in (100, N_REQUESTS):
        assert np.all(share_beyond(debt[:, t], X) <= tail + 4.5 * np.sqrt(tail / N_RUNS))


def test_the_exponent_is_the_right_one() -> None:
    # A walk in steps of alpha up and 1 - alpha down overshoots a level by less than alpha, so the bound
    # is too large by a constant factor, the same at any height.
    alpha, q = 0.8, 0.85
    debt = walk(alpha, q, graded=False)
    tops = np.concatenate([excursions(row[:-1], row[1:], 0.0) for row in debt])
    near, far = share_beyond(tops, np.array([1.9, 5.9]))
    found = np.log(near / far) / 4
    assert found == pytest.approx(bounds.debt_exponent(alpha, q), rel=0.1)
