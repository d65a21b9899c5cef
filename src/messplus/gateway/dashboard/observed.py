"""What the pages see of a log: its evidence, and what was noticed beside it. Who reads the log, is open."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from messplus.dashboard.moment import Moment
from messplus.dashboard.statuses import Statuses
from messplus.evidence import Evidence
from messplus.evidence.fold import Notable
from messplus.gateway.dashboard.noticing import Noticing
from messplus.gateway.dashboard.paced import Paced


class Observed(ABC):
    """Evidence that is kept up to date. `follow` is called from one thread at a time, the rest from any."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin.

        Args:
            clock: Seconds on a clock that only runs forward.
        """
        self._lock = threading.Lock()
        self._noticing = Noticing()
        self.standings = Paced(clock)
        """How promises stand."""
        self.catching_up = False
        """Whether what was in the log at the start is still being read."""

    @contextmanager
    def evidence(self) -> Iterator[Evidence]:
        """What is known, as long as the context lasts; it does not change meanwhile."""
        with self._lock:
            yield self._known

    @property
    def decisions(self) -> int:
        """Decisions that it knows of."""
        return self._known.decisions

    @property
    def happened(self) -> tuple[Notable, ...]:
        """What was noticed that the log does not tell, the latest last."""
        return tuple(self._noticing.happened)

    @property
    def verdicts(self) -> Statuses:
        """On each promise, for as long as the context of `evidence` lasts."""
        return self._noticing.verdicts

    def notice(self, moment: Moment) -> None:
        """Note what has changed since the last time."""
        with self._lock:
            self._noticing.look(self._known, moment)

    @abstractmethod
    def follow(self) -> None:
        """Bring the evidence up to date.

        Raises:
            StoreError: The log cannot be read.
        """

    @abstractmethod
    def close(self) -> None:
        """Follow no longer."""

    @property
    @abstractmethod
    def _known(self) -> Evidence: ...
