"""What every store can do: append events durably, and give them back in order."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from messplus.records import Decided, Event, Feedback, Outcome


@dataclass(frozen=True, slots=True)
class Stored:
    """An event with its place in the log.

    Attributes:
        sequence: Ascending, without repetition, in the order in which events were acknowledged.
        event: What happened.
    """

    sequence: int
    event: Event


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of one decision.

    Attributes:
        decided: The decision.
        outcomes: What its models did, in order.
        feedback: What was said of it, in order.
    """

    decided: Decided
    outcomes: tuple[Outcome, ...]
    feedback: tuple[Feedback, ...]


def story_of(events: Sequence[Stored]) -> Story | None:
    """What the events of one decision tell; None without the decision itself."""
    told = [stored.event for stored in events]
    decided = next((event for event in told if isinstance(event, Decided)), None)
    if decided is None:
        return None
    return Story(
        decided,
        tuple(event for event in told if isinstance(event, Outcome)),
        tuple(event for event in told if isinstance(event, Feedback)),
    )


class Log(Protocol):
    """What can be read of a store; all methods may be called from any thread."""

    def events(self, after: int = 0, *, page: int = 1000) -> Iterator[Stored]:
        """The events after a sequence number, in order; those appended meanwhile may be missing.

        Args:
            after: The sequence number; 0: from the beginning.
            page: Events fetched at a time, >= 1: few for who must not hold up other threads.

        Raises:
            StoreError: While iterating, too: an event cannot be read, and which.
        """
        ...

    def story(self, decision_id: str) -> Story | None:
        """All that is known of a decision; None if it is unknown or was forgotten."""
        ...

    def history(self, decision_id: str) -> tuple[Stored, ...]:
        """The events of a decision in the order of the log; none if it is unknown or was forgotten."""
        ...

    def recent(
        self, limit: int, *, before: int | None = None, route: str | None = None
    ) -> tuple[Stored, ...]:
        """The latest decisions, the newest first: a page of them costs the same however long the log.

        Args:
            limit: At most so many, >= 1.
            before: Only those with a lower sequence number, as the last one of the page before has it.
                None: from the latest.
            route: Only this route's. None: all.

        Raises:
            SettingError: The limit is not at least 1.
            StoreError: A decision cannot be read, and which.
        """
        ...

    def oldest_s(self) -> float | None:
        """When the oldest decision was made, in seconds since 1970; None if there is none."""
        ...


class ReadableLog(Log, Protocol):
    """A log that was opened to be read only."""

    def last(self) -> int:
        """The latest sequence number, forgotten events included; 0 if there was none."""
        ...

    def kept(self, name: str) -> tuple[int, bytes] | None:
        """The latest snapshot of a name, with its sequence number; None if there is none."""
        ...

    def close(self) -> None:
        """Let go of it; a second call does nothing."""
        ...


class Store(Log, Protocol):
    """An append-only log of events, and snapshots of what was folded from it.

    All methods may be called from any thread.
    """

    def append(self, events: Sequence[Event]) -> "Future[int]":
        """Append events, all or none.

        What one thread appends is kept in that order. The call may block for a while if the store
        cannot keep up, and cannot be cancelled.

        Args:
            events: In order: a decision before its outcomes and feedback. None at all is allowed.

        Returns:
            The sequence number of the last of them, once they are durable: whatever happens to this
            process afterwards, they will be read again. For no events, that of the last in the log.

        Raises:
            StoreError: Through the future: the id of a decision or of feedback is there already, the
                decision of an outcome or feedback is not, an event cannot be written and read again
                (NaN outside of an array, features that are not float32), the disk is full or too
                slow, the store is closed. Nothing of the batch is kept, other batches are.
        """
        ...

    def has_feedback(self, feedback_id: str) -> bool:
        """Whether feedback of this id is in the log."""
        ...

    def keep(self, name: str, sequence: int, state: bytes) -> None:
        """Keep a snapshot: what was folded from all events up to a sequence number.

        It takes the place of an older snapshot of that name. It is durable afterwards. It may be
        called in a callback of what `append` returns.
        """
        ...

    def kept(self, name: str) -> tuple[int, bytes] | None:
        """The latest snapshot of a name, with its sequence number; None if there is none."""
        ...

    def forget(self, before_s: float, *, limit: int | None = None) -> int:
        """Delete decisions older than a moment, with their outcomes and feedback.

        Args:
            before_s: Seconds since 1970.
            limit: At most so many, the oldest of them, >= 1. None: all.

        Returns:
            How many decisions were deleted. Snapshots stay: keep one that covers them before.
            Their sequence numbers are not given out again.

        Raises:
            SettingError: The limit is not at least 1.
        """
        ...

    def size_bytes(self) -> int | None:
        """What it takes on disk; None if it is not there."""
        ...

    def close(self) -> None:
        """Make everything durable and let go of files; a second call does nothing."""
        ...
