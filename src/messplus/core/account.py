"""The account of a promise: what is owed, from verdicts that are late, few, biased or mistaken.

Every answer counts as what is expected of it until something better is known. There are two sums, and
the one that can be trusted more counts:

    by word     verdicts of users and judges taken at their word, in place of the prediction
    by audit    prediction, corrected by what users' and judges' verdicts have proved to be worth, and
                by each audit (trust.py): right on average, whatever users and judges say

The second takes over with the first audit. docs/explanation/feedback.md says what each can tell.

An answer that fails a check counts 0 in both. Of the others more is expected in return, so that the
check alone does not change the mean (docs/explanation/signals.md).
"""

import math
from dataclasses import dataclass, field, fields, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from messplus.core.contract import capped
from messplus.core.labels import LabelRate, one_sided
from messplus.core.trust import SAID, Signals, Trust, believe, information, learn
from messplus.core.types import Bools, Floats, Source

REMEMBERED = 65_536
"""Requests whose verdicts can still be booked, a power of 2; later ones teach the predictor only."""

FEW = 16
"""Requests for which there is room at first, a power of 2: most of many promises are asleep."""

_NOBODY = -1
_UNNUMBERED = -2  # of a snapshot from when rows did not tell whose they are

TELLING = 0.2
"""Least worth, in true verdicts, of an opinion from which a predictor learns."""

SOON = 50
"""Requests after which a first verdict is missed."""

FAILING = 5.0
"""Failed answers, beyond those that predictions allow for, from which on they teach the predictor."""

CHECKED = 1000.0
"""Answers over which the share is averaged that checks let pass: rules may change."""

Mood = Literal["only satisfied", "only dissatisfied"]


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ring whose memory is reused: request t is in row t modulo its length.

    It doubles where another request still has the row, up to `REMEMBERED`; an account may also leave
    numbers out, which others have used that keep the same promise.

    Attributes:
        expected: Prediction when the answer was given, shape (R,); R is a power of 2.
        by_word: Counted so in the first sum.
        by_worth: And in the second.
        truth: What an audit has said; NaN without one.
        failed: Whether a check did not let the answer pass.
        signals: What users and judges have said, as places in `SAID`.
        at: Number of the request, from 0; negative where there is none.
    """

    expected: Floats = field(default_factory=lambda: np.zeros(FEW))
    by_word: Floats = field(default_factory=lambda: np.zeros(FEW))
    by_worth: Floats = field(default_factory=lambda: np.zeros(FEW))
    truth: Floats = field(default_factory=lambda: np.full(FEW, np.nan))
    failed: Bools = field(default_factory=lambda: np.zeros(FEW, np.bool_))
    signals: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(FEW, np.uint8))
    at: NDArray[np.int64] = field(default_factory=lambda: np.full(FEW, _NOBODY, np.int64))

    def __post_init__(self) -> None:
        """Take a ledger of a snapshot that was written before rows told whose they are."""
        if len(self.at) != len(self.expected):
            object.__setattr__(self, "at", np.full(len(self.expected), _UNNUMBERED, np.int64))

    def place(self, t: int) -> int:
        """The row of request t, if it has one."""
        return t % len(self.at)

    def row(self, t: int, requests: int) -> int | None:
        """The row of request t; None if that was too long ago, or not here.

        Args:
            t: The request, from 0.
            requests: So many there were.
        """
        if not len(self.at) or requests - t > REMEMBERED:
            return None
        row = self.place(t)
        whose = int(self.at[row])
        here = whose == t or (whose == _UNNUMBERED and requests - t <= len(self.at))
        return row if here else None

    def answered(self, t: int, expected: float, counted: float) -> "Ledger":
        """Write down request t, which is the latest; the ledger before is used up.

        Args:
            t: From 0.
            expected: Of the answer.
            counted: What it counts as in both sums.
        """
        book = self._with_room(t)
        row = book.place(t)
        book.expected[row] = expected
        book.by_word[row] = book.by_worth[row] = counted
        book.truth[row], book.failed[row], book.signals[row] = np.nan, False, 0
        book.at[row] = t
        return book

    def heard(self, row: int) -> Signals:
        """What was said of the answer in a row."""
        return SAID[int(self.signals[row])]

    def _with_room(self, t: int) -> "Ledger":
        """The ledger in which request t takes the place of nobody who may still be asked for."""
        book = self
        while len(book.at) < REMEMBERED and book._taken(t):
            book = book._doubled(t)
        return book

    def _taken(self, t: int) -> bool:
        if not len(self.at):
            return True
        whose = int(self.at[self.place(t)])
        if whose == _UNNUMBERED:
            return t >= len(self.at)
        return whose != _NOBODY and whose != t and t - whose < REMEMBERED

    def _doubled(self, t: int) -> "Ledger":
        """The same in twice the room, after t requests."""
        size = len(self.at)
        larger = _empty(max(2 * size, FEW))
        rows = np.arange(size)
        latest = t - 1 - (t - 1 - rows) % size if size else rows  # that can be in each row
        at = np.where(self.at == _UNNUMBERED, latest, self.at)
        kept = at >= 0
        places = at[kept] % len(larger.at)
        for one in fields(Ledger):
            getattr(larger, one.name)[places] = getattr(self, one.name)[kept]
        larger.at[places] = at[kept]
        return larger


def _empty(size: int) -> Ledger:
    """A ledger with room for so many requests."""
    return Ledger(
        expected=np.zeros(size),
        by_word=np.zeros(size),
        by_worth=np.zeros(size),
        truth=np.full(size, np.nan),
        failed=np.zeros(size, np.bool_),
        signals=np.zeros(size, np.uint8),
        at=np.full(size, _NOBODY, np.int64),
    )


@dataclass(frozen=True, slots=True)
class Failures:
    """How many answers fail a check, beside what was expected of them.

    Attributes:
        expected: Sum of predictions over all answers; the older weigh less.
        lost: Same over those that failed.
        excess: Failed answers beyond the 1 - p that predictions allow for: a sum that starts anew
            whenever it falls below 0 (CUSUM).
    """

    expected: float = 0.0
    lost: float = 0.0
    excess: float = 0.0

    def answered(self, expected: float) -> "Failures":
        """One more answer."""
        keep = 1.0 - 1.0 / CHECKED
        return Failures(
            keep * self.expected + expected,
            keep * self.lost,
            max(0.0, self.excess - (1.0 - expected)),
        )

    def instead(self, before: float, expected: float) -> "Failures":
        """Of the latest answer so much is expected, not what was said before."""
        return Failures(
            self.expected + expected - before,
            min(self.lost, self.expected + expected - before),
            max(0.0, self.excess + expected - before),
        )

    def failed(self, expected: float) -> "Failures":
        """An answer has failed, of which so much was expected; not more can fail than were answered."""
        lost = min(self.lost + expected, self.expected)
        return Failures(self.expected, lost, self.excess + 1.0)

    def passed(self, expected: float) -> float:
        """What to expect of an answer that has not failed: the mean over all stays what it was."""
        return min(expected / (1.0 - self.lost / (self.expected + 1.0)), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is owed on a promise.

    Attributes:
        alpha: The promise.
        credit: Most requests ahead that are ever counted on; see `contract.capped`.
        t: Requests answered.
        debt: D, in satisfied requests, with credit kept to its cap; negative when ahead.
        by_word: Sum of alpha - s over all requests, users and judges taken at their word.
        by_worth: Sum of alpha - f, where f is what users' and judges' words are worth.
        missed: Sum of s - f over audited answers.
        audits: Audits so far.
        praise: Verdicts of users: satisfied ones.
        blame: The others.
        mood: The one kind of verdict that users seem to give, where nothing else is known.
        labels: How many requests get a verdict, in true ones.
        audited: How many are audited.
        trust: What users' and judges' verdicts have proved to be worth.
        failures: How many answers fail a check.
        ledger: The latest requests.
    """

    alpha: float
    credit: float = float("inf")
    t: int = 0
    debt: float = 0.0
    by_word: float = 0.0
    by_worth: float = 0.0
    missed: float = 0.0
    audits: int = 0
    praise: int = 0
    blame: int = 0
    mood: Mood | None = None
    labels: LabelRate = field(default_factory=LabelRate)
    audited: LabelRate = field(default_factory=LabelRate)
    trust: Trust = field(default_factory=Trust)
    failures: Failures = field(default_factory=Failures)
    ledger: Ledger = field(default_factory=Ledger)

    @property
    def owed(self) -> float:
        """Sum of alpha - s over all requests, as far as is known; see `bounds.owed` for audits.

        All audits are scaled by their share so far, not each by the share at its time, which is
        little known at first.
        """
        if not self.audits:
            return self.by_word
        return self.by_worth - self.missed / self.audited.rate

    @property
    def believed(self) -> float:
        """Mean satisfaction delivered so far, as far as is known; NaN before the first request."""
        return self.alpha - self.owed / self.t if self.t else float("nan")

    @property
    def blindfold(self) -> str:
        """Why nothing is known of how answers do, if so; else ""."""
        if self.mood:
            return f"{self.mood} users seem to answer, so nothing is known of the others"
        if self.t >= SOON and self.labels.labels == 0.0:
            return f"no verdict has come on any of {self.t} answers yet"
        return ""

    def answered(self, expected: float) -> "Account":
        """One more answer, of which so much is expected."""
        counted = self.failures.passed(expected)
        return self._settled(
            replace(
                self,
                t=self.t + 1,
                ledger=self.ledger.answered(self.t, expected, counted),
                labels=self.labels.decided(),
                audited=self.audited.decided(),
                failures=self.failures.answered(expected),
                by_word=self.by_word + self.alpha - counted,
                by_worth=self.by_worth + self.alpha - counted,
            )
        )

    def counted(self, t: int) -> float | None:
        """What the answer to request t counts as by word; None if that was too long ago."""
        row = self.ledger.row(t, self.t)
        return None if row is None else float(self.ledger.by_word[row])

    def reconsidered(self, expected: float) -> "Account":
        """The latest answer came from another model, of which so much is expected."""
        book, counted = self.ledger, self.failures.passed(expected)
        row = book.place(self.t - 1)
        before, otherwise = float(book.by_word[row]), float(book.expected[row])
        book.expected[row] = expected
        book.by_word[row] = book.by_worth[row] = counted
        return self._settled(
            replace(
                self,
                failures=self.failures.instead(otherwise, expected),
                by_word=self.by_word + before - counted,
                by_worth=self.by_worth + before - counted,
            )
        )

    def judged(self, t: int, satisfied: float, source: Source) -> tuple["Account", float | None]:
        """A verdict on the answer to request t, counted from 0.

        Returns:
            The account, and what a predictor should take the answer for; None if there is nothing to
            learn: audits have shown that such a verdict says too little, or told the truth already,
            or checks fail no more often than was expected.
        """
        age = self.t - 1 - t
        row = self.ledger.row(t, self.t)
        if row is None:
            return self, None if source == "check" else satisfied
        if source == "audit":
            return self._audit(row, age, satisfied), satisfied
        if source == "check":
            return self._failed(row) if satisfied < 0.5 else (self, None)
        return self._opinion(row, age, satisfied, source)

    def _audit(self, row: int, age: int, satisfied: float) -> "Account":
        """The truth about one answer drawn at random; another audit of it replaces the one before."""
        book = self.ledger
        by_word, by_worth = float(book.by_word[row]), float(book.by_worth[row])
        before = float(book.truth[row])
        book.by_word[row] = book.truth[row] = satisfied
        after = replace(self, by_word=self.by_word + by_word - satisfied, mood=None)
        if not math.isnan(before):
            taken_back = learn(self.trust, book.heard(row), before, -1.0)
            return self._settled(
                replace(
                    after,
                    missed=self.missed + satisfied - before,
                    trust=learn(taken_back, book.heard(row), satisfied),
                )
            )
        return self._settled(
            replace(
                after,
                missed=self.missed + satisfied - by_worth,
                audits=self.audits + 1,
                audited=self.audited.judged(age),
                labels=self.labels.judged(age),
                trust=learn(self.trust, book.heard(row), satisfied),
            )
        )

    def _failed(self, row: int) -> tuple["Account", float | None]:
        """A check did not let the answer pass: it is worth 0, whatever anybody says but an audit.

        Failures teach the predictor only where it is provably wrong, because there are more of them
        than it expects dissatisfied users. Learned from always, beside the few verdicts on answers
        that pass, they would make every model look worse than it is.
        """
        book = self.ledger
        if book.failed[row]:
            return self, None
        book.failed[row] = True
        failures = self.failures.failed(float(book.expected[row]))
        teaches = failures.excess > FAILING and math.isnan(book.truth[row])
        after = replace(self, failures=failures)._booked(row, 0.0, 0.0)
        return after, 0.0 if teaches else None

    def _booked(self, row: int, word: float, worth: float) -> "Account":
        """An answer counted otherwise; on an audited one only what its audit corrects changes."""
        book = self.ledger
        by_word, by_worth = float(book.by_word[row]), float(book.by_worth[row])
        audited = not math.isnan(book.truth[row])
        if audited:
            word = by_word
        book.by_word[row], book.by_worth[row] = word, worth
        return self._settled(
            replace(
                self,
                by_word=self.by_word + by_word - word,
                by_worth=self.by_worth + by_worth - worth,
                missed=self.missed + (by_worth - worth if audited else 0.0),
            )
        )

    def _opinion(
        self, row: int, age: int, satisfied: float, source: Literal["user", "judge"]
    ) -> tuple["Account", float | None]:
        """What a user or a judge says; worth what audits have shown, or else taken at its word."""
        book, before = self.ledger, self.ledger.heard(row)
        said: Literal["yes", "no"] = "yes" if satisfied >= 0.5 else "no"
        new = before.judge is None if source == "judge" else before.user == "silent"
        heard = before._replace(judge=said) if source == "judge" else before._replace(user=said)
        book.signals[row] = SAID.index(heard)
        truth, failed = float(book.truth[row]), bool(book.failed[row])
        audited = not math.isnan(truth)
        # An audit of this answer was learned from without this signal; that is taken back.
        trust = learn(self.trust, before, truth, -1.0) if audited else self.trust
        expected = self.failures.passed(float(book.expected[row]))
        worth = information(trust, expected, source) if self.audits else 1.0
        believed = 0.0 if failed else believe(trust, expected, heard)

        after = self._booked(row, 0.0 if failed else satisfied, believed)
        if audited:
            after = replace(after, trust=learn(trust, heard, truth))
        elif new:
            after = replace(after, labels=self.labels.judged(age, worth))
        if new and source == "user":
            after = after._heard(satisfied >= 0.5)
        if audited or worth < TELLING:
            return after, None
        return after, believed if self.audits or failed else satisfied

    def _heard(self, praised: bool) -> "Account":
        """One more user has spoken: do only those of one mood speak?"""
        praise, blame = self.praise + praised, self.blame + (not praised)
        mood = None
        if not self.audits:
            asked = round((praise + blame) / self.labels.rate)
            mood = one_sided(praise, blame, asked, self.alpha)
        return replace(self, praise=praise, blame=blame, mood=mood)

    def _settled(self, after: "Account") -> "Account":
        """The account after a change, its debt moved by as much; the first audit starts it anew."""
        anew = self.audits == 0 < after.audits
        debt = after.owed if anew else self.debt + after.owed - self.owed
        return replace(after, debt=capped(debt, self.credit))
