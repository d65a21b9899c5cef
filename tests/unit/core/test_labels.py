"""How many verdicts there are, whatever their delay; and the alarm when they are one-sided."""

from heapq import heappop, heappush

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messplus.core.labels import LabelRate, one_sided


def estimates(share: float, delay: int, n: int) -> list[float]:
    """The estimate after each of n decisions of which a random share is judged that much later."""
    rng = np.random.default_rng(3)
    labels, seen = LabelRate(), []
    due: list[int] = []
    for t in range(n):
        labels = labels.decided()
        if rng.random() < share:
            heappush(due, t + delay)
        while due and due[0] <= t:
            heappop(due)
            labels = labels.judged(delay)
        seen.append(labels.rate)
    return seen


@pytest.mark.parametrize("delay", [0, 300, 1000])
def test_where_all_is_judged_the_rate_is_one_from_the_start(delay: int) -> None:
    assert min(estimates(1.0, delay, 3000)) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("delay", [0, 300, 1000])
@pytest.mark.parametrize("share", [0.3, 0.05])
def test_a_small_share_is_found_whatever_the_delay(share: float, delay: int) -> None:
    seen = estimates(share, delay, 4000)
    after_thirty = int(30 / share) + delay
    assert min(seen) > share / 2.5
    assert max(seen[after_thirty:]) < 1.6 * share
    assert seen[-1] == pytest.approx(share, rel=0.25)


def test_it_follows_a_change() -> None:
    labels = LabelRate()
    for t in range(30_000):
        labels = labels.decided()
        if t < 10_000 or t % 10 == 0:
            labels = labels.judged(0)
    assert labels.rate == pytest.approx(0.1, abs=0.03)


def test_verdicts_count_by_what_they_are_worth() -> None:
    labels = LabelRate()
    for _ in range(1000):
        labels = labels.decided().judged(0, worth=0.25)
    assert labels.rate == pytest.approx(0.25, abs=0.01)


def test_without_verdicts_the_rate_falls_only_once_they_are_overdue() -> None:
    assert LabelRate(decisions=1000).rate == 1.0
    assert LabelRate(decisions=2000).rate < 0.01


@given(st.integers(0, 10**6), st.floats(0, 1e5), st.floats(0, 1e8))
def test_the_rate_is_a_share(decisions: int, labels: float, ages: float) -> None:
    assert 0.0 < LabelRate(decisions, labels, ages).rate <= 1.0


def test_the_alarm_by_hand() -> None:
    # At alpha = .7 the zoo is between .45 and .8: .8^30 = .0012, .8^31 = .00099; .55^30 is tiny
    assert one_sided(30, 0, 600, 0.7) is None
    assert one_sided(31, 0, 600, 0.7) == "only satisfied"
    assert one_sided(0, 30, 600, 0.7) == "only dissatisfied"
    assert one_sided(0, 29, 600, 0.7) is None
    assert one_sided(60, 1, 600, 0.7) is None
    assert one_sided(150, 1, 600, 0.7) == "only satisfied"
    assert one_sided(600, 0, 600, 0.7) is None  # everybody answers: so it is
    assert one_sided(5000, 0, 100_000, 0.95) is None  # as good as promised


@given(st.floats(0.5, 0.9), st.integers(250, 10**6))
def test_one_sided_feedback_raises_the_alarm_within_200_verdicts(
    alpha: float, requests: int
) -> None:
    assert one_sided(200, 0, requests, alpha) == "only satisfied"
    assert one_sided(0, 200, requests, alpha) == "only dissatisfied"


@pytest.mark.parametrize("alpha", [0.3, 0.5, 0.7, 0.85, 0.9, 0.93, 0.95])
@pytest.mark.parametrize("off", [-0.1, 0.0, 0.05])
def test_a_random_sample_practically_never_does(alpha: float, off: float) -> None:
    rng = np.random.default_rng(1)
    alarms = 0
    for _ in range(100):  # users whose answers are 5 % of 20,000 requests, looked at every ten
        good = np.cumsum(rng.random(1000) < alpha + off)
        alarms += any(
            one_sided(int(good[n - 1]), int(n - good[n - 1]), 20 * n, alpha)
            for n in range(30, 500, 10)
        )
    assert alarms <= 1


@settings(max_examples=50)
@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 5000), st.floats(0.01, 1.0))
def test_the_alarm_names_the_kind_that_comes(
    good: int, bad: int, silent: int, alpha: float
) -> None:
    alarm = one_sided(good, bad, good + bad + silent, alpha)
    if alarm:
        assert (alarm == "only satisfied") == (good > bad)
        assert good + bad >= 30
