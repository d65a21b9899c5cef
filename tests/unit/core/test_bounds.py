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
