"""Lemma A.3: how often the schedule explores."""

import math

import pytest
from tests.theory.simulate import Runs, exploration_noise

from messplus.core.exploration import expected_count


def test_mess_plus_explores_as_often_as_expected(known_p: tuple[float, Runs]) -> None:
    _, runs = known_p
    n_runs, n_requests = runs.explored.shape
    counts = runs.explored.sum(axis=1)
    # 4.5 standard errors of a mean of sums of independent coins: about 6 of 42
    tolerance = 4.5 * exploration_noise(0.1, n_requests) / math.sqrt(n_runs)
    assert counts.mean() == pytest.approx(expected_count(0.1, n_requests), abs=tolerance)


@pytest.mark.parametrize("c", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("n", [10, 1000, 100_000])
def test_the_expected_count_grows_like_4_3_c_t_to_the_3_4(c: float, n: int) -> None:
    # t^(-1/4) falls, so its sum lies between the integrals over [1, T + 1] and 1 + over [1, T]
    count = expected_count(c, n, first=False)
    assert 4 / 3 * c * ((n + 1) ** 0.75 - 1) <= count <= c + 4 / 3 * c * (n**0.75 - 1)
