"""Opinions that may be wrong or biased, made right by audits.

Of three sources of verdicts (`messplus.core.types.Source`) only audits are right, and they are few:
answers drawn at random at a constant rate pi. Users answer if they care to, the happy perhaps more
often than the others; a judge has an opinion on every answer and may be mistaken. What such a signal
is worth is learned where an audit says the truth, and then used everywhere, by Bayes' rule:

    logit f = logit p + sum over signals of log( P(signal | s = 1) / P(signal | s = 0) )

    p    predicted satisfaction, before the answer was given
    f    what is believed of the answer after its signals, P(s = 1)

For a learner of p the score of a signal is f - p and its Fisher information E[(f - p)^2]. For the debt
each request counts with alpha - f, and an audited one with -(s - f) / pi more: right on average over
the audits, whatever f is. Both are derived in docs/explanation/feedback.md.
"""

import math
from dataclasses import dataclass, replace
from itertools import product
from typing import Final, Literal, NamedTuple, get_args

Channel = Literal["user", "judge"]
Word = Literal["yes", "no"]
User = Literal["silent", "yes", "no"]
Row = tuple[float, ...]

PSEUDO = 1.0
"""Pseudo-observations behind the prior on how much more often a signal comes with s = 1 (or 0) than
on the whole. In observations of *that* signal: a rare one keeps its prior until it was seen a few times."""

MILD = 2.0
"""Prior odds that an explicit yes (no) gives for satisfied (dissatisfied). Silence: 1."""

_SURE = 1e-6  # predictions are kept that far off 0 and 1, which no signal could move


class Signals(NamedTuple):
    """What is known of an answer short of the truth.

    Attributes:
        user: What the user said, if anything. Silence is a signal too: the happy may be lazier.
        judge: What the judge said; None if it was not asked, which says nothing.
    """

    user: User = "silent"
    judge: Word | None = None


SAID: Final = tuple(
    Signals(user, judge) for user, judge in product(get_args(User), (None, *get_args(Word)))
)
"""All that can be said of an answer; nothing first."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each signal of one channel came with which truth, on audited answers.

    Attributes:
        satisfied: Count of each signal where s = 1: yes, no and, for users, silence.
        dissatisfied: Same where s = 0. A graded truth counts in both, by its parts.
    """

    satisfied: Row
    dissatisfied: Row

    def with_one(self, signal: int, truth: float, times: float = 1.0) -> "Counts":
        """One more audited answer; -1 times takes one back."""
        more, less = times * truth, times * (1.0 - truth)
        return Counts(
            tuple(n + more * (i == signal) for i, n in enumerate(self.satisfied)),
            tuple(n + less * (i == signal) for i, n in enumerate(self.dissatisfied)),
        )

    def likelihoods(self) -> tuple[Row, Row]:
        """P(signal | s = 1) and P(signal | s = 0), each summing to 1.

        The rate of a signal on the whole, times how much more often than that it came with this truth:
        observed over expected count, shrunk to the prior by `PSEUDO`. (Pseudo-counts per truth
        would not do: of two truths without any response the one seen more often would seem the
        quieter.)
        """
        n1, n0 = sum(self.satisfied), sum(self.dissatisfied)
        first = _FIRST_RATES[len(self.satisfied) - 2]
        weight1, weight0 = [], []
        for c1, c0, guess, odds in zip(
            self.satisfied, self.dissatisfied, first, _PRIOR_ODDS, strict=False
        ):
            rate = (c1 + c0 + guess) / (n1 + n0 + 1.0)
            lean = math.sqrt(odds)
            weight1.append(rate * (c1 + PSEUDO * lean) / (n1 * rate + PSEUDO))
            weight0.append(rate * (c0 + PSEUDO / lean) / (n0 * rate + PSEUDO))
        total1, total0 = sum(weight1), sum(weight0)
        return tuple(w / total1 for w in weight1), tuple(w / total0 for w in weight0)


_PRIOR_ODDS = (MILD, 1.0 / MILD, 1.0)
_FIRST_RATES = ((0.5, 0.5), (0.05, 0.05, 0.9))  # of one pseudo-answer: judges, users


@dataclass(frozen=True, slots=True)
class Trust:
    """What audits have shown of the other sources."""

    user: Counts = Counts((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    judge: Counts = Counts((0.0, 0.0), (0.0, 0.0))


def believe(trust: Trust, p: float, signals: Signals) -> float:
    """P(satisfied) of an answer with these signals; in (0, 1).

    Signals count as independent given the truth. Where they are not, f is bolder than it should be;
    audits keep the debt right all the same.

    Args:
        trust: What audits have shown so far, not including one of this answer.
        p: Prediction before the answer was given, in [0, 1].
        signals: What is known of the answer.
    """
    p = min(max(p, _SURE), 1.0 - _SURE)
    odds = p / (1.0 - p) * _ratio(trust.user, _index("user", signals))
    if signals.judge is not None:
        odds *= _ratio(trust.judge, _index("judge", signals))
    return odds / (1.0 + odds)


def learn(trust: Trust, signals: Signals, truth: float, times: float = 1.0) -> Trust:
    """What an audit teaches about the sources that had spoken (or kept silent) on its answer.

    Only for answers drawn at random: audits where a user complained would show complainers only.

    Args:
        trust: What is known so far.
        signals: The signals on the audited answer. One that comes later takes the place of what was
            learned without it.
        truth: The audit's verdict, in [0, 1].
        times: 1; -1 takes back what was learned.
    """
    trust = replace(trust, user=trust.user.with_one(_index("user", signals), truth, times))
    if signals.judge is None:
        return trust
    return replace(trust, judge=trust.judge.with_one(_index("judge", signals), truth, times))


def information(trust: Trust, p: float, channel: Channel) -> float:
    """What one look at this channel is worth to a learner, in true verdicts; in [0, 1].

    E[(f - p)^2] / (p (1 - p)): the Fisher information about logit p of a signal over that of a true
    verdict. A learner takes a step with the residual f - p and `information` times the curvature.
    """
    p = min(max(p, _SURE), 1.0 - _SURE)
    counts = trust.user if channel == "user" else trust.judge
    # (f - p)^2 = (p (1 - p) (a - b) / m)^2 for a signal with likelihoods a, b that comes with chance m
    total = sum(
        (a - b) ** 2 / (p * a + (1.0 - p) * b) for a, b in zip(*counts.likelihoods(), strict=True)
    )
    return min(p * (1.0 - p) * total, 1.0)


def _index(channel: Channel, signals: Signals) -> int:
    """Place of the signal in the channel's counts."""
    return ("yes", "no", "silent").index(signals.user if channel == "user" else signals.judge or "")


def _ratio(counts: Counts, signal: int) -> float:
    """How much more likely a signal is on a satisfied than on a dissatisfied user."""
    satisfied, dissatisfied = counts.likelihoods()
    return satisfied[signal] / dissatisfied[signal]
