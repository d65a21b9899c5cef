"""What waits on local disk until the database is there, and in which pieces it goes there."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from messplus.stores.postgres.spool import Batch, Spool, open_spool

MOST_BATCHES: Final = 128
"""That are delivered together: after an hour's outage there are many, and each commit takes its time."""

MOST_EVENTS: Final = 2000
"""Likewise; a single batch may have more."""


@dataclass(frozen=True, slots=True)
class Group:
    """Batches of one writer that are delivered together.

    Attributes:
        batches: In order.
        spool: Where they wait; None: an empty one that only asks whether the database is there.
    """

    batches: tuple[Batch, ...]
    spool: Spool | None

    @property
    def events(self) -> int:
        """In all of them."""
        return sum(one.events for one in self.batches)


class Backlog:
    """Batches in the file of this process and in those that earlier ones have left. Not thread-safe."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """Find what waits.

        Args:
            folder: Of the files.
            most_bytes: That may wait in each.

        Raises:
            StoreError: The folder cannot be written.
        """
        self._own, self._left = open_spool(folder, most_bytes)
        self._most = 1
        self.folder = folder

    @property
    def events(self) -> int:
        """That wait."""
        return self._own.events + sum(one.events for one in self._left)

    def batches(self) -> Iterator[Batch]:
        """All of them, in order."""
        for spool in (*self._left, self._own):
            yield from spool.batches()

    def put(self, batch: Batch) -> None:
        """Keep a batch; it is on the disk on return.

        Raises:
            StoreError: There is no room for it.
        """
        self._own.put(batch)

    def first(self) -> Group | None:
        """What is to be delivered next: few batches at first, more as it goes well; None: nothing waits."""
        for spool in (*self._left, self._own):
            found = list(spool.batches(self._most))
            if found:
                return Group(tuple(_together(found)), spool)
        return None

    def delivered(self, group: Group) -> None:
        """Forget what is in the database.

        Raises:
            StoreError: It cannot be deleted: it is delivered again, and found to be there.
        """
        self._most = min(2 * self._most, MOST_BATCHES)
        if group.spool is not None:
            group.spool.remove(group.batches)

    def refused(self) -> None:
        """Go batch by batch again, to find the one that the database does not take."""
        self._most = 1

    def close(self) -> None:
        """Let go of the files, and delete those that are empty."""
        for spool in (self._own, *self._left):
            spool.close(remove=True)


def _together(batches: list[Batch]) -> Iterator[Batch]:
    """The first of them that are of one writer, and not too much at once."""
    events = 0
    for batch in batches:
        events += batch.events
        if batch is not batches[0] and (batch.writer != batches[0].writer or events > MOST_EVENTS):
            return
        yield batch
