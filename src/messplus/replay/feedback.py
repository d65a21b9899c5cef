"""Who says what of the delivered answers, and when: users, audits, a judge."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from messplus import specs
from messplus.core.types import Bools, Decision, Floats, Verdict
from messplus.errors import require_range
from messplus.replay.serving import Randomness
from messplus.replay.streams import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """A judge that gives an opinion on delivered answers at once, and may be wrong.

    An answer whose recorded satisfaction is a fraction s counts as satisfying with probability s.

    Attributes:
        sensitivity: P(says satisfied | the answer satisfies), in [0, 1].
        false_accept: P(says satisfied | it does not), in [0, 1].
        share: Share of the answers that are judged, in [0, 1]; drawn at random.
        cost: Of one opinion, in mean answers of the cheapest model, >= 0.
    """

    sensitivity: float
    false_accept: float
    share: float = 1.0
    cost: float = 0.0

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        for name in ("sensitivity", "false_accept", "share"):
            _check_share(f"judge: {name}", getattr(self, name))
        require_range("judge: cost", self.cost, "at least 0", ok=0.0 <= self.cost < np.inf)


class Luck(NamedTuple):
    """The uniform random numbers in [0, 1) that decide who says what of one answer."""

    user: float
    audit: float
    judged: float
    opinion: float


class Coming(NamedTuple):
    """A verdict under way: `delay` requests are decided between the answer and its verdict."""

    verdict: Verdict
    delay: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """How verdicts come back. One request may get several: a judge's, a user's and an audit's.

    A user who answers is right, and on an explored request speaks of every model that was asked. An
    audit is right too; like the judge it is about the delivered answer only.

    Attributes:
        share: Share of users that answer, in [0, 1]; drawn at random.
        delay: Requests that are decided between an answer and its user's verdict, >= 0.
        satisfied_share: Share that answers of the users whom the delivered answer satisfies, in
            [0, 1]. None: as `share`. Satisfied by a fraction s, they answer with probability
            s * satisfied_share + (1 - s) * dissatisfied_share.
        dissatisfied_share: The same of the others. None: as `share`.
        audits: Share of requests, drawn at random whatever became of them, whose delivered answer
            is checked, in [0, 1].
        audit_delay: As `delay`, of audits.
        judge: Gives an opinion at once. None: there is no judge.
    """

    share: float = 1.0
    delay: int = 0
    satisfied_share: float | None = None
    dissatisfied_share: float | None = None
    audits: float = 0.0
    audit_delay: int = 0
    judge: Judge | None = None

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        _check_share("feedback", self.share)
        _check_share("feedback-satisfied", self.if_satisfied)
        _check_share("feedback-dissatisfied", self.if_dissatisfied)
        _check_share("audits", self.audits)
        require_range("feedback-delay", self.delay, "at least 0", ok=self.delay >= 0)
        require_range("audit-delay", self.audit_delay, "at least 0", ok=self.audit_delay >= 0)

    @property
    def if_satisfied(self) -> float:
        """P(a satisfied user answers)."""
        return self.share if self.satisfied_share is None else self.satisfied_share

    @property
    def if_dissatisfied(self) -> float:
        """P(a dissatisfied user answers)."""
        return self.share if self.dissatisfied_share is None else self.dissatisfied_share

    def luck(self, chance: Randomness, n: int) -> Iterator[Luck]:
        """The luck of n requests. It depends on the seed alone, not on what is done or given."""
        user, audit = chance.users.random(n).tolist(), chance.audits.random(n).tolist()
        judge = chance.judge.random((n, 2)).tolist()
        for u, a, (judged, opinion) in zip(user, audit, judge, strict=True):
            yield Luck(u, a, judged, opinion)

    def verdicts(
        self, decision: Decision, delivered: int, score: Floats, luck: Luck
    ) -> Iterator[Coming]:
        """What will be said of the answers to one request.

        Args:
            decision: What was decided.
            delivered: The model whose answer the user got.
            score: What each model's answer is worth, shape (M,), in [0, 1].
            luck: Of this request.
        """
        worth = float(score[delivered])
        if self.judge is not None and luck.judged < self.judge.share:
            accept = _mixed(worth, self.judge.sensitivity, self.judge.false_accept)
            opinion = np.full(len(score), float(luck.opinion < accept))
            yield Coming(Verdict(opinion, _only(delivered, len(score)), "judge"), 0)
        if luck.user < _mixed(worth, self.if_satisfied, self.if_dissatisfied):
            seen = decision.asked_mask
            if decision.chain is not None:  # what a check rejected, no user gets to see
                seen = _only(delivered, len(score))
            yield Coming(Verdict(score, seen, "user"), self.delay)
        if luck.audit < self.audits:
            observed = _only(delivered, len(score))
            yield Coming(Verdict(score, observed, "audit"), self.audit_delay)

    def opinion_cost(self, stream: Stream) -> float:
        """What one opinion of the judge costs on a stream, in the stream's unit."""
        return self.judge.cost * float(stream.cost[:, 0].mean()) if self.judge else 0.0


def judge_from_spec(text: str) -> Judge:
    """A judge from its settings, as in `sensitivity=0.9,false_accept=0.2`.

    Raises:
        SettingError: A setting is missing, unknown or out of its range.
    """
    return specs.settings(Judge, specs.parse(f"judge:{text}"), "feedback")


def _only(model: int, n_models: int) -> Bools:
    return np.asarray(np.arange(n_models) == model)


def _mixed(satisfied: float, if_so: float, if_not: float) -> float:
    """What holds of a share `satisfied`, and what of the rest; exact where both are equal."""
    return if_not + (if_so - if_not) * satisfied


def _check_share(name: str, value: float) -> None:
    require_range(name, value, "in [0, 1]", ok=0.0 <= value <= 1.0)
