"""Tails of the binomial: against scipy, and the closed bound below the exact probability."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from messplus.core.binomial import at_least, at_least_bound

rates = st.one_of(st.floats(0.0, 1.0), st.sampled_from([0.0, 1e-6, 0.5, 1 - 1e-6, 1.0]))


def test_by_hand() -> None:
    assert at_least(2, 1, 0.5) == pytest.approx(0.75)
    assert at_least(3, 3, 0.9) == pytest.approx(0.729)
    assert at_least(0, 0, 0.3) == 1.0
    assert at_least(0, 1, 0.3) == 0.0


@given(st.integers(0, 3000), st.integers(-3, 3003), rates)
def test_it_is_the_tail_of_the_binomial(n: int, need: int, q: float) -> None:
    assert at_least(n, need, q) == pytest.approx(float(binom.sf(need - 1, n, q)), abs=1e-11)


@pytest.mark.parametrize("q", [2e-5, 0.3, 0.99997])
def test_it_is_right_for_large_n_near_the_mean(q: float) -> None:
    n = 200_000
    sd = math.sqrt(n * q * (1 - q))
    for z in (-4.0, -1.6, 0.0, 1.6, 4.0):
        need = round(n * q + z * sd)
        assert at_least(n, need, q) == pytest.approx(float(binom.sf(need - 1, n, q)), abs=1e-9)


@given(st.integers(0, 500), st.integers(-3, 503), rates)
def test_the_bound_is_below_it_and_above_azumas(n: int, need: int, q: float) -> None:
    bound = at_least_bound(n, need, q)
    assert 0.0 <= bound <= at_least(n, need, q) + 1e-9
    if 0 < need <= n * q:
        assert bound >= 1.0 - math.exp(-2.0 * n * (q - need / n) ** 2) - 1e-9
