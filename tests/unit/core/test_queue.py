"""The arithmetic of the virtual queue."""

import numpy as np
import pytest

from messplus.core.queue import QueueStep, merge, path, step


def test_a_miss_adds_alpha_and_a_hit_pays_the_rest() -> None:
    assert step(0.75, 0.0)(2.0) == 2.75
    assert step(0.75, 1.0)(2.0) == 1.75


def test_the_queue_is_never_negative() -> None:
    assert step(0.75, 1.0)(0.1) == 0.0


def test_two_steps_as_one() -> None:
    both = step(0.75, 1.0).then(step(0.75, 0.0))  # a hit, then a miss: at least .75 afterwards
    assert both == QueueStep(a=0.5, b=0.75)
    assert (both(0.0), both(2.0)) == (0.75, 2.5)


def test_the_order_of_steps_matters() -> None:
    hit, miss = step(0.75, 1.0), step(0.75, 0.0)
    assert hit.then(miss)(0.0) == 0.75
    assert miss.then(hit)(0.0) == 0.5


def test_no_steps_change_nothing() -> None:
    assert merge([])(1.5) == 1.5


def test_the_path_of_a_short_stream() -> None:
    # alpha .75: miss, hit, hit, hit, hit, miss
    satisfied = np.array([0.0, 1.0, 1.0, 1.0, 1.0, 0.0])
    assert path(0.75, satisfied) == pytest.approx([0.75, 0.5, 0.25, 0.0, 0.0, 0.75])


def test_the_path_of_no_requests_is_empty() -> None:
    assert path(0.75, np.array([])).shape == (0,)
