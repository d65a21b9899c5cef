"""The account of a promise: what is owed, from verdicts that are late, few, biased or mistaken.

Every answer counts as what is expected of it until something better is known. There are two sums, and
the one that can be trusted more counts:

    by word     verdicts of users and judges taken at their word, in place of the prediction
    by audit    prediction, corrected by what users' and judges' verdicts have proved to be worth, and
                by each audit (trust.py): right on average, whatever users and judges say

The second takes over with the first audit. docs/explanation/feedback.md says what each can tell.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from messplus.core.contract import capped
from messplus.core.labels import LabelRate, one_sided
from messplus.core.trust import SAID, Signals, Trust, believe, information, learn
from messplus.core.types import Floats, Source

REMEMBERED = 4096
"""Requests whose verdicts can still be booked; later ones teach the predictor only."""

TELLING = 0.2
"""Least worth, in true verdicts, of an opinion from which a predictor learns."""

SOON = 50
"""Requests after which a first verdict is missed."""

Mood = Literal["only satisfied", "only dissatisfied"]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the latest requests were counted as; a ring whose memory is reused.

    Attributes:
        expected: Prediction when the answer was given, shape (`REMEMBERED`,).
        by_word: Counted so in the first sum.
        by_worth: And in the second.
        signals: What users and judges have said, as places in `SAID`.
    """

    expected: Floats = field(default_factory=lambda: np.zeros(REMEMBERED))
    by_word: Floats = field(default_factory=lambda: np.zeros(REMEMBERED))
    by_worth: Floats = field(default_factory=lambda: np.zeros(REMEMBERED))
    signals: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(REMEMBERED, np.uint8))

    def heard(self, row: int) -> Signals:
        """What was said of the answer in a row."""
        return SAID[int(self.signals[row])]


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
        row = self.t % REMEMBERED
        for column in (self.ledger.expected, self.ledger.by_word, self.ledger.by_worth):
            column[row] = expected
        self.ledger.signals[row] = 0
        return self._settled(
            replace(
                self,
                t=self.t + 1,
                labels=self.labels.decided(),
                audited=self.audited.decided(),
                by_word=self.by_word + self.alpha - expected,
                by_worth=self.by_worth + self.alpha - expected,
            )
        )

    def counted(self, t: int) -> float | None:
        """What the answer to request t counts as by word; None if that was too long ago."""
        return float(self.ledger.by_word[t % REMEMBERED]) if self.t - t <= REMEMBERED else None

    def reconsidered(self, expected: float) -> "Account":
        """The latest answer came from another model, of which so much is expected."""
        row = (self.t - 1) % REMEMBERED
        before = float(self.ledger.expected[row])
        for column in (self.ledger.expected, self.ledger.by_word, self.ledger.by_worth):
            column[row] = expected
        return self._settled(
            replace(
                self,
                by_word=self.by_word + before - expected,
                by_worth=self.by_worth + before - expected,
            )
        )

    def judged(self, t: int, satisfied: float, source: Source) -> tuple["Account", float | None]:
        """A verdict on the answer to request t, counted from 0.

        Returns:
            The account, and what a predictor should take the answer for; None if audits have shown
            that such a verdict says too little to learn from.
        """
        age = self.t - 1 - t
        if age >= REMEMBERED:
            return self, satisfied
        row = t % REMEMBERED
        if source == "audit":
            return self._audit(row, age, satisfied), satisfied
        return self._opinion(row, age, satisfied, source)

    def _audit(self, row: int, age: int, satisfied: float) -> "Account":
        """The truth about one answer drawn at random."""
        book = self.ledger
        by_word, by_worth = float(book.by_word[row]), float(book.by_worth[row])
        book.by_word[row] = satisfied
        return self._settled(
            replace(
                self,
                by_word=self.by_word + by_word - satisfied,
                missed=self.missed + satisfied - by_worth,
                audits=self.audits + 1,
                audited=self.audited.judged(age),
                labels=self.labels.judged(age),
                trust=learn(self.trust, book.heard(row), satisfied),
                mood=None,
            )
        )

    def _opinion(
        self, row: int, age: int, satisfied: float, source: Literal["user", "judge"]
    ) -> tuple["Account", float | None]:
        """What a user or a judge says; worth what audits have shown, or else taken at its word."""
        book, heard = self.ledger, self.ledger.heard(row)
        word: Literal["yes", "no"] = "yes" if satisfied >= 0.5 else "no"
        new = heard.judge is None if source == "judge" else heard.user == "silent"
        heard = heard._replace(judge=word) if source == "judge" else heard._replace(user=word)
        book.signals[row] = SAID.index(heard)
        expected = float(book.expected[row])
        believed = believe(self.trust, expected, heard)

        by_word, by_worth = float(book.by_word[row]), float(book.by_worth[row])
        book.by_word[row], book.by_worth[row] = satisfied, believed
        after = self._settled(
            replace(
                self,
                by_word=self.by_word + by_word - satisfied,
                by_worth=self.by_worth + by_worth - believed,
            )
        )
        worth = information(self.trust, expected, source) if self.audits else 1.0
        if new:
            after = replace(after, labels=self.labels.judged(age, worth))
        if new and source == "user":
            after = after._heard(satisfied >= 0.5)
        if worth < TELLING:
            return after, None
        return after, believed if self.audits else satisfied

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
