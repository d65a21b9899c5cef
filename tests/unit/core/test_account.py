"""What is owed, by word and by audit, by hand."""

from dataclasses import fields, replace
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messplus.core.account import FEW, REMEMBERED, Account, Ledger
from messplus.core.types import Source


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


def booked(n: int, most_age: int, seed: int, account: Account) -> tuple[Account, list[float]]:
    """A stream of answers and of verdicts at most so old; numbers that tell how it went."""
    rng = np.random.default_rng(seed)
    told: list[float] = []
    labels = 0.0
    sources: tuple[Source, ...] = ("user", "user", "judge", "check", "audit")
    for t in range(n):
        account = account.answered(float(rng.uniform(0.5, 1)))
        if rng.random() < 0.05:
            account = account.reconsidered(float(rng.uniform(0.5, 1)))
        if rng.random() < 0.6:
            late = max(0, t - int(rng.integers(0, most_age)))
            source = sources[int(rng.integers(5))]
            account, label = account.judged(late, float(rng.random() < 0.75), source)
            labels += 0.0 if label is None else label
        if t % 500 == 499:
            told += [account.debt, account.by_word, account.by_worth, account.missed, labels]
    return account, told


def test_accounts_are_what_they_were_when_ledgers_had_one_size() -> None:
    """The digest was taken from a ledger with room for 4,096 requests from the start."""
    _, told = booked(6000, 4000, 7, Account(alpha=0.8, credit=50.0))
    assert sha256(np.array(told).tobytes()).hexdigest() == (
        "9c8c8a889b60fcd52b41f17af28e04fee09a322d8f3fecba0b08190f3a592578"
    )


def former(size: int) -> Ledger:
    """A ledger as snapshots held it: of full size, and without numbers of requests."""
    return Ledger(
        expected=np.zeros(size),
        by_word=np.zeros(size),
        by_worth=np.zeros(size),
        truth=np.full(size, np.nan),
        failed=np.zeros(size, np.bool_),
        signals=np.zeros(size, np.uint8),
    )


@given(st.integers(0, 300), st.integers(1, 40), st.integers(0, 10**6))
def test_a_ledger_that_grows_tells_what_a_large_one_does(n: int, age: int, seed: int) -> None:
    large = Account(alpha=0.8, ledger=former(1024))
    one, told = booked(n, age, seed, Account(alpha=0.8))
    other, the_same = booked(n, age, seed, large)
    assert told == the_same
    assert replace(one, ledger=large.ledger) == replace(other, ledger=large.ledger)
    assert len(one.ledger.at) <= max(FEW, 2 * n)
    assert [one.counted(t) for t in range(n)] == [other.counted(t) for t in range(n)]


def test_a_ledger_of_a_former_snapshot_goes_on_and_grows() -> None:
    size = 32
    account = after(*np.linspace(0.1, 0.9, size + 5))
    known = account.ledger
    ring = former(size)
    for t in range(5, size + 5):  # as such a ring was filled: modulo its length
        for one in fields(Ledger):
            if one.name != "at":
                getattr(ring, one.name)[t % size] = getattr(known, one.name)[known.place(t)]
    loaded = replace(account, ledger=ring)
    assert [loaded.counted(t) for t in range(5)] == [None] * 5
    assert [loaded.counted(t) for t in range(5, size + 5)] == [
        account.counted(t) for t in range(5, size + 5)
    ]
    loaded, account = loaded.answered(0.5), account.answered(0.5)
    assert len(loaded.ledger.at) == 2 * size
    for t in range(5, size + 6):
        assert loaded.counted(t) == account.counted(t)
    assert loaded.counted(4) is None


@given(st.lists(st.integers(1, 60), min_size=1, max_size=60))
def test_numbers_that_others_have_used_take_nobodys_place(jumps: list[int]) -> None:
    account, own = Account(alpha=0.8), {}
    for n, jump in enumerate(jumps):
        account = replace(account, t=account.t + jump - 1).answered(n / 100)
        own[account.t - 1] = n / 100
    for t in range(account.t):
        counted = account.counted(t)
        assert (counted is None) == (t not in own)
    assert len(account.ledger.at) <= max(FEW, 2 * account.t)


def test_a_promise_with_few_requests_takes_little_memory() -> None:
    book = Account(alpha=0.8).ledger
    assert sum(getattr(book, one.name).nbytes for one in fields(Ledger)) < 1000
