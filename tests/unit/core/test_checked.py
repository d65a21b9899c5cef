"""The account stays right where rules fail answers, and where verdicts come after an audit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messplus.core.account import FAILING, Account
from messplus.core.types import Floats

ALPHA = 0.8


def after(*expected: float) -> Account:
    """The account after so many answers, of which so much was expected."""
    account = Account(alpha=ALPHA)
    for one in expected:
        account = account.answered(one)
    return account


def test_an_answer_that_failed_is_worth_nothing_whatever_its_user_says() -> None:
    account, label = after(0.8, 0.6).judged(1, 0.0, "check")
    assert account.counted(1) == 0.0
    assert label is None
    account, label = account.judged(1, 1.0, "user")
    assert account.counted(1) == 0.0
    assert label == 0.0  # what a user says is a label of an answer drawn like the others
    assert account.owed == pytest.approx(ALPHA - 0.8 + ALPHA)


def test_a_rule_is_neither_a_label_nor_a_mood() -> None:
    account = after(*[0.5] * 100)
    for t in range(60):
        account, _ = account.judged(t, 0.0, "check")
    assert (account.labels.labels, account.blame, account.mood) == (0.0, 0, None)
    assert "no verdict" in account.blindfold


def test_a_failure_counts_once_and_passing_says_nothing() -> None:
    once, _ = after(0.8, 0.6).judged(1, 0.0, "check")
    owed, excess = once.owed, once.failures.excess
    again, label = once.judged(1, 0.0, "check")
    assert (again.owed, again.failures.excess, label) == (owed, excess, None)
    passed, label = again.judged(0, 1.0, "check")
    assert (passed.owed, label) == (owed, None)


def test_failures_alone_leave_the_mean_as_it_was_expected() -> None:
    rng = np.random.default_rng(5)
    account, expected = Account(alpha=ALPHA), rng.uniform(0.6, 0.9, 4000)
    for t, p in enumerate(expected.tolist()):
        account = account.answered(p)
        if rng.random() < 0.4 * (1 - p):  # the less is expected, the more fail
            account, _ = account.judged(t, 0.0, "check")
    assert account.believed == pytest.approx(expected.mean(), abs=0.01)


def test_failures_teach_where_there_are_more_than_dissatisfied_users_were_expected() -> None:
    account, taught = Account(alpha=ALPHA), []
    for t in range(200):
        account = account.answered(0.8)
        if t < 100 and t % 10 == 0:  # one in ten fails: half of those that were to dissatisfy
            account, label = account.judged(t, 0.0, "check")
            assert label is None
        if t >= 100:  # the model is broken
            account, label = account.judged(t, 0.0, "check")
            taught.append(label)
    first = taught.index(0.0)
    assert first <= FAILING / 0.8 + 1
    assert set(taught[first:]) == {0.0}


def errors(*, judged: bool, late: bool, failing: float) -> Floats:
    """Believed minus true satisfaction of many runs in which users are biased and predictions wrong.

    Args:
        judged: Whether a mistaken judge has an opinion on each answer.
        late: Whether users and judge speak only after the audit.
        failing: Share of the bad answers that break a rule.
    """
    found = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        account, n, good = Account(alpha=ALPHA), 1000, 0
        for t in range(n):
            satisfied = bool(rng.random() < 0.7)
            good += satisfied
            audited, answers = rng.random() < 0.1, rng.random() < (0.3 if satisfied else 0.05)
            right, fails = rng.random() < 0.85, not satisfied and rng.random() < failing
            account = account.answered(0.8)
            if audited and late:
                account, _ = account.judged(t, float(satisfied), "audit")
            if fails:
                account, _ = account.judged(t, 0.0, "check")
            if judged:
                account, _ = account.judged(t, float(satisfied == right), "judge")
            if answers:
                account, _ = account.judged(t, float(satisfied), "user")
            if audited and not late:
                account, _ = account.judged(t, float(satisfied), "audit")
        found.append(account.believed - good / n)
    return np.array(found)


@pytest.mark.parametrize("judged", [False, True])
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("failing", [0.0, 0.5])
def test_audits_are_right_on_average_in_whatever_order_verdicts_come(
    judged: bool, late: bool, failing: float
) -> None:
    error = errors(judged=judged, late=late, failing=failing)
    assert abs(error.mean()) < 3.0 * error.std() / np.sqrt(len(error)) + 0.005


def test_a_later_word_is_learned_from_as_if_it_had_come_before_the_audit() -> None:
    early = after(*[0.7] * 40)
    late = after(*[0.7] * 40)
    for t in range(40):
        satisfied, said = float(t % 4 != 0), float(t % 2)
        early, _ = early.judged(t, said, "user")
        early, _ = early.judged(t, satisfied, "audit")
        late, _ = late.judged(t, satisfied, "audit")
        late, label = late.judged(t, said, "user")
        assert label is None  # its truth was learned already
    for one, other in ((early.trust.user, late.trust.user), (early.trust.judge, late.trust.judge)):
        assert one.satisfied == pytest.approx(other.satisfied)
        assert one.dissatisfied == pytest.approx(other.dissatisfied)
    assert late.counted(39) == 1.0  # the truth, not the word


def test_another_audit_of_an_answer_replaces_the_one_before() -> None:
    twice, _ = after(*[0.7] * 5).judged(2, 1.0, "audit")
    twice, _ = twice.judged(2, 0.0, "audit")
    once, _ = after(*[0.7] * 5).judged(2, 0.0, "audit")
    assert twice.owed == pytest.approx(once.owed)
    assert twice.audits == 1
    assert twice.trust.user.satisfied == pytest.approx(once.trust.user.satisfied)


PREDICTED = st.floats(0.0, 1.0)


@given(
    st.lists(
        PREDICTED | st.tuples(st.sampled_from(("check", "instead")), st.integers(0, 30), PREDICTED)
    )
)
def test_of_an_answer_that_passes_never_less_is_expected_than_of_any(
    happened: list[float | tuple[str, int, float]],
) -> None:
    account = after(0.5)
    for one in happened:
        if isinstance(one, float):
            account = account.answered(one)
        elif one[0] == "instead":
            account = account.reconsidered(one[2])
        else:
            account, _ = account.judged(one[1] % account.t, 0.0, "check")
        for p in (0.0, 0.3, 1.0):
            assert p <= account.failures.passed(p) <= 1.0
        assert -1e-9 <= account.believed <= 1.0 + 1e-9
