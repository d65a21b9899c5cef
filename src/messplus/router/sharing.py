"""A router's part in promises that many keep together: what others do is taken over, what it does is told."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Final

from messplus.core.account import Account, Ledger
from messplus.core.queue import QueueStep
from messplus.records import Event, Feedback
from messplus.router.fold import Fold
from messplus.router.kept import Kept, KeptPromise, from_log, promise_from_log
from messplus.router.route import Key, Status
from messplus.stores.base import Store, Story
from messplus.stores.shared import Change, Known, News, PromiseKey, SharedStore

MOST_KNOWN: Final = 20_000
"""Decisions and ids of feedback of others that are remembered."""

ELSEWHERE: Final = -(2**40)
"""Number of a decision whose place in this router's own account is not known: too long ago."""


class Alone:
    """Nobody else keeps these promises: nothing is told to anybody."""

    logged: tuple[Status, ...] = ("applied",)
    """What becomes of feedback that goes into the log."""

    def owed(self, _fold: Fold, _keys: Iterable[Key]) -> dict[Key, float]:
        """Nothing that anybody asks for."""
        return {}

    def owed_about(self, _fold: Fold, _decision_ids: Iterable[str]) -> dict[Key, float]:
        """Likewise."""
        return {}

    def changes(
        self, _fold: Fold, _before: Mapping[Key, float], *, requests: int = 0
    ) -> list[Change]:
        """Nothing to tell."""
        return []


class InLog:
    """All of a log that nobody shares is looked up where it is needed."""

    def __init__(self, store: Store) -> None:
        """Begin.

        Args:
            store: The log.
        """
        self._store = store

    def has_feedback(self, feedback_id: str) -> bool:
        """Whether feedback of this id is in the log."""
        return self._store.has_feedback(feedback_id)

    def forgot(self, decision_id: str) -> bool:
        """Whether a decision is not in the log."""
        return self._store.story(decision_id) is None


class LookedUp:
    """What was looked up in a shared log before it was needed: nobody waits for it under a lock."""

    def __init__(self) -> None:
        self._stories: OrderedDict[str, Story] = OrderedDict()
        self._feedback: OrderedDict[str, None] = OrderedDict()
        self._gone: OrderedDict[str, None] = OrderedDict()

    def story(self, decision_id: str) -> Story | None:
        """A decision of the log, if it was looked up.

        Its number is none of this router's: a verdict on it teaches the predictor here, and is booked
        by the one that learns for all.
        """
        return self._stories.get(decision_id)

    def has_feedback(self, feedback_id: str) -> bool:
        """Whether feedback of this id was found in the log."""
        return feedback_id in self._feedback

    def forgot(self, decision_id: str) -> bool:
        """Whether a decision was looked for and not found."""
        return decision_id in self._gone

    def take(self, asked: Sequence[str], known: Known) -> None:
        """Remember what was found.

        Args:
            asked: Decisions that were looked for.
            known: What is in the log of them.
        """
        for name in asked:
            story = known.stories.get(name)
            if story is None:
                self._gone[name] = None
            else:
                self._gone.pop(name, None)
                decided = replace(story.decided, t=ELSEWHERE)
                self._stories[name] = replace(story, decided=decided)
        self._feedback |= dict.fromkeys(known.feedback)
        _shorten(self._stories, self._feedback, self._gone)


class InStore:
    """Feedback that is too early waits in the store itself, for decisions of any router."""

    def __len__(self) -> int:
        return 0

    def add(self, _: Feedback) -> Status:
        """It waits once it is appended."""
        return "pending"

    def take(self, _: str) -> Sequence[Feedback]:
        """The store brings decision and feedback together."""
        return ()


@dataclass(frozen=True, slots=True)
class Learned:
    """A version, read.

    Attributes:
        number: Of the version.
        sequence: The last event that it covers.
        kept: Zoo and knowledge of models.
        promises: How promises stand, those that have changed.
    """

    number: int
    sequence: int
    kept: Kept
    promises: tuple[KeptPromise, ...]


class Sharing:
    """What a router knows of others. Not thread-safe, but for `fetch`, `look_up` and `append`."""

    logged: tuple[Status, ...] = ("applied", "pending")
    """What becomes of feedback that goes into the log: what is too early waits there."""

    def __init__(self, store: SharedStore) -> None:
        """Begin, with nothing known.

        Args:
            store: The log that they share.
        """
        self._store = store
        self._version = 0
        self._sequence = 0
        self._seen = 0
        self._changes: list[tuple[int, Change]] = []
        self._base: dict[Key, Account] = {}
        self._unsettled: set[Key] = set()

    def fetch(self, *, anew: bool = False) -> tuple[News, Learned | None]:
        """What is new. Waits for the store; needs no lock.

        Args:
            anew: Whether to fetch all promises, not only those that have changed.

        Raises:
            StoreError: The store cannot be read.
        """
        news = self._store.news(0 if anew else self._version, self._seen)
        version = news.version
        if version is None:
            return news, None
        promises = tuple(promise_from_log(state) for state in version.promises.values())
        return news, Learned(
            version.number, version.sequence, from_log(version.knowledge), promises
        )

    def look_up(self, decision_ids: Sequence[str], feedback_ids: Sequence[str]) -> Known:
        """What the log says of some ids. Waits for the store; needs no lock."""
        return self._store.look_up(decision_ids, feedback_ids)

    def adopt(self, fold: Fold, news: News, learned: Learned | None) -> bool:
        """Take over what is new.

        Returns:
            Whether that was possible: a version with another zoo must be fetched anew.
        """
        changed: set[Key] = set()
        if learned is not None and learned.number > self._version:
            whole = learned.kept.zoo.models != fold.zoo.models
            if whole and self._version and len(learned.promises) < len(self._base):
                return False
            if whole:
                fold.promises.clear()
            fold.begin(learned.kept.zoo, learned.kept.knowledge)
            for one in learned.promises:
                self._resume(fold, one)
                changed.add(one.key)
            self._version, self._sequence = learned.number, learned.sequence
            self._changes = [one for one in self._changes if one[0] > learned.sequence]
        known = self._changes[-1][0] if self._changes else self._sequence
        self._changes += [one for one in news.changes if one[0] > max(known, self._sequence)]
        self._seen = max(news.last, self._seen)
        self._settle(fold, self._store.undelivered(news.batch), changed)
        return True

    def append(self, events: Sequence[Event], changes: Sequence[Change]) -> "Future[int]":
        """Append events, and what they did to debts."""
        return self._store.append_shared(events, changes)

    def owed(self, fold: Fold, keys: Iterable[Key]) -> dict[Key, float]:
        """What is owed on promises, with no cap to what is ahead: to be compared with later."""
        return {key: fold.account(key).owed for key in keys}

    def owed_about(self, fold: Fold, decision_ids: Iterable[str]) -> dict[Key, float]:
        """What is owed on the promises that decisions were taken under, as far as they are known."""
        cases = [fold.case(name) for name in decision_ids]
        keys = {case.key for case in cases if case is not None}
        return self.owed(fold, keys & fold.promises.keys())

    def changes(
        self, fold: Fold, before: Mapping[Key, float], *, requests: int = 0
    ) -> list[Change]:
        """What was done to debts since they were looked at.

        Args:
            fold: Where it was done.
            before: What `owed` said.
            requests: Decisions among it.
        """
        found = []
        for key, owed in before.items():
            account = fold.account(key)
            step = QueueStep(account.owed - owed, -account.credit)
            if requests or step.a:
                self._unsettled.add(key)
                found.append(Change(PromiseKey(*key), step, requests))
        return found

    def _resume(self, fold: Fold, one: KeptPromise) -> None:
        """A promise as a version has it, with the ledger of this router's own decisions."""
        known = fold.promises.get(one.key)
        ledger = fold.account(one.key).ledger if known is not None else Ledger()
        fold.resume(one.key, one.state, one.requests, dict(one.calls))
        account = replace(fold.account(one.key), ledger=ledger)
        self._base[one.key] = account
        fold.settle(one.key, account, one.requests)

    def _settle(self, fold: Fold, undelivered: Sequence[Change], changed: set[Key]) -> None:
        """Put debts right: those of the version, and all that was done since, by anybody.

        Also where nothing was done any more: what this router has done may have been refused, or known
        to the log before.
        """
        since: dict[Key, list[Change]] = {}
        for one in (*(change for _, change in self._changes), *undelivered):
            since.setdefault(Key(*one.key), []).append(one)
        unsettled, self._unsettled = self._unsettled, set(since)
        for key in since.keys() | changed | unsettled:
            changes = since.get(key, [])
            base = self._base.get(key)
            account = fold.account(key)
            if base is None:  # nobody has learned of this promise yet
                base = self._base[key] = Account(alpha=account.alpha, credit=account.credit)
            fold.settle(
                key,
                _settled(account, base, changes),
                base.t + sum(one.requests for one in changes),
            )


def _settled(account: Account, base: Account, changes: Sequence[Change]) -> Account:
    """An account with the debt of a version and of what was done since."""
    debt = base.debt
    for one in changes:
        debt = one.step(debt)
    more = base.owed + sum(one.step.a for one in changes) - account.owed
    return replace(
        account,
        t=base.t + sum(one.requests for one in changes),
        debt=debt,
        by_word=account.by_word + more,
        by_worth=account.by_worth + more,
    )


def _shorten(*known: "OrderedDict[str, Story] | OrderedDict[str, None]") -> None:
    for one in known:
        while len(one) > MOST_KNOWN:
            one.popitem(last=False)
