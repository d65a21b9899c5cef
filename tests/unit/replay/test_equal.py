"""Promises are moved until what is realised encloses alpha, and no further."""

from dataclasses import replace

import numpy as np
import pytest

from messplus.replay.compare import cost_at
from messplus.replay.equal import LATE, WHOLE, enclosing
from messplus.replay.metrics import Metrics

ALPHA = 0.8


def metrics(satisfaction: float, late: float) -> Metrics:
    return Metrics(
        requests=10, models=2, cost_total=1.0, cost_serving=1.0, cost_exploration=0.0,
        cost_feedback=0.0, cost_mean=satisfaction**2, cost_mean_late=late**2,
        satisfaction=satisfaction, satisfaction_late=late, shortfall_final=0.0,
        shortfall_worst=0.0, share_below_1pp=0.0, first_compliance=None, queue_final=0.0,
        queue_mean=0.0, explored_requests=0, calls={}, feedback_used=0, audits_used=0, judge_used=0,
        satisfaction_believed=None, windows=0, windows_violated=None,
    )  # fmt: skip


class Router:
    """Realises its promise plus a constant, times what it makes of one: counts how often it is asked."""

    def __init__(self, whole: float, late: float, slope: float = 1.0) -> None:
        self.whole, self.late, self.slope, self.asked = whole, late, slope, 0

    def __call__(self, shift: float) -> Metrics:
        self.asked += 1
        moved = ALPHA + self.slope * shift
        return metrics(min(moved + self.whole, 1.0), min(moved + self.late, 1.0))


@pytest.mark.parametrize("slope", [0.5, 1.0, 2.0])
@pytest.mark.parametrize(
    ("whole", "late"), [(0.0, 0.0), (0.02, -0.01), (-0.03, -0.03), (0.05, 0.04), (0.001, 0.0)]
)
def test_alpha_is_enclosed_in_both_accounts(whole: float, late: float, slope: float) -> None:
    router = Router(whole, late, slope)
    runs = enclosing(router, ALPHA)
    assert router.asked == len(runs) <= 9
    for account in (WHOLE, LATE):
        satisfaction = np.array([account.satisfaction(m) for m in runs.values()])
        cost = np.array([account.cost(m) for m in runs.values()])
        # A router whose cost is the square of its satisfaction costs .64 at .8.
        assert cost_at(ALPHA, satisfaction, cost) == pytest.approx(0.64, rel=1e-3)


def test_where_it_keeps_the_promise_exactly_one_run_is_enough() -> None:
    assert list(enclosing(Router(0.0, 0.0), ALPHA)) == [0.0]


def test_a_router_that_has_no_use_for_a_promise_is_soon_left_alone() -> None:
    router = Router(0.03, 0.03, slope=0.0)
    enclosing(router, ALPHA)
    assert router.asked <= 3


def test_a_promise_stays_a_promise() -> None:
    shifts = enclosing(Router(-0.5, -0.5), 0.95)
    assert all(0.0 < 0.95 + shift <= 1.0 + 1e-12 for shift in shifts)
    low = enclosing(Router(0.5, 0.5), 0.1)
    assert all(0.0 < 0.1 + shift <= 1.0 for shift in low)


def test_what_cannot_be_enclosed_is_given_up() -> None:
    def stuck(shift: float) -> Metrics:
        return replace(metrics(0.7 + 0.01 * shift, 0.7), cost_mean=1.0)

    runs = enclosing(stuck, ALPHA)
    assert len(runs) <= 9
    assert max(WHOLE.satisfaction(m) for m in runs.values()) < ALPHA
