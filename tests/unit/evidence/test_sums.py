"""Calibration, delays, drift, series: sums that are read now and then."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messplus.evidence.calibration import Calibration, wilson
from messplus.evidence.delays import Delays
from messplus.evidence.drift import FALSE_ALARM, Drift
from messplus.evidence.series import MOST, Series


def test_calibration_by_hand() -> None:
    sums = Calibration()
    for predicted, satisfied in ((0.75, 1.0), (0.77, 0.0), (0.1, 0.0), (1.0, 1.0)):
        sums.add(predicted, satisfied)
    bins = sums.bins()
    assert [one.count for one in bins] == [1, 2, 1]
    assert bins[1].predicted == pytest.approx(0.76)
    assert bins[1].satisfied == pytest.approx(0.5)
    assert sums.brier == pytest.approx((0.0625 + 0.5929 + 0.01 + 0) / 4)
    sums.revise(0.77, 0.0, 1.0)
    assert sums.bins()[1].satisfied == 1.0
    assert sums.brier == pytest.approx((0.0625 + 0.0529 + 0.01 + 0) / 4)
    assert np.isnan(Calibration().brier)


def test_wilson_s_interval_is_the_textbook_s() -> None:
    assert wilson(0.5, 10, 0.95) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(1.0, 10, 0.95) == pytest.approx((0.7225, 1.0), abs=1e-4)


@given(st.lists(st.floats(0.002, 9e5), min_size=1, max_size=200), st.floats(0.01, 1.0))
def test_a_quantile_is_right_to_its_bin(seconds: list[float], q: float) -> None:
    sums = Delays()
    for one in seconds:
        sums.add(one)
    exact = float(np.quantile(seconds, q, method="inverted_cdf"))
    found = sums.quantile(q)
    assert found is not None
    assert 10 ** (-1.01 / 8) <= found / exact <= 10 ** (1.01 / 8)


def test_there_is_no_quantile_of_nothing() -> None:
    assert Delays().quantile(0.5) is None


def verdicts(drift: Drift, rng: random.Random, rate: float, n: int, predicted: float) -> int | None:
    """When an alarm began."""
    for i in range(n):
        drift.add(float(rng.random() < rate) - predicted, float(i))
        if drift.alarm:
            return i
    return None


@pytest.mark.parametrize(("rate", "direction"), [(0.4, "down"), (0.98, "up")])
def test_a_model_that_changes_is_noticed(rate: float, direction: str) -> None:
    drift, rng = Drift(), random.Random(5)
    assert verdicts(drift, rng, 0.7, 1000, 0.7) is None
    at = verdicts(drift, rng, rate, 1000, 0.7)
    assert at is not None
    assert at < 400
    assert drift.direction == direction
    assert drift.since_s is not None


def test_a_predictor_that_is_always_off_is_no_alarm() -> None:
    assert verdicts(Drift(), random.Random(1), 0.8, 3000, 0.65) is None


def test_false_alarms_are_rare() -> None:
    """Twenty streams of 2,500 calibrated verdicts: two alarms would be less likely than one in 40."""
    alarms = sum(
        verdicts(Drift(), random.Random(seed), 0.75, 2500, 0.75) is not None for seed in range(20)
    )
    assert alarms <= 20 * 2500 / FALSE_ALARM


def test_an_alarm_ends_when_predictions_fit_again() -> None:
    drift, rng = Drift(), random.Random(2)
    verdicts(drift, rng, 0.8, 500, 0.8)
    assert verdicts(drift, rng, 0.4, 1000, 0.8) is not None
    for i in range(3000):
        drift.add(float(rng.random() < 0.4) - 0.4, float(i))
    assert not drift.alarm
    assert drift.since_s is None


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=900), st.floats(0, 1e5))
def test_a_series_loses_nothing(times: list[float], since: float) -> None:
    series = Series()
    for at_s in times:
        bucket = series.at(at_s)
        bucket.requests += 1
        bucket.cost += at_s
        bucket.shares["m"] = bucket.shares.get("m", 0) + 1
    starts = [one.start_s for one in series.buckets]
    assert len(starts) <= MOST
    assert starts == sorted(set(starts))
    assert sum(one.requests for one in series.buckets) == len(times)
    assert sum(one.cost for one in series.buckets) == pytest.approx(sum(times))
    assert sum(one.shares.get("m", 0) for one in series.buckets) == len(times)
    whole = series.since(0.0)
    assert whole.requests == len(times)
    assert series.since(since).requests <= whole.requests


def test_buckets_widen_and_line_up() -> None:
    series = Series()
    for second in range(MOST + 1):
        series.at(1000.0 + second).requests += 1
    assert series.width_s == 4.0
    assert all(one.start_s % 4 == 0 for one in series.buckets)
    late = series.at(1001.0)
    late.requests += 1
    assert late is series.buckets[0]
    assert series.at(1.0) is series.buckets[0]  # a clock that was put back
