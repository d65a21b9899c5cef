"""The exponent of a debt's tail, for any promise and any adequate model."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from messplus.core.bounds import debt_exponent, debt_tail, excursion_tail

promises = st.floats(0.05, 0.98)
parts = st.floats(0.01, 0.99)
"""How far from alpha to 1 a model is."""


@given(promises, parts)
def test_it_solves_its_equation(alpha: float, part: float) -> None:
    q = alpha + part * (1 - alpha)
    theta = debt_exponent(alpha, q)
    assert theta > 0
    moment = q * math.exp(-theta * (1 - alpha)) + (1 - q) * math.exp(theta * alpha)
    assert math.isclose(moment, 1.0, abs_tol=1e-9)


@given(promises, parts, parts)
def test_it_grows_with_the_model_and_falls_with_the_promise(
    alpha: float, one: float, two: float
) -> None:
    low, high = sorted((one, two))
    room = 1 - alpha
    assert debt_exponent(alpha, alpha + low * room) <= debt_exponent(alpha, alpha + high * room)
    q = alpha + high * room
    assert debt_exponent(alpha, q) <= debt_exponent(alpha * (1 - 0.5 * low), q)


@given(promises, parts)
def test_tails_are_probabilities_that_fall_and_a_time_is_not_bounded_below_an_excursion(
    alpha: float, part: float
) -> None:
    q = alpha + part * (1 - alpha)
    x = np.linspace(0.0, 20.0, 41)
    excursion, time = excursion_tail(x, alpha, q), debt_tail(x, alpha, q)
    for tail in (excursion, time):
        assert np.all((tail >= 0) & (tail <= 1))
        assert np.all(np.diff(tail) <= 0)
    assert np.all(time >= excursion)
