"""How promises stand, looked up the more seldom the longer it takes."""

from collections.abc import Callable, Sequence
from typing import Final

from messplus.router import Standing

SHARE: Final = 50
"""Looking up takes at most one part in so many of the time: requests must not wait for what is looked at."""


class Paced:
    """Remembers how promises stood. Used by one thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin with nothing known.

        Args:
            clock: Seconds on a clock that only runs forward.
        """
        self._clock = clock
        self._standings: tuple[Standing, ...] = ()
        self._next_s = -float("inf")

    def get(self, look: Callable[[], Sequence[Standing]]) -> tuple[Standing, ...]:
        """How promises stand, or stood not long ago.

        Args:
            look: Looks it up.
        """
        begun_s = self._clock()
        if begun_s >= self._next_s:
            self._standings = tuple(look())
            ended_s = self._clock()
            self._next_s = ended_s + SHARE * (ended_s - begun_s)
        return self._standings
