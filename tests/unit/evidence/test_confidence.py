"""The boundary of a confidence sequence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messplus.core.types import Floats
from messplus.errors import SettingError
from messplus.evidence.confidence import _PSI, _RATES, Deviations, boundary


def log_mixture(s: float, v: float) -> float:
    return float(np.log(np.mean(np.exp(_RATES * s - _PSI * v))))


@pytest.mark.parametrize("v", [0.0, 0.5, 10.0, 1e3, 1e5])
def test_it_is_where_the_mixture_reaches_its_level(v: float) -> None:
    u = float(boundary(v, level=0.95))
    assert log_mixture(u, v) == pytest.approx(np.log(2 / 0.05), rel=1e-6)


@given(st.floats(0, 1e6), st.floats(0.1, 10.0))
def test_it_grows_with_the_variance_and_scales(v: float, scale: float) -> None:
    u = float(boundary(v))
    assert float(boundary(v + 1.0)) > u
    assert float(boundary(v * scale**2, scale=scale)) == pytest.approx(scale * u, rel=1e-6)
    assert float(boundary(v, level=0.99)) > u


def test_arrays_are_as_one_by_one() -> None:
    v = np.array([[0.0, 1.0], [np.nan, 100.0]])
    u: Floats = boundary(v)
    assert np.isnan(u[1, 0])
    for place in ((0, 0), (0, 1), (1, 1)):
        assert u[place] == pytest.approx(float(boundary(float(v[place]))))


def test_it_is_not_far_from_what_one_look_would_need() -> None:
    """Beside the normal interval for one look: less than twice as wide from a thousand on."""
    for n in (1_000, 10_000, 100_000):
        assert float(boundary(0.16 * n)) < 2.2 * 1.96 * np.sqrt(0.16 * n)


@pytest.mark.parametrize("wrong", [{"scale": 0.0}, {"level": 0.0}, {"level": 1.0}])
def test_settings_out_of_range(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingError):
        boundary(1.0, **wrong)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=50))
def test_deviations_are_from_the_mean_before(values: list[float]) -> None:
    sums = Deviations()
    for x in values:
        sums.add(x)
    before = [0.0, *(float(np.mean(values[:n])) for n in range(1, len(values)))]
    expected = sum((x - m) ** 2 for x, m in zip(values, before, strict=True))
    assert sums.variance == pytest.approx(expected, abs=1e-9)
    assert sums.mean == pytest.approx(np.mean(values), abs=1e-12)
    low, high = sums.interval(scale=2.0)
    assert low < sums.mean < high


def test_nothing_is_known_at_first() -> None:
    assert Deviations().interval() == (-np.inf, np.inf)
