"""Ids in order of time: UUIDs of version 7 (RFC 9562), so that an index grows at its end only."""

import os
import re
import secrets
import threading
import time
from collections.abc import Callable
from random import Random
from typing import Final

_COUNTER_BITS: Final = 42
_TAIL_BITS: Final = 32
_VERSION: Final = 7
_VARIANT: Final = 0b10


# A generator of our own, seeded by the system: asking the system for each id takes ten times as long.
_random = Random(secrets.randbits(256))
if hasattr(os, "register_at_fork"):  # a child must not go on with its parent's numbers
    os.register_at_fork(after_in_child=lambda: _random.seed(secrets.randbits(256)))


class TimeOrderedIds:
    """Makes ids that ascend as texts, for as long as the process lives, whatever the clock does.

    The layout is that of RFC 9562, section 6.2, method 1: 48 bits of milliseconds, a counter of 42 bits
    that begins anew at a random number below 2^41 each millisecond, 32 random bits, and 6 bits that
    say what it is. An id tells when it was made; it is a name, not a secret.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        random_bits: Callable[[int], int] = _random.getrandbits,
    ) -> None:
        """Begin.

        Args:
            clock: Seconds since 1970, >= 0.
            random_bits: A random number of so many bits.
        """
        self._clock = clock
        self._random_bits = random_bits
        self._lock = threading.Lock()
        self._at_ms = -1
        self._counter = 0

    def __call__(self) -> str:
        """The next id: 32 hexadecimal characters."""
        with self._lock:
            now_ms = int(self._clock() * 1e3)
            if now_ms > self._at_ms:
                self._at_ms = now_ms
                self._counter = self._random_bits(_COUNTER_BITS - 1)
            else:  # the same millisecond, or a clock that was set back
                self._counter += 1
                if self._counter >> _COUNTER_BITS:
                    self._at_ms += 1
                    self._counter = 0
            at_ms, counter = self._at_ms, self._counter
        high, low = counter >> 30, counter & (1 << 30) - 1
        number = at_ms << 16 | _VERSION << 12 | high
        number = number << 2 | _VARIANT
        number = number << 30 | low
        return f"{number << _TAIL_BITS | self._random_bits(_TAIL_BITS):032x}"


_MADE: Final = re.compile(r"([0-9a-f]{12})7[0-9a-f]{3}[89ab][0-9a-f]{15}")


def made_at_s(text: str) -> float | None:
    """When an id was made, in seconds since 1970; None for a text that is not such an id."""
    found = _MADE.fullmatch(text)
    return int(found[1], 16) / 1e3 if found else None


new_id: Final = TimeOrderedIds()
"""The ids of this process."""
