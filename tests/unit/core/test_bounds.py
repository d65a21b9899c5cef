"""The theorems with numbers that can be checked by hand."""

import numpy as np
import pytest

from messplus.core import bounds
from messplus.core.bounds import Assumption1
from messplus.errors import SettingError

A1 = Assumption1(psi=100, beta=0.5, q=0.9)


def test_gamma_is_the_larger_of_start_up_and_price() -> None:
    assert bounds.gamma(0.8, 1.0, 7.0, A1) == 80.0  # .8 x 100 > 1 x 7 / .5
    assert bounds.gamma(0.8, 10.0, 7.0, A1) == 140.0  # 10 x 7 / .5 > .8 x 100


def test_queue_bound() -> None:
    t = np.array([1.0, 100.0])
    assert bounds.queue_bound(t, 0.8, 10.0, 7.0, A1) == pytest.approx([141, 150])


def test_mean_queue_bound() -> None:
    assert bounds.mean_queue_bound(0.8, 10.0, 7.0, A1) == pytest.approx(145)  # + 1 / (2 x .1)


def test_shortfall_bound() -> None:
    t = np.array([1.0, 100.0])
    assert bounds.shortfall_bound(t, 0.8, 10.0, 7.0, A1) == pytest.approx([141, 1.5])


@pytest.mark.parametrize("q", [0.8, 0.7])
def test_without_q_above_alpha_there_is_no_theorem_1(q: float) -> None:
    weak = Assumption1(psi=0, beta=0.5, q=q)
    t = np.ones(1)
    for bound in (
        lambda: bounds.queue_bound(t, 0.8, 1.0, 7.0, weak),
        lambda: bounds.shortfall_bound(t, 0.8, 1.0, 7.0, weak),
        lambda: bounds.mean_queue_bound(0.8, 1.0, 7.0, weak),
    ):
        with pytest.raises(SettingError, match=f"q must be above alpha = 0.8, got {q}"):
            bound()


def test_pathwise_shortfall() -> None:
    assert bounds.pathwise_shortfall(np.array([0.75, 0.5, 0.25])) == pytest.approx(
        [0.75, 0.25, 0.25 / 3]
    )


def test_alpha_for_compliance() -> None:
    # .8 + 1 x 7 / (.5 x 10,000) + 1 / 100
    alpha = bounds.alpha_for_compliance(0.8, 10_000, 1.0, 7.0, A1)
    assert alpha == pytest.approx(0.8 + 0.0014 + 0.01)


def test_running_with_that_alpha_meets_the_contract() -> None:
    a1 = Assumption1(psi=0, beta=0.5, q=0.9)
    alpha = bounds.alpha_for_compliance(0.8, 10_000, 1.0, 7.0, a1)
    shortfall = bounds.shortfall_bound(np.array([10_000.0]), alpha, 1.0, 7.0, a1)
    assert alpha - shortfall == pytest.approx([0.8])


def test_cost_gap_of_theorem_2() -> None:
    gap = bounds.cost_gap(16, v=10.0, c=2.0, n_models=3, f_min=0.5, mean_queue=20.0, cost_max=8.0)
    assert gap.drift == pytest.approx(0.05)
    assert gap.prediction == pytest.approx(2 / 10 * 3 * 0.5 * 20)
    assert gap.exploration == pytest.approx(3 * 8)  # all 16 are explored
    assert gap.total == pytest.approx(0.05 + 6 + 24)


@pytest.mark.parametrize(("alpha", "b"), [(0.8, 0.32), (0.5, 0.125), (0.1, 0.405)])
def test_drift_plus_penalty_cost_gap(alpha: float, b: float) -> None:
    gap = bounds.dpp_cost_gap(
        16, v=10.0, c=1.0, alpha=alpha, mean_queue_error=0.3, cost_all=12.0, cost_best=2.0
    )
    explored = sum(t**-0.25 for t in range(1, 17))
    assert gap.drift == pytest.approx(b / 10)
    assert gap.prediction == pytest.approx(0.06)
    assert gap.exploration == pytest.approx(10 * explored / 16)


def test_drift_plus_penalty_queue_bound() -> None:
    # sqrt(2 x 50 x (.32 + 10 x 7) + 4 x 3)
    bound = bounds.dpp_queue_bound(
        np.array([50.0]), v=10.0, alpha=0.8, delta_e=7.0, queue_error=3.0
    )
    assert bound == pytest.approx([np.sqrt(100 * 70.32 + 12)])


def test_fluid_queue() -> None:
    assert bounds.fluid_queue(10.0, 20 / 3) == pytest.approx(200 / 3)


@pytest.mark.parametrize(
    ("alpha", "q", "theta"),
    [
        (1 / 2, 3 / 4, 2 * np.log(3)),  # u = e^(theta / 2): (3/4) / u + u / 4 = 1 at u = 3
        (2 / 3, 6 / 7, 3 * np.log(2)),  # u = e^(theta / 3): (6/7) / u + u^2 / 7 = 1 at u = 2
    ],
)
def test_debt_exponent(alpha: float, q: float, theta: float) -> None:
    assert bounds.debt_exponent(alpha, q) == pytest.approx(theta)


def test_debt_exponent_of_a_model_that_is_hardly_adequate() -> None:
    # Small theta: twice the mean over the variance of a step
    assert bounds.debt_exponent(0.8, 0.8 + 1e-6) == pytest.approx(2e-6 / 0.16, rel=1e-4)


def test_a_model_that_never_fails_lets_no_debt_grow() -> None:
    x = np.array([0.5, 0.9])
    assert bounds.debt_exponent(0.8, 1.0) == np.inf
    assert bounds.excursion_tail(x, 0.8, 1.0).tolist() == [1.0, 0.0]
    assert bounds.debt_tail(x, 0.8, 1.0).tolist() == [1.0, 0.0]


def test_excursion_tail() -> None:
    # 8^-(x - 2/3) with theta = log 8; 1 up to one miss beyond the level
    x = np.array([0.0, 2 / 3, 1.0, 5 / 3])
    assert bounds.excursion_tail(x, 2 / 3, 6 / 7) == pytest.approx([1, 1, 0.5, 1 / 8])


def test_debt_tail_is_no_more_than_with_an_exponent_put_in_by_hand() -> None:
    # u = e^(eta / 3) = 7/4: m = (6/7) / u + u^2 / 7 = 727 / 784, and e^(-eta (5 - 2/3)) = u^-13
    by_hand = 1.75**-13 / (57 / 784)
    (tail,) = bounds.debt_tail(np.array([5.0]), 2 / 3, 6 / 7)
    assert 0.5 * by_hand < tail <= by_hand


@pytest.mark.parametrize("q", [0.8, 0.7])
def test_without_an_adequate_model_a_debt_has_no_tail(q: float) -> None:
    for bound in (bounds.excursion_tail, bounds.debt_tail):
        with pytest.raises(
            SettingError, match=f"q must be above alpha = 0.8 and at most 1, got {q}"
        ):
            bound(np.ones(1), 0.8, q)
