"""What many threads hand to one: bounded, in order, taken all at once."""

import threading
from collections import deque
from typing import Generic, TypeVar

from messplus.errors import StoreError

T = TypeVar("T")


class Inbox(Generic[T]):
    """A queue with a bound on what waits in it, and an end.

    `queue.Queue` gives one item at a time and cannot be ended without losing what is put into it at
    that moment (`Queue.shutdown` came with Python 3.13).
    """

    def __init__(self, limit: int) -> None:
        """Begin empty.

        Args:
            limit: While this much weight waits, nothing more is taken in; >= 1. A heavier item
                goes in if less than that waits.
        """
        self._limit = limit
        self._changed = threading.Condition()
        self._items: deque[T] = deque()
        self._weight = 0
        self._ended = False

    def put(self, item: T, weight: int, wait_s: float) -> None:
        """Add an item.

        Args:
            item: To be taken.
            weight: How much of the limit it takes, >= 1.
            wait_s: Seconds to wait for room at most.

        Raises:
            StoreError: There was no room in that time, or the inbox has ended.
        """
        with self._changed:
            room = self._changed.wait_for(
                lambda: self._ended or self._weight < self._limit, timeout=wait_s
            )
            if self._ended:
                raise StoreError("the store is closed")
            if not room:
                raise StoreError(
                    f"no room for {wait_s:g} s: {self._weight} events wait to be written, the disk"
                    " does not keep up"
                )
            self._items.append(item)
            self._weight += weight
            if len(self._items) == 1:  # with more, whoever takes them is on the way
                self._changed.notify_all()

    @property
    def ended(self) -> bool:
        """Whether nothing more is taken in, and nothing waits."""
        with self._changed:
            return self._ended and not self._items

    def take(self, wait_s: float | None = None) -> list[T]:
        """All items that wait, in order; waits for one. Empty once the inbox has ended.

        Args:
            wait_s: Seconds to wait at most; then it is empty, too. None: as long as it takes.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._items, timeout=wait_s)
            items = list(self._items)
            self._items.clear()
            self._weight = 0
            self._changed.notify_all()
            return items

    def end(self) -> None:
        """Refuse further items; what waits can still be taken."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
