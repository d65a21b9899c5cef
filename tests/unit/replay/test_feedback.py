"""Who says what of one answer, by hand; and how many say something of many."""

from collections import Counter

import numpy as np
import pytest

from messplus.core.types import Decision, Draws, Floats, Request, Source, Verdict
from messplus.errors import SettingError
from messplus.replay.feedback import Coming, Feedback, Judge, Luck, judge_from_spec
from messplus.replay.run import Trace, replay
from messplus.replay.streams import Stream

NEVER = Luck(user=0.999, audit=0.999, judged=0.999, opinion=0.999)
ALWAYS = Luck(user=0.0, audit=0.0, judged=0.0, opinion=0.0)


def decision(asked: tuple[int, ...] = (1,)) -> Decision:
    return Decision(
        model=asked[-1], asked=asked, explored=len(asked) > 1, propensity=1.0, queue=0.0,
        p_sat=np.zeros(2), cost=np.zeros(2),
    )  # fmt: skip


def said(
    feedback: Feedback, worth: float, luck: Luck, asked: tuple[int, ...] = (1,)
) -> list[Coming]:
    """What comes of an answer of model 1."""
    return list(feedback.verdicts(decision(asked), 1, np.array([0.0, worth]), luck))


def sources(coming: list[Coming]) -> list[Source]:
    return [one.verdict.source for one in coming]


@pytest.mark.parametrize(
    ("satisfied", "dissatisfied", "worth", "draw", "answers"),
    [
        (0.3, 0.0, 1.0, 0.29, True),
        (0.3, 0.0, 1.0, 0.31, False),
        (0.3, 0.0, 0.0, 0.0, False),  # no dissatisfied user says so
        (0.05, 0.3, 0.0, 0.29, True),
        (0.05, 0.3, 1.0, 0.29, False),
        (0.4, 0.2, 0.5, 0.29, True),  # half satisfied: .3
        (0.4, 0.2, 0.5, 0.31, False),
    ],
)
def test_satisfied_and_dissatisfied_users_answer_as_often_as_they_do(
    satisfied: float, dissatisfied: float, worth: float, draw: float, answers: bool
) -> None:
    feedback = Feedback(satisfied_share=satisfied, dissatisfied_share=dissatisfied)
    assert bool(said(feedback, worth, NEVER._replace(user=draw))) == answers


def test_one_side_alone_leaves_the_other_at_the_share() -> None:
    feedback = Feedback(share=0.5, dissatisfied_share=0.1)
    assert (feedback.if_satisfied, feedback.if_dissatisfied) == (0.5, 0.1)


def test_a_user_speaks_of_all_that_was_asked_an_audit_and_a_judge_of_what_was_delivered() -> None:
    feedback = Feedback(audits=1.0, judge=Judge(sensitivity=1.0, false_accept=0.0))
    coming = said(feedback, 1.0, ALWAYS, asked=(0, 1))
    assert sources(coming) == ["judge", "user", "audit"]
    observed = [one.verdict.observed.tolist() for one in coming]
    assert observed == [[False, True], [True, True], [False, True]]
    assert all(one.verdict.satisfied[1] == 1.0 for one in coming)


def test_each_comes_after_its_own_delay() -> None:
    feedback = Feedback(
        delay=5, audits=1.0, audit_delay=9, judge=Judge(sensitivity=1.0, false_accept=0.0)
    )
    assert [one.delay for one in said(feedback, 1.0, ALWAYS)] == [0, 5, 9]


@pytest.mark.parametrize(
    ("worth", "draw", "opinion"),
    [(1.0, 0.89, 1.0), (1.0, 0.91, 0.0), (0.0, 0.19, 1.0), (0.0, 0.21, 0.0), (0.5, 0.54, 1.0),
     (0.5, 0.56, 0.0)],
)  # fmt: skip
def test_a_judge_errs_as_it_is_said_to(worth: float, draw: float, opinion: float) -> None:
    feedback = Feedback(share=0.0, judge=Judge(sensitivity=0.9, false_accept=0.2))
    (one,) = said(feedback, worth, NEVER._replace(judged=0.999, opinion=draw))
    assert one.verdict.satisfied[1] == opinion


def test_a_judge_may_judge_a_share_only() -> None:
    feedback = Feedback(share=0.0, judge=Judge(sensitivity=1.0, false_accept=0.0, share=0.25))
    assert said(feedback, 1.0, NEVER._replace(judged=0.24))
    assert not said(feedback, 1.0, NEVER._replace(judged=0.26))


def stream_of(score: Floats) -> Stream:
    n, n_models = score.shape
    return Stream(
        data="d", task="t", alpha=0.5, models=tuple(f"m{i}" for i in range(n_models)),
        cost_unit="usd", score=score, cost=np.tile([2.0, 10.0], (n, 1)), features=np.zeros((n, 1)),
    )  # fmt: skip


class Listener:
    """Always asks the same model, and writes down what it is told."""

    def __init__(self, model: int = 0) -> None:
        self.model = model
        self.told: list[Verdict] = []

    def init(self, n_models: int, n_features: int) -> None:
        """Nothing to remember."""

    def decide(self, state: None, request: Request, draws: Draws) -> tuple[Decision, None]:
        return decision((self.model,)), None

    def charge(self, state: None, request: Request, decision: Decision, cost: Floats) -> None:
        """Nothing to learn."""

    def learn(self, state: None, request: Request, decision: Decision, verdict: Verdict) -> None:
        self.told.append(verdict)


def listened(
    feedback: Feedback, score: Floats, model: int = 0, seed: int = 0
) -> tuple[Trace, Listener]:
    policy = Listener(model)
    return replay(stream_of(score), policy, seed=seed, feedback=feedback), policy


HALF = np.stack([np.arange(4000) % 2, np.ones(4000)], axis=1).astype(float)


def five_sigma(p: float, n: int) -> float:
    return 5.0 * float(np.sqrt(p * (1.0 - p) / n))


def test_biased_feedback_is_as_biased_as_it_says() -> None:
    feedback = Feedback(satisfied_share=0.3, dissatisfied_share=0.05)
    trace, _ = listened(feedback, HALF)
    happy = trace.satisfied == 1.0
    assert abs(trace.by_user[happy].mean() - 0.3) < five_sigma(0.3, 2000)
    assert abs(trace.by_user[~happy].mean() - 0.05) < five_sigma(0.05, 2000)


def test_audits_are_drawn_whatever_became_of_the_request() -> None:
    one, _ = listened(Feedback(share=0.0, audits=0.1), HALF)
    other, _ = listened(Feedback(share=0.7, audits=0.1, delay=3), 1.0 - HALF, model=1)
    np.testing.assert_array_equal(one.by_audit, other.by_audit)
    assert abs(one.by_audit.mean() - 0.1) < five_sigma(0.1, 4000)
    assert not one.by_user.any()


def test_users_are_the_same_with_audits_and_a_judge() -> None:
    alone, _ = listened(Feedback(share=0.4), HALF)
    judge = Judge(sensitivity=0.9, false_accept=0.1, share=0.5)
    among, _ = listened(Feedback(share=0.4, audits=0.3, judge=judge), HALF)
    np.testing.assert_array_equal(alone.by_user, among.by_user)
    assert (among.judged == among.by_user | among.by_audit | among.by_judge).all()


def test_every_verdict_is_told_once_and_in_its_turn() -> None:
    feedback = Feedback(
        delay=2, audits=1.0, audit_delay=3, judge=Judge(sensitivity=1.0, false_accept=0.0)
    )
    trace, policy = listened(feedback, HALF[:5])
    told = [verdict.source for verdict in policy.told]
    assert told == ["judge", "judge", *["user", "judge"], *["audit", "user", "judge"] * 2]
    assert Counter(told) == {"judge": 5, "user": 3, "audit": 2}
    assert trace.by_user.tolist() == [True] * 3 + [False] * 2
    assert trace.by_audit.tolist() == [True] * 2 + [False] * 3


def test_opinions_are_charged_in_answers_of_the_cheapest_model() -> None:
    judge = Judge(sensitivity=1.0, false_accept=0.0, share=0.5, cost=1.5)
    trace, _ = listened(Feedback(judge=judge), HALF, model=1)
    assert set(trace.cost_feedback) == {0.0, 1.5 * 2.0}
    np.testing.assert_array_equal(trace.cost_feedback > 0, trace.by_judge)
    assert (trace.cost == 10.0).all()


def test_a_judge_without_a_price_is_free() -> None:
    trace, _ = listened(Feedback(judge=Judge(sensitivity=0.9, false_accept=0.2)), HALF[:50])
    assert trace.by_judge.all()
    assert not trace.cost_feedback.any()


def test_judge_spec() -> None:
    made = judge_from_spec("sensitivity=0.9,false_accept=0.2,share=0.5,cost=2")
    assert made == Judge(sensitivity=0.9, false_accept=0.2, share=0.5, cost=2.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sensitivity=0.9", "needs false_accept"),
        ("sensitivty=0.9", "did you mean 'sensitivity'"),
        ("sensitivity=1.9,false_accept=0", r"judge: sensitivity must be in \[0, 1\], got 1.9"),
        ("sensitivity=1,false_accept=0,cost=-1", "judge: cost must be at least 0, got -1.0"),
        ("0.9,0.2", "must be a number, got '0.9,0.2'"),
    ],
)
def test_a_bad_judge_is_refused_with_the_fix(text: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        judge_from_spec(text)


@pytest.mark.parametrize(
    ("feedback", "message"),
    [
        ({"share": 1.1}, r"feedback must be in \[0, 1\], got 1.1"),
        ({"satisfied_share": -0.1}, r"feedback-satisfied must be in \[0, 1\], got -0.1"),
        ({"dissatisfied_share": 2.0}, r"feedback-dissatisfied must be in \[0, 1\], got 2.0"),
        ({"audits": 2.0}, r"audits must be in \[0, 1\], got 2.0"),
        ({"delay": -1}, "feedback-delay must be at least 0, got -1"),
        ({"audit_delay": -1}, "audit-delay must be at least 0, got -1"),
    ],
)
def test_impossible_feedback_is_refused(feedback: dict[str, float], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Feedback(**feedback)  # type: ignore[arg-type]  # the wrong values are the point
