"""With few audits the debt is right although users are biased and predictions wrong; a judge helps.

Satisfaction is .7, the predictor says .85. Users answer with probability .3 if satisfied, .05 if not;
3 % of the answers are audited. In truth alpha - .7 is owed per request.
"""

import numpy as np
import pytest
from tests.theory.simulate import mean_and_error

from messplus.core.bounds import owed
from messplus.core.trust import Signals, Trust, believe, learn
from messplus.core.types import Floats

ALPHA, TRUE, PREDICTED, RATE = 0.75, 0.7, 0.85, 0.03
N_REQUESTS, N_RUNS = 1500, 40


def errors_of_debt(judge_right: float | None, *, heard: bool = True) -> Floats:
    """Estimated minus true debt at the end of each run.

    Args:
        judge_right: Probability that the judge is; None: there is none.
        heard: Whether users are heard. If not and without a judge, audits are all there is.
    """
    errors = np.empty(N_RUNS)
    for run in range(N_RUNS):
        rng = np.random.default_rng(run)
        satisfied = rng.random(N_REQUESTS) < TRUE
        answers = rng.random(N_REQUESTS) < np.where(satisfied, 0.3, 0.05)
        agrees = rng.random(N_REQUESTS) < (judge_right or 0.0)
        audited = rng.random(N_REQUESTS) < RATE
        trust, debt = Trust(), 0.0
        for s, answered, right, drawn in zip(satisfied, answers, agrees, audited, strict=True):
            signals = Signals(
                user=("yes" if s else "no") if heard and answered else "silent",
                judge=None if judge_right is None else "yes" if s == right else "no",
            )
            f = believe(trust, PREDICTED, signals)
            debt += owed(ALPHA, f, RATE, float(s) if drawn else None)
            if drawn:
                trust = learn(trust, signals, float(s))
        errors[run] = debt - (ALPHA * N_REQUESTS - satisfied.sum())
    return errors


@pytest.fixture(scope="module")
def with_judge() -> Floats:
    return errors_of_debt(0.95)


@pytest.fixture(scope="module")
def with_audits_alone() -> Floats:
    return errors_of_debt(None, heard=False)


def test_the_debt_is_unbiased_with_biased_users() -> None:
    mean, error = mean_and_error(errors_of_debt(None))
    assert abs(mean) < 3 * error
    # Counting only who answered would be off by far more: 93 % of the verdicts are good ones.
    counted = 0.7 * 0.3 / (0.7 * 0.3 + 0.3 * 0.05)
    assert N_REQUESTS * (counted - TRUE) > 10 * error


def test_the_debt_is_unbiased_with_a_judge(with_judge: Floats) -> None:
    mean, error = mean_and_error(with_judge)
    assert abs(mean) < 3 * error


def test_a_good_judge_takes_much_of_the_noise_away(
    with_judge: Floats, with_audits_alone: Floats
) -> None:
    assert with_judge.std() < 0.7 * with_audits_alone.std()


def test_the_noise_is_what_the_formula_says(with_audits_alone: Floats) -> None:
    # Silent users and no judge: f is the prediction, (s - f)^2 has the mean .7 * .15^2 + .3 * .85^2.
    variance = N_REQUESTS * (0.7 * 0.15**2 + 0.3 * 0.85**2) * (1 - RATE) / RATE
    assert with_audits_alone.std() == pytest.approx(np.sqrt(variance), rel=0.4)
