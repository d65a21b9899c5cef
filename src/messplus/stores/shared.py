"""What a store can do besides keeping events, where many routers share it."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from messplus.core.queue import QueueStep
from messplus.records import Event, Feedback
from messplus.stores.base import Store, Stored, Story


class PromiseKey(NamedTuple):
    """Names a promise.

    Attributes:
        route: Name of its route.
        alpha: Promised share of satisfied requests.
    """

    route: str
    alpha: float


@dataclass(frozen=True, slots=True)
class Change:
    """What some events did to what is owed on a promise.

    Attributes:
        key: The promise.
        step: Debt becomes max(debt + a, b); see `messplus.core.queue`.
        requests: Decisions among the events.
    """

    key: PromiseKey
    step: QueueStep
    requests: int


@dataclass(frozen=True, slots=True)
class Version:
    """What was learned from all events up to a sequence number.

    Attributes:
        number: Ascending.
        sequence: The last event that it covers.
        knowledge: What is known of models, as bytes.
        promises: How promises stand, as bytes: those that have changed since the version that was
            asked for.
    """

    number: int
    sequence: int
    knowledge: bytes
    promises: Mapping[PromiseKey, bytes]


@dataclass(frozen=True, slots=True)
class News:
    """What others have done, as of one moment.

    Attributes:
        last: The latest event in the log.
        version: A newer one than the one asked for; None if there is none.
        changes: Of all routers since the version known, in the order of the log, each with the
            sequence number of its batch.
        batch: The latest batch of this store's own that is in the log, and so in `changes`.
    """

    last: int
    version: Version | None
    changes: Sequence[tuple[int, Change]]
    batch: int


class Known(NamedTuple):
    """What a log says of some ids.

    Attributes:
        stories: Decisions by id; those that are unknown are left out.
        feedback: Which ids of feedback are in it.
    """

    stories: Mapping[str, Story]
    feedback: frozenset[str]


class Lead(Protocol):
    """The right to learn for all: one has it at a time."""

    @property
    def term(self) -> int:
        """Ascends with each election."""
        ...

    def publish(self, sequence: int, knowledge: bytes, promises: Mapping[PromiseKey, bytes]) -> int:
        """Give out a version.

        Args:
            sequence: The last event that it covers.
            knowledge: What is known of models.
            promises: Those that have changed since the version before.

        Returns:
            Its number.

        Raises:
            StoreError: Somebody else learns now, or the database is away: give up the lead.
        """
        ...

    def held(self) -> bool:
        """Whether it is still ours, as far as can be known."""
        ...

    def release(self) -> None:
        """Let somebody else learn; a second call does nothing."""
        ...


class Metering(NamedTuple):
    """Steps of one router on values that all share, as it tells them at once.

    Attributes:
        source: Whose they are; nobody else's name.
        number: Ascending for each source.
        steps: By the name of the value; one that is new begins at 0.
    """

    source: str
    number: int
    steps: Mapping[str, QueueStep]


@runtime_checkable
class SharedStore(Store, Protocol):
    """A log that many routers append to. All methods may be called from any thread."""

    def append_shared(
        self, events: Sequence[Event], changes: Sequence[Change] = ()
    ) -> "Future[int]":
        """Append events of one router of many, and what they did to the debts of promises.

        The store numbers decisions: `t` in the log is their place among all of their promise.
        Feedback that is in the log already is left out, and feedback whose decision is not there
        waits for it in the store. While the database is away, events wait on local disk.

        Returns:
            Done once they are durable: in the database, or, while it is away, on local disk. Then
            the number is the last one known.

        Raises:
            StoreError: Through the future, as by `append`; an unknown decision is none.
        """
        ...

    def look_up(self, decision_ids: Sequence[str], feedback_ids: Sequence[str]) -> Known:
        """What the log says of some ids.

        Raises:
            StoreError: It cannot be read.
        """
        ...

    def histories(self, decision_ids: Sequence[str]) -> Mapping[str, tuple[Stored, ...]]:
        """The events of some decisions in the order of the log; those that are unknown are left out.

        Raises:
            StoreError: They cannot be read.
        """
        ...

    def last(self) -> int:
        """The latest sequence number that was given out; 0 if none was.

        Raises:
            StoreError: It cannot be read.
        """
        ...

    def news(self, version: int, after: int) -> News:
        """What others have done.

        Args:
            version: Number of the version that is known; 0: none.
            after: Sequence number up to which changes are known.

        Raises:
            StoreError: The log cannot be read.
        """
        ...

    def wait(self, wait_s: float) -> bool:
        """Wait until a version is given out, at most so long; whether one was.

        Raises:
            StoreError: The database is away.
        """
        ...

    def undelivered(self, batch: int) -> Sequence[Change]:
        """Changes of this store's own that are not in the log, in order, or in later batches."""
        ...

    def meter(self, metering: Metering) -> dict[str, float]:
        """Apply steps to values that all routers share, once: value becomes max(value + a, b).

        Args:
            metering: The steps. If those of this number were applied before, they are not again.

        Returns:
            The values of these names afterwards.

        Raises:
            StoreError: They cannot be written; then none was applied, or, if the connection was lost
                meanwhile, nobody knows: ask again, with the same.
        """
        ...

    def forget_days(self, before_s: float) -> int:
        """Drop whole days of which every decision is older than a moment, with all that is known of them.

        Their room is given back to the disk at once. `forget` does the rest.

        Returns:
            How many decisions.

        Raises:
            StoreError: The log cannot be written.
        """
        ...

    def lead(self) -> Lead | None:
        """Become the one that learns; None while somebody else is.

        Raises:
            StoreError: The database is away.
        """
        ...

    def away(self) -> str:
        """Why the database cannot be written at the moment; "" where it can."""
        ...

    def waiting(self) -> int:
        """Events that wait on local disk."""
        ...

    def clock_offset_s(self) -> float:
        """Seconds by which the database's clock is ahead of this machine's, as last seen."""
        ...

    def parked(self) -> Sequence[Feedback]:
        """Feedback that waits for its decision."""
        ...
