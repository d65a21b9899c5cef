"""Joules of calls, from a counter that only knows the joules of a machine or a process."""

from typing import Protocol


class Meter(Protocol):
    """A counter of joules."""

    @property
    def method(self) -> str:
        """How it is read, in a few words for the record; an estimate says that it is one."""
        ...

    def read_j(self) -> float:
        """Joules since some fixed moment; never less than what it read before."""
        ...


class Shares:
    """Splits what a meter counts evenly among the calls that are under way at the time.

    What it counts while no call is under way belongs to none: an idle machine is not charged.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._last_j = meter.read_j()
        self._shares: dict[int, float] = {}
        self._next = 1

    @property
    def method(self) -> str:
        """How the joules are read."""
        return self._meter.method

    def start(self) -> int:
        """A call begins. Returns its number, for `stop`; never 0."""
        self._share_out()
        number = self._next
        self._next += 1
        self._shares[number] = 0.0
        return number

    def stop(self, number: int) -> float:
        """A call ends. Returns its joules.

        Raises:
            KeyError: No such call is under way.
        """
        self._share_out()
        return self._shares.pop(number)

    def _share_out(self) -> None:
        reading = self._meter.read_j()
        each = (reading - self._last_j) / max(1, len(self._shares))
        self._last_j = reading
        for number in self._shares:
            self._shares[number] += each
