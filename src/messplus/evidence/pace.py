"""How many requests come per second, of late."""

from dataclasses import dataclass, field
from typing import Final

SECONDS: Final = 60
"""Over which the pace is averaged."""


@dataclass(slots=True)
class Pace:
    """Requests in each of the latest seconds.

    Attributes:
        second: The latest one with a request, in whole seconds since 1970.
        counts: Requests in the seconds up to it, a ring of `SECONDS`.
    """

    second: int = 0
    counts: list[int] = field(default_factory=lambda: [0] * SECONDS)

    def add(self, at_s: float) -> None:
        """One request."""
        now = int(at_s)
        if now > self.second:
            for second in range(max(self.second + 1, now - SECONDS + 1), now + 1):
                self.counts[second % SECONDS] = 0
            self.second = now
        if now > self.second - SECONDS:  # a clock that went back by more is not believed
            self.counts[now % SECONDS] += 1

    def per_second(self, now_s: float) -> float:
        """Mean over the last minute before `now_s`, the second under way left out."""
        now = int(now_s)
        seconds = range(max(now - SECONDS, self.second - SECONDS + 1), min(now, self.second + 1))
        return sum(self.counts[second % SECONDS] for second in seconds) / SECONDS
