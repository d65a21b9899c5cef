"""The evidence of a log that many gateways share: one reads it, the others take over what it has found."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from messplus.evidence import Evidence, Watcher
from messplus.gateway.dashboard.follower import kept_evidence
from messplus.gateway.dashboard.observed import Observed
from messplus.stores import Store

LOOKED_S: Final = 60.0
"""For which it is kept up to date after somebody has looked."""

EVERY_S: Final = 3.0
"""Between two looks at what the one that reads has found."""


class LearnerFollower(Observed):
    """Evidence as the learner keeps it."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        """Take over what there is.

        Args:
            store: The log, where the learner leaves its evidence.
            clock: Seconds on a clock that only runs forward.
        """
        super().__init__(clock)
        self._store = store
        self._clock = clock
        self._evidence = kept_evidence(store) or Watcher(store.history, None).evidence
        self._taken_s = clock()
        self._looked_s = float("-inf")

    @contextmanager
    def evidence(self) -> Iterator[Evidence]:
        """What is known, as long as the context lasts; from now on it is kept up to date for a while."""
        self._looked_s = self._clock()
        with super().evidence() as evidence:
            yield evidence

    @property
    def _known(self) -> Evidence:
        return self._evidence

    def follow(self) -> None:
        """Take over what the learner has found, if anybody looks.

        Raises:
            StoreError: It cannot be read.
        """
        now_s = self._clock()
        if now_s - self._looked_s > LOOKED_S or now_s - self._taken_s < EVERY_S:
            return
        found = kept_evidence(self._store)
        self._taken_s = now_s
        if found is not None:
            with self._lock:
                self._evidence = found

    def close(self) -> None:
        """Nothing is to be kept."""
