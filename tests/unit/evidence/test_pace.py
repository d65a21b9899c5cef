"""Requests per second, of late."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messplus.evidence.pace import SECONDS, Pace


def pace(*times: float) -> Pace:
    made = Pace()
    for at_s in times:
        made.add(at_s)
    return made


def test_a_steady_stream() -> None:
    steady = pace(*(1000.0 + n / 4 for n in range(4 * 120)))
    assert steady.per_second(1120.0) == pytest.approx(4.0)


def test_what_is_older_than_a_minute_is_gone() -> None:
    assert pace(1000.0).per_second(1001.0) == pytest.approx(1 / SECONDS)
    assert pace(1000.0).per_second(1000.0 + SECONDS + 1) == 0.0
    assert pace(1000.0, 5000.0).per_second(5001.0) == pytest.approx(1 / SECONDS)


def test_the_second_under_way_is_left_out() -> None:
    assert pace(1000.5).per_second(1000.9) == 0.0


@given(st.lists(st.integers(0, 300), max_size=200), st.integers(0, 400))
def test_it_counts_the_last_minute(offsets: list[int], now: int) -> None:
    times = sorted(offsets)
    counted = sum(now - SECONDS <= at < now for at in times)
    newest = max(times, default=0)
    remembered = sum(now - SECONDS <= at < now and at > newest - SECONDS for at in times)
    made = pace(*(1000.0 + at for at in times)).per_second(1000.0 + now) * SECONDS
    assert remembered <= round(made) <= counted
