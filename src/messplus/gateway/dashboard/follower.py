"""Reads the log as it grows, so that a page need not: the evidence is there when somebody looks."""

import logging
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, cast

from messplus.errors import StoreError
from messplus.evidence import Evidence, Watcher
from messplus.gateway.dashboard.observed import Observed
from messplus.snapshots import from_bytes, to_bytes
from messplus.stores import Store
from messplus.stores.base import Stored

NAME: Final = "evidence"
"""Of the snapshot."""

SLICE: Final = 4
"""Events between two pauses: what decides requests must not wait for what is only looked at."""

CATCHING_UP: Final = 50
"""Likewise, while it reads what was in the log when it started."""

PAUSE_S: Final = 0.001
SNAPSHOT_EVERY: Final = 200_000

_log = logging.getLogger("messplus.gateway")


class Follower(Observed):
    """Evidence that follows a log, read by this process itself."""

    def __init__(self, store: Store, pause: Callable[[float], None] = time.sleep) -> None:
        """Go on where the latest snapshot ends.

        Args:
            store: The log.
            pause: Lets others run.
        """
        super().__init__()
        self._store = store
        self._pause = pause
        self._watcher = Watcher(store.history, kept_evidence(store))
        self._saved = self._watcher.evidence.sequence
        self._stop = False
        self.catching_up = True

    @property
    def _known(self) -> Evidence:
        return self._watcher.evidence

    def follow(self) -> None:
        """Read up to the end of the log.

        Raises:
            StoreError: It cannot be read, or the snapshot not be kept.
        """
        size = CATCHING_UP if self.catching_up else SLICE
        events = self._store.events(self._watcher.evidence.sequence, page=4 * size)
        while not self._stop and self._some(events, size):
            self._pause(PAUSE_S)
            if self._watcher.evidence.sequence - self._saved >= SNAPSHOT_EVERY:
                self.save()
        self.catching_up = self._stop and self.catching_up

    def save(self) -> None:
        """Keep a snapshot: the next start goes on from there.

        Raises:
            StoreError: It cannot be kept.
        """
        with self._lock:
            evidence = self._watcher.evidence
            sequence, state = evidence.sequence, to_bytes(evidence)
        if sequence != self._saved:
            self._store.keep(NAME, sequence, state)
            self._saved = sequence

    def close(self) -> None:
        """Stop reading, and keep a snapshot; a log that cannot be written is left as it is."""
        self._stop = True
        try:
            self.save()
        except StoreError as error:
            _log.warning("what the dashboard knows could not be kept: %s", error)

    def _some(self, events: Iterator[Stored], size: int) -> bool:
        """Take in a few events; whether there may be more."""
        some = list(islice(events, size))
        with self._lock:
            for stored in some:
                self._watcher.step(stored)
        return len(some) == size


def kept_evidence(store: Store) -> Evidence | None:
    """The latest snapshot; None if there is none that can be read: the log is read anew."""
    kept = store.kept(NAME)
    if kept is None:
        return None
    try:
        return cast(Evidence, from_bytes(kept[1]))
    except StoreError as error:
        _log.info("the dashboard reads the log anew: %s", error)
        return None
