"""A circuit breaker: a model that keeps failing is left alone for a while, then tried once.

```
closed --failures--> open --time--> half-open --success--> closed
                      ^                 |
                      +-----failure-----+
```

Pure: a circuit and what happened in, the next circuit out. Time and the random draw are arguments. The
names are those of M. Nygard's "Release It!", the window counts calls as resilience4j's does.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

FAILURES_IN_A_ROW: Final = 5
"""So many failures without a success between them open a circuit."""

WINDOW: Final = 20
"""Latest calls of which the share of failures is taken."""

FAILED_SHARE: Final = 0.5
"""A full window with this share of failures opens a circuit."""

FIRST_OPEN_S: Final = 1.0
"""Longest time that it is open at first; each failed trial doubles it."""

LONGEST_OPEN_S: Final = 60.0
"""Longest time that it is ever open, unless the upstream asks for more."""

LONGEST_RETRY_AFTER_S: Final = 300.0
"""An upstream that asks for more is tried once after this time all the same."""

State = Literal["closed", "open", "half-open"]

_MASK: Final = (1 << WINDOW) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """What is known of a model's health.

    Attributes:
        state: `closed`: calls go through. `open`: none does. `half-open`: one is under way, on trial.
        failures: In a row, up to now.
        recent: The latest `WINDOW` calls as bits, the lowest is the latest; 1 is a failure.
        calls: How many of them there were, <= `WINDOW`.
        opened: How often it opened since it was last closed; the time that it is open grows with it.
        until_s: When `open` ends.
        epoch: Grows with each change of state. A call belongs to the epoch in which it began; what it
            tells is of no use in a later one.
    """

    state: State = "closed"
    failures: int = 0
    recent: int = 0
    calls: int = 0
    opened: int = 0
    until_s: float = 0.0
    epoch: int = 0

    def admits(self, now_s: float) -> bool:
        """Whether a call may begin."""
        return self.state == "closed" or (self.state == "open" and now_s >= self.until_s)

    def begun(self) -> "Circuit":
        """A call that was admitted has begun; its epoch is the one of what is given back."""
        if self.state == "closed":
            return self
        return replace(self, state="half-open", epoch=self.epoch + 1)

    def succeeded(self, epoch: int) -> "Circuit":
        """A call of an epoch has ended well."""
        if epoch != self.epoch:
            return self
        if self.state == "half-open":
            return Circuit(epoch=self.epoch + 1)
        if not self.recent and self.calls == WINDOW:  # the usual case
            return self
        return replace(self._noted(failed=False), failures=0)

    def failed(self, epoch: int, now_s: float, u: float) -> "Circuit":
        """A call of an epoch has failed.

        Args:
            epoch: Of the call.
            now_s: The time, on any clock that only runs forward.
            u: A uniform draw from [0, 1): models that fell together are not tried together.
        """
        if epoch != self.epoch:
            return self
        if self.state == "half-open":
            return self._noted(failed=True)._open(now_s, u)
        noted = self._noted(failed=True)
        full = noted.calls == WINDOW
        if noted.failures >= FAILURES_IN_A_ROW or (
            full and noted.recent.bit_count() >= FAILED_SHARE * WINDOW
        ):
            return noted._open(now_s, u)
        return noted

    def asked_to_wait(self, now_s: float, wait_s: float) -> "Circuit":
        """The upstream said when to come back. That holds for all calls, whenever they began."""
        until_s = now_s + min(max(wait_s, 0.0), LONGEST_RETRY_AFTER_S)
        if self.state == "open":
            return replace(self, until_s=max(self.until_s, until_s))
        return replace(
            self._noted(failed=True), state="open", until_s=until_s, epoch=self.epoch + 1
        )

    def abandoned(self, epoch: int, now_s: float) -> "Circuit":
        """A call of an epoch has ended without telling anything: the client has left."""
        if epoch != self.epoch or self.state != "half-open":
            return self
        return replace(self, state="open", until_s=now_s, epoch=self.epoch + 1)

    def _open(self, now_s: float, u: float) -> "Circuit":
        longest_s = min(FIRST_OPEN_S * 2.0 ** min(self.opened, 32), LONGEST_OPEN_S)
        return replace(
            self,
            state="open",
            opened=self.opened + 1,
            until_s=now_s + longest_s * (1.0 + u) / 2.0,
            epoch=self.epoch + 1,
        )

    def _noted(self, *, failed: bool) -> "Circuit":
        return replace(
            self,
            failures=self.failures + failed,
            recent=(self.recent << 1 | failed) & _MASK,
            calls=min(self.calls + 1, WINDOW),
        )
