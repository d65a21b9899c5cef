"""The schedule p_t = min(1, c / t^(1/4))."""

import pytest

from messplus.core.exploration import expected_count, probability


@pytest.mark.parametrize(
    ("c", "t", "p"),
    [(0.1, 1, 0.1), (0.1, 16, 0.05), (0.1, 10_000, 0.01), (2.0, 16, 1.0), (3, 1, 1)],
)
def test_the_schedule_by_hand(c: float, t: int, p: float) -> None:
    assert probability(c, t) == pytest.approx(p)


def test_the_expected_count_by_hand() -> None:
    # c = 2: p = 1 for t <= 16, then 2 / 17^(1/4)
    assert expected_count(2.0, 17) == pytest.approx(16 + 2 / 17**0.25)


def test_the_first_request_counts_as_one_if_it_is_forced() -> None:
    assert expected_count(0.1, 1) == pytest.approx(1.0)
    assert expected_count(0.1, 1, first=False) == pytest.approx(0.1)
    assert expected_count(0.0, 100) == 1.0


def test_no_requests_no_exploration() -> None:
    assert expected_count(1.0, 0) == 0.0


@pytest.mark.parametrize(("c", "n", "count"), [(0.1, 1000, 24), (0.1, 3270, 58), (1.0, 1172, 267)])
def test_the_counts_of_the_papers_streams(c: float, n: int, count: int) -> None:
    assert expected_count(c, n, first=False) == pytest.approx(
        count, abs=0.5 + c / 3
    )  # rounded; sum < integral
