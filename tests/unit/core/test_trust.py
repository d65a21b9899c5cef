"""What signals are worth: Bayes' rule by hand, its score and information, the debt with audits."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messplus.core.bounds import audit_noise, owed
from messplus.core.trust import (
    Counts,
    Signals,
    Trust,
    believe,
    information,
    learn,
)
from messplus.errors import SettingError

probabilities = st.floats(0.01, 0.99)
counts = st.floats(0.0, 1e4)
user_counts = st.builds(
    Counts, st.tuples(counts, counts, counts), st.tuples(counts, counts, counts)
)
judge_counts = st.builds(Counts, st.tuples(counts, counts), st.tuples(counts, counts))
trusts = st.builds(Trust, user=user_counts, judge=judge_counts)
signals = st.builds(
    Signals,
    user=st.sampled_from(["yes", "no", "silent"]),
    judge=st.sampled_from(["yes", "no", None]),
)

# 1,000,000 audits: of the satisfied 30 % said yes and none no, of the others 5 % said no; the judge
# is right nine times in ten. So many that the prior does not matter.
USER = Counts((240_000.0, 0.0, 560_000.0), (0.0, 10_000.0, 190_000.0))
JUDGE = Counts((720_000.0, 80_000.0), (20_000.0, 180_000.0))
KNOWN = Trust(USER, JUDGE)


def test_at_first_silence_says_nothing_and_words_are_mildly_trusted() -> None:
    fresh = Trust()
    assert believe(fresh, 0.6, Signals()) == pytest.approx(0.6)
    assert believe(fresh, 0.5, Signals("yes")) == pytest.approx(2 / 3)
    assert believe(fresh, 0.5, Signals(judge="no")) == pytest.approx(1 / 3)
    assert believe(fresh, 0.5, Signals("yes", "no")) == pytest.approx(0.5)


def test_bayes_rule_by_hand() -> None:
    # odds of 1 and .9 / .1 from the judge
    assert believe(KNOWN, 0.5, Signals("silent", "yes")) == pytest.approx(
        9 * 0.7 / 0.95 / (1 + 9 * 0.7 / 0.95), abs=1e-3
    )
    # Silence: 70 % of the satisfied, 95 % of the others. The lazy are the happy less often here.
    assert believe(KNOWN, 0.8, Signals()) == pytest.approx(0.56 / (0.56 + 0.19), abs=1e-3)
    assert believe(KNOWN, 0.1, Signals("yes")) > 0.99


def test_silence_keeps_saying_nothing_while_nobody_answers() -> None:
    trust = Trust()
    for i in range(40):  # three quarters satisfied
        trust = learn(trust, Signals(), float(i % 4 > 0))
    assert believe(trust, 0.6, Signals()) == pytest.approx(0.6, abs=1e-3)
    assert believe(trust, 0.5, Signals("yes")) == pytest.approx(2 / 3, abs=0.01)


def test_a_judge_that_says_the_opposite_is_read_that_way() -> None:
    trust = Trust()
    for i in range(30):
        trust = learn(trust, Signals(judge="no" if i % 2 else "yes"), float(i % 2))
    assert believe(trust, 0.5, Signals(judge="no")) > 0.8


def test_an_absent_judge_teaches_nothing_about_judges() -> None:
    assert learn(Trust(), Signals("no"), 0.0).judge == Trust().judge


def test_a_graded_truth_counts_in_both_parts() -> None:
    trust = learn(Trust(), Signals("yes"), 0.25)
    assert trust.user == Counts((0.25, 0.0, 0.0), (0.75, 0.0, 0.0))


@given(trusts, probabilities, signals)
def test_a_belief_is_a_probability_that_rises_with_the_prediction(
    trust: Trust, p: float, heard: Signals
) -> None:
    f = believe(trust, p, heard)
    assert 0.0 < f < 1.0
    assert believe(trust, p / 2, heard) < f


@given(trusts)
def test_likelihoods_are_distributions(trust: Trust) -> None:
    for channel in (trust.user, trust.judge):
        for row in channel.likelihoods():
            assert sum(row) == pytest.approx(1.0)
            assert min(row) > 0.0


@given(trusts, probabilities, st.sampled_from(["yes", "no"]))
def test_the_score_of_a_signal_is_f_minus_p(trust: Trust, p: float, said: str) -> None:
    # d/d logit p of log( p P(signal | 1) + (1 - p) P(signal | 0) ), numerically
    satisfied, dissatisfied = trust.judge.likelihoods()
    i = ("yes", "no").index(said)

    def log_likelihood(logit: float) -> float:
        q = 1.0 / (1.0 + math.exp(-logit))
        return math.log(q * satisfied[i] + (1.0 - q) * dissatisfied[i])

    logit, step = math.log(p / (1.0 - p)), 1e-4
    score = (log_likelihood(logit + step) - log_likelihood(logit - step)) / (2 * step)
    f = believe(Trust(judge=trust.judge), p, Signals(judge="yes" if i == 0 else "no"))
    assert f - p == pytest.approx(score, abs=1e-6)


@given(trusts, probabilities)
def test_information_is_the_mean_square_of_the_score(trust: Trust, p: float) -> None:
    satisfied, dissatisfied = trust.judge.likelihoods()
    alone = Trust(judge=trust.judge)
    expected = 0.0
    for i, said in enumerate(("yes", "no")):
        f = believe(alone, p, Signals(judge="yes" if said == "yes" else "no"))
        chance = p * satisfied[i] + (1.0 - p) * dissatisfied[i]
        expected += chance * (f - p) ** 2 / (p * (1.0 - p))
    assert information(trust, p, "judge") == pytest.approx(expected, abs=1e-9)
    assert 0.0 <= information(trust, p, "user") <= 1.0


def test_information_is_that_of_a_verdict_for_an_oracle_and_little_for_shy_users() -> None:
    oracle = Trust(judge=Counts((1e6, 0.0), (0.0, 1e6)))
    assert information(oracle, 0.7, "judge") == pytest.approx(1.0, abs=1e-3)
    assert information(KNOWN, 0.5, "judge") == pytest.approx(0.64, abs=1e-3)  # (.9 - .1)^2
    assert information(Trust(), 0.7, "user") < 0.02


@given(probabilities, probabilities, probabilities, st.sampled_from([0.0, 1.0]))
def test_the_debt_is_right_on_average_over_the_audits(
    alpha: float, f: float, rate: float, s: float
) -> None:
    audited, not_audited = owed(alpha, f, rate, audit=s), owed(alpha, f, rate)
    mean = rate * audited + (1.0 - rate) * not_audited
    assert mean == pytest.approx(alpha - s, abs=1e-9)
    variance = rate * (audited - mean) ** 2 + (1.0 - rate) * (not_audited - mean) ** 2
    assert variance == pytest.approx((s - f) ** 2 * (1.0 - rate) / rate, rel=1e-6, abs=1e-9)


def test_audit_noise_by_hand() -> None:
    assert audit_noise(0.5, 0.1) == pytest.approx(2.25)  # .25 * 9
    assert audit_noise(1.0, 0.1) == 0.0
    assert owed(0.7, 0.4, 1.0, audit=1.0) == pytest.approx(-0.3)  # all audited: the verdict


@pytest.mark.parametrize("rate", [0.0, 1.1])
def test_an_audit_rate_out_of_range_is_refused(rate: float) -> None:
    with pytest.raises(SettingError):
        owed(0.7, 0.5, rate)
