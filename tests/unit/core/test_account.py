"""What is owed, by word and by audit, by hand."""

import numpy as np
import pytest

from messplus.core.account import REMEMBERED, Account


def after(*expected: float, alpha: float = 0.7, credit: float = float("inf")) -> Account:
    """The account after so many answers, of which so much was expected."""
    account = Account(alpha=alpha, credit=credit)
    for one in expected:
        account = account.answered(one)
    return account


def test_an_answer_counts_as_expected_until_its_verdict_comes() -> None:
    account = after(0.8, 0.6)
    assert account.debt == pytest.approx(0.0)
    account, label = account.judged(1, 1.0, "user")
    assert label == 1.0
    assert account.debt == pytest.approx((0.7 - 0.8) + (0.7 - 1.0))
    assert account.believed == pytest.approx((0.8 + 1.0) / 2)


def test_a_second_verdict_replaces_the_first() -> None:
    account, _ = after(0.8).judged(0, 1.0, "user")
    account, _ = account.judged(0, 0.0, "user")
    assert account.debt == pytest.approx(0.7)
    assert account.labels.labels == 1.0  # one answer, however often it is judged


def test_another_model_in_place_of_the_chosen_one() -> None:
    account = after(0.5, 0.8).reconsidered(0.9)
    assert account.debt == pytest.approx((0.7 - 0.5) + (0.7 - 0.9))
    assert account.counted(1) == 0.9


def test_what_was_too_long_ago_is_not_booked() -> None:
    account = after(*[0.7] * (REMEMBERED + 1))
    same, label = account.judged(0, 0.0, "user")
    assert (same.debt, label, account.counted(0)) == (account.debt, 0.0, None)
    other, _ = account.judged(1, 0.0, "user")
    assert other.debt == pytest.approx(account.debt + 0.7)


def test_the_first_audit_takes_the_word_of_users_back() -> None:
    account = after(*[0.5] * 10)
    for t in range(9):
        account, _ = account.judged(t, 1.0, "user")  # all praise: by word far ahead
    assert account.debt == pytest.approx(9 * -0.3 + 0.2)
    account, label = account.judged(9, 0.0, "audit")
    assert label == 0.0
    assert account.audits == 1
    assert account.debt > 0.0  # praise of which nothing is known yet counts for little
    assert account.believed < 0.7


def test_audits_are_right_on_average_whatever_users_say() -> None:
    rng = np.random.default_rng(3)
    owed, truth = [], []
    for _ in range(60):
        account, satisfied = Account(alpha=0.7), rng.random(800) < 0.6
        for t, s in enumerate(satisfied.tolist()):
            account = account.answered(0.8)  # believes too much
            if s and rng.random() < 0.3:  # and hears the happy alone
                account, _ = account.judged(t, 1.0, "user")
            if rng.random() < 0.1:
                account, _ = account.judged(t, float(s), "audit")
        owed.append(account.owed)
        truth.append(float((0.7 - satisfied).sum()))
    error = np.array(owed) - np.array(truth)
    assert abs(error.mean()) < 3.5 * error.std() / np.sqrt(len(error)) + 8.0  # 1 point of 800


def test_an_opinion_that_audits_refute_teaches_nothing() -> None:
    account = after(*[0.6] * 200)
    for t in range(100):
        account, _ = account.judged(t, float(t % 2), "judge")
        account, _ = account.judged(t, float(t // 2 % 2), "audit")  # unrelated
    assert account.judged(150, 1.0, "judge")[1] is None


def test_an_opinion_that_audits_confirm_is_believed() -> None:
    account = after(*[0.6] * 200)
    for t in range(100):
        account, _ = account.judged(t, float(t % 2), "judge")
        account, _ = account.judged(t, float(t % 2), "audit")
    _, label = account.judged(150, 1.0, "judge")
    assert label is not None
    assert label > 0.95


def test_users_of_one_mood_are_noticed_and_audits_end_it() -> None:
    account = Account(alpha=0.7)
    for t in range(400):
        account = account.answered(0.7)
        if t % 4 == 0:
            account, _ = account.judged(t, 1.0, "user")
    assert account.mood == "only satisfied"
    assert "only satisfied" in account.blindfold
    account, _ = account.judged(399, 1.0, "audit")
    assert account.mood is None
    assert account.blindfold == ""
