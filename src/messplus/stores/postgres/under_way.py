"""What a process has appended that others may not see yet."""

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from messplus.stores.postgres.parcels import Parcel
from messplus.stores.postgres.spool import Batch
from messplus.stores.shared import Change

KEPT: Final = 100
"""Batches that are remembered after they were delivered: somebody may hold a look at the log from before."""


@dataclass(slots=True, eq=False)
class Job:
    """A parcel on its way.

    Attributes:
        parcel: What is appended.
        done: The sequence number of its last event, once it is durable.
        number: Of its batch; None while it waits for one.
    """

    parcel: Parcel
    done: "Future[int]" = field(default_factory=Future)
    number: int | None = None

    def __post_init__(self) -> None:
        """Take away `cancel`: a caller that stops waiting must not take its events along."""
        self.done.set_running_or_notify_cancel()


class UnderWay:
    """Changes of a process's own, in order. Thread-safe."""

    def __init__(self, writer: str) -> None:
        """Begin.

        Args:
            writer: The process's name.
        """
        self._writer = writer
        self._lock = threading.Lock()
        self._left: dict[tuple[str, int], list[Change]] = {}
        self._jobs: deque[Job] = deque()
        self._delivered: set[int] = set()

    def found(self, batch: Batch) -> None:
        """A batch of an earlier process waits on local disk."""
        changes = [change for parcel in batch.parcels for change in parcel.changes]
        if changes:
            self._left[batch.writer, batch.number] = changes

    def add(self, job: Job) -> None:
        """A parcel is on its way."""
        if job.parcel.changes:
            with self._lock:
                self._jobs.append(job)

    def numbered(self, jobs: Sequence[Job], number: int) -> None:
        """Parcels are in a batch now."""
        with self._lock:
            for job in jobs:
                job.number = number

    def remove(self, jobs: Sequence[Job]) -> None:
        """Parcels were refused: they will never be in the log."""
        gone = set(map(id, jobs))
        with self._lock:
            self._jobs = deque(job for job in self._jobs if id(job) not in gone)

    def delivered(self, batch: Batch) -> None:
        """A batch is in the log."""
        with self._lock:
            if batch.writer != self._writer:
                self._left.pop((batch.writer, batch.number), None)
                return
            self._delivered.add(batch.number)
            while self._jobs and self._is_old(self._jobs[0], batch.number):
                self._jobs.popleft()
            if len(self._delivered) > 4 * KEPT:
                oldest = self._jobs[0].number if self._jobs else batch.number
                self._delivered = {n for n in self._delivered if n >= (oldest or 0)}

    def after(self, number: int) -> list[Change]:
        """Changes that are not in the log, or in later batches than this one."""
        with self._lock:
            left = [change for changes in self._left.values() for change in changes]
            return left + [
                change
                for job in self._jobs
                if job.number is None or job.number > number
                for change in job.parcel.changes
            ]

    def _is_old(self, job: Job, latest: int) -> bool:
        number = job.number
        return number is not None and number <= latest - KEPT and number in self._delivered
