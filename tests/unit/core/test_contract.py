"""The shield worked by hand, its account, and which model is safe."""

from dataclasses import replace

import numpy as np
import pytest

from messplus.core.contract import Contract, WindowAccount, capped, headroom, must_be_safe
from messplus.core.safe import attainable, safe_model
from messplus.errors import SettingError

ALPHA, Q = 0.5, 0.9


def test_the_last_request_is_the_safe_models_just_if_it_decides() -> None:
    # One request left at alpha = 1/2. Owed .5: it has to succeed. Owed -.5: nothing depends on it.
    # Owed 1: lost whatever comes.
    for debt, safe in ((0.5, True), (-0.5, False), (1.0, False)):
        account = WindowAccount(left=1, debt=debt)
        assert must_be_safe(account, ALPHA, Q, delta=0.05) is safe


def test_the_shield_takes_over_where_one_more_failure_would_be_too_many() -> None:
    # Four requests of which two have to be satisfied. After one failure the safe model makes two of
    # three with probability 3 * .81 * .1 + .729 = .972; after two failures two of two with .81.
    fresh = Contract(window=4).open()
    assert not must_be_safe(fresh, ALPHA, Q, delta=0.03)
    assert must_be_safe(fresh, ALPHA, Q, delta=0.02)
    once = fresh.served(ALPHA, 0.0)
    assert once.chance(ALPHA, Q) == pytest.approx(0.972)
    assert must_be_safe(once, ALPHA, Q, delta=0.1)
    assert not must_be_safe(once, ALPHA, Q, delta=0.2)
    assert headroom(fresh, ALPHA, Q, delta=0.03) == 1
    assert headroom(fresh, ALPHA, Q, delta=0.2) == 2


def test_luck_of_the_safe_model_is_not_spent_by_the_router() -> None:
    # After a failure, two of three are needed: .972. The safe model makes the first of them, then
    # one of two is: .99. So it was lucky by .018, and the router may fail only if the chance after
    # that (.9: one of one) is 1 - delta + .018 or more.
    account = Contract(window=4).open().served(ALPHA, 0.0).guarded(Q).judged(ALPHA, 1.0)
    assert account.luck == pytest.approx(0.018)
    assert must_be_safe(account, ALPHA, Q, delta=0.11)
    assert not must_be_safe(replace(account, luck=0.0), ALPHA, Q, delta=0.11)
    assert not must_be_safe(account, ALPHA, Q, delta=0.12)


def test_what_the_shield_served_stays_open_until_its_verdict() -> None:
    account = WindowAccount(left=3, debt=0.5).guarded(Q)
    assert (account.left, account.pending, account.debt) == (2, 1, 0.5)
    assert account.chance(ALPHA, Q) == WindowAccount(left=3, debt=0.5).chance(ALPHA, Q)
    judged = account.judged(ALPHA, 0.0)
    assert (judged.left, judged.pending, judged.debt) == (2, 0, 1.0)


def test_a_verdict_takes_the_place_of_what_was_counted() -> None:
    account = Contract(window=5).open(index=7).served(0.8, 0.6).corrected(0.6, 1.0)
    assert account.debt == pytest.approx(0.8 - 1.0)
    assert (account.left, account.index) == (4, 7)


def test_a_closed_window_is_a_record_that_late_verdicts_correct() -> None:
    contract = Contract(window=2)
    closed = contract.open().served(ALPHA, 0.0).served(ALPHA, 0.0)
    opened = contract.open(closed.index + 1)
    assert closed.left == 0
    assert closed.need(ALPHA) == 1.0
    assert closed.corrected(0.0, 1.0).need(ALPHA) == 0.0
    assert opened == WindowAccount(left=2, index=1)


def test_a_window_without_a_count_takes_each_request_for_the_last_once_time_is_up() -> None:
    account = WindowAccount(left=1, debt=0.2).served(ALPHA, 1.0).served(ALPHA, 1.0)
    assert account.left == 0
    assert not must_be_safe(account, ALPHA, Q, delta=0.05)  # .8 ahead
    assert must_be_safe(account.served(ALPHA, 0.0), ALPHA, Q, delta=0.05)  # .3 ahead
    assert account.expecting(30).left == 30


def test_the_rate_needed_is_the_least_that_makes_a_window() -> None:
    contract = Contract(window=200, delta=0.05)
    rate = contract.rate_needed(0.8)
    assert 0.8 < rate < 0.86
    assert contract.open().chance(0.8, rate) >= 0.95
    assert contract.open().chance(0.8, rate - 1e-4) < 0.95
    assert Contract(window=2000).rate_needed(0.8) < rate
    assert Contract(window=200, graded=True).rate_needed(0.8) > rate


@pytest.mark.parametrize(("window", "delta"), [(0, 0.05), (100, 0.0), (100, 1.0)])
def test_settings_out_of_range_are_refused(window: int, delta: float) -> None:
    with pytest.raises(SettingError):
        Contract(window=window, delta=delta)


LEVEL = np.array([0.6, 0.80, 0.85, 0.95])
COST = np.array([1.0, 2.0, 5.0, 90.0])


def test_the_safe_model_is_the_cheapest_that_is_surely_good_enough() -> None:
    sure = np.zeros(4)
    assert safe_model(LEVEL, sure, COST, 0.7, 0.02)[::2] == (1, True)
    assert safe_model(LEVEL, sure, COST, 0.8, 0.02)[::2] == (2, True)
    # odds of 4, 2 * .25 lower in log-odds: 4 e^-.5 = 2.426, a rate of .708
    doubtful = np.array([0.25, 0.25, 0.0, 0.0])
    assert safe_model(LEVEL, doubtful, COST, 0.7, 0.02).model == 2
    safe = safe_model(LEVEL, doubtful, COST, 0.7, 0.0)
    assert (safe.model, safe.known) == (1, True)
    assert safe.rate == pytest.approx(0.708, abs=1e-3)


def test_without_a_safe_model_it_is_the_best_by_its_lower_bound() -> None:
    doubt = np.array([0.0, 0.1, 0.1, 2.0])
    safe = safe_model(LEVEL, doubt, COST, 0.9, 0.0)
    assert (safe.model, safe.known) == (2, False)
    gone = np.where(np.arange(4) == 2, np.inf, COST)
    assert safe_model(LEVEL, doubt, gone, 0.9, 0.0).model == 1
    assert safe_model(LEVEL, np.zeros(4), gone, 0.82, 0.0).model == 3


def test_whether_a_promise_is_attainable() -> None:
    level, doubt = (
        np.array([0.5, 0.8]),
        np.array([0.2, 0.2]),
    )  # bounds of the better one: .728, .856
    assert attainable(level, doubt, 0.72) == "yes"
    assert attainable(level, doubt, 0.80) == "doubtful"
    assert attainable(level, doubt, 0.86) == "no"
    assert attainable(np.array([1.0]), np.array([0.0]), 0.999) == "yes"


def test_credit_is_capped() -> None:
    assert capped(-12.0, 10.0) == -10.0
    assert capped(3.0, 10.0) == 3.0
