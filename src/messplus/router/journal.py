"""What a router writes down: its events, and now and then a snapshot, so that it starts quickly."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future

from messplus.errors import StoreError
from messplus.records import Event
from messplus.router.kept import Kept
from messplus.stores.base import Store
from messplus.stores.shared import Change

Snapshot = tuple[str, Kept]
"""A name, and what a router knew at one moment."""


Append = Callable[[Sequence[Event], Sequence[Change]], "Future[int]"]
"""Appends events, and what they did to debts that are shared."""


class Journal:
    """Appends to a store. Not thread-safe, but for `keep`: its caller holds the router's lock."""

    def __init__(
        self,
        store: Store,
        snapshot: Callable[[], Snapshot],
        *,
        every: int,
        behind: int,
        append: Append | None = None,
    ) -> None:
        """Go on.

        Args:
            store: Where to.
            snapshot: Takes one; called under the router's lock.
            every: Events between two snapshots; 0: none by itself.
            behind: Events since the last: a router that is killed often gets its snapshots, too.
            append: How to; None: `store.append`.
        """
        self._store = store
        self._append = append or (lambda events, _: store.append(events))
        self._snapshot = snapshot
        self._every = every
        self._behind = behind
        self._incomplete = False
        self.last: Future[int] | None = None
        """Done once the latest event is durable; None before the first."""

    def append(self, events: Sequence[Event], changes: Sequence[Change] = ()) -> "Future[int]":
        """Write events down, all or none; see `Store.append`.

        Args:
            events: In order.
            changes: What they did to debts that are shared.
        """
        self.last = self._append(events, changes)
        self.last.add_done_callback(self._note)
        self._behind += len(events)
        if self._every and self._behind >= self._every:
            self.keep_when_durable(self.last)
        return self.last

    def keep_when_durable(self, last: "Future[int]") -> None:
        """Take a snapshot now, and keep it once the event that it ends with is durable."""
        self._behind = 0
        name, state = self._snapshot()

        def keep(done: "Future[int]") -> None:
            if done.exception() is None and not self._incomplete:
                self._store.keep(name, done.result(), state.to_bytes())

        last.add_done_callback(keep)

    def keep(self, snapshot: Snapshot, last: "Future[int]") -> None:
        """Wait until an event is durable, and keep the snapshot that ends with it. Needs no lock.

        Raises:
            StoreError: It could not be kept; or an earlier event could not: the log knows less than
                the router does, and what it lacks must not come back to life by a snapshot.
        """
        sequence = last.result()
        if self._incomplete:
            raise StoreError(
                "no snapshot is kept: the log could not take some earlier event; after a restart the"
                " router knows what the log tells"
            )
        name, state = snapshot
        self._store.keep(name, sequence, state.to_bytes())

    def _note(self, done: "Future[int]") -> None:
        if done.exception() is not None:
            self._incomplete = True
