"""The bounds for queues that are known late, with numbers that can be checked by hand."""

import numpy as np
import pytest

from messplus.core import bounds
from messplus.errors import SettingError


def test_unseen_steps() -> None:
    assert bounds.unseen_steps(0.8, np.array([0.0, 10.0])) == pytest.approx([0, 8])
    assert bounds.unseen_steps(0.1, 10.0) == pytest.approx(9)  # credit can be as far off


def test_stale_cost_gap() -> None:
    assert bounds.stale_cost_gap(4.0, 10.0) == 2.5


def test_stale_queue_bound() -> None:
    # sqrt(2 x 50 x (.32 + 10 x 7 + 20) + 4 x 3)
    bound = bounds.stale_queue_bound(
        np.array([50.0]), v=10.0, alpha=0.8, delta_e=7.0, queue_error=20.0, prediction_error=3.0
    )
    assert bound == pytest.approx([np.sqrt(100 * 90.32 + 12)])


def test_with_a_queue_known_at_once_it_is_the_bound_as_before() -> None:
    t = np.array([1.0, 400.0])
    assert bounds.stale_queue_bound(
        t, v=2.0, alpha=0.7, delta_e=3.0, queue_error=0.0
    ) == pytest.approx(bounds.dpp_queue_bound(t, v=2.0, alpha=0.7, delta_e=3.0))


def test_stale_debt_level() -> None:
    assert bounds.stale_debt_level(5.0, 0.8, 100.0) == pytest.approx(85)


@pytest.mark.parametrize(("every", "factor"), [(0.0, 1.0), (50.0, 4 / 3), (100.0, 2.0)])
def test_stale_variance(every: float, factor: float) -> None:
    assert bounds.stale_variance(0.01, every) == pytest.approx(factor)


@pytest.mark.parametrize("every", [200.0, 1000.0, -1.0])
def test_there_is_no_variance_where_it_swings_ever_wider(every: float) -> None:
    with pytest.raises(SettingError, match=r"gain \* every must be in \[0, 2\)"):
        bounds.stale_variance(0.01, every)
