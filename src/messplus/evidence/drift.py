"""An alarm when a model's answers are no longer what its past says.

An e-detector (Shin, Ramdas and Rinaldo, 2023): for each side and a few rates l, the CUSUM

    M <- max(M, 1) exp(l e - psi(l) e^2),  e = +-(x - xbar) / 2

of e-values for "the mean of x = verdict - prediction is what it was", xbar its long-run mean, so that a
predictor that is off a little, always, is no alarm. The mean over the rates is compared with the number of
verdicts that may pass between two false alarms.
"""

import math
from dataclasses import dataclass, field
from typing import Final, Literal

RATES: Final = (0.05, 0.12, 0.3)
FALSE_ALARM: Final = 10_000.0
"""Verdicts between two false alarms, at least, on average."""

CALM: Final = 300
"""Verdicts over which the error is averaged while an alarm is on, and that it lasts at least."""

CLOSE: Final = 0.08
"""An alarm is over when that average is closer to 0: predictions have come up with what is."""

MEMORY: Final = 2000
"""Verdicts of which the long-run mean is made; it starts after `WARM`."""

WARM: Final = 50
_PSI: Final = tuple(-math.log1p(-rate) - rate for rate in RATES)


@dataclass(slots=True)
class Drift:
    """Evidence that satisfaction with a model has moved away from what is predicted.

    Attributes:
        seen: Verdicts so far.
        mean: Long-run mean of verdict - prediction.
        down: Logarithms of the CUSUMs for fewer satisfied, one per rate.
        up: Likewise for more.
        down_s: Since when `down` has been above its start, in seconds since 1970.
        up_s: Likewise.
        alarm: Whether it is on.
        since_s: Since when satisfaction has moved, as far as the alarm that is on can tell.
        direction: Where to, of that alarm.
        lasted: Verdicts since the alarm began.
        recent: Mean of verdict - prediction since then, over `CALM` verdicts.
    """

    seen: int = 0
    mean: float = 0.0
    down: list[float] = field(default_factory=lambda: [0.0] * len(RATES))
    up: list[float] = field(default_factory=lambda: [0.0] * len(RATES))
    down_s: float = 0.0
    up_s: float = 0.0
    alarm: bool = False
    since_s: float | None = None
    direction: Literal["up", "down"] | None = None
    lasted: int = 0
    recent: float = 0.0

    def add(self, error: float, at_s: float) -> None:
        """One more verdict.

        Args:
            error: Verdict - prediction, in [-1, 1].
            at_s: When, in seconds since 1970.
        """
        self.seen += 1
        if self.alarm:
            self._wait(error)
            return
        off = (error - self.mean) / 2.0
        self.mean += (error - self.mean) / min(self.seen, MEMORY)
        if self.seen <= WARM:
            return
        self.up_s = _step(self.up, off, at_s, self.up_s)
        self.down_s = _step(self.down, -off, at_s, self.down_s)
        if self.strength >= 1.0:
            down = _evidence(self.down) >= _evidence(self.up)
            self.alarm, self.lasted, self.recent = True, 0, 0.0
            self.direction = "down" if down else "up"
            self.since_s = self.down_s if down else self.up_s

    @property
    def strength(self) -> float:
        """Evidence on a scale on which an alarm begins at 1, >= 0."""
        most = max(_evidence(self.down), _evidence(self.up))
        return max(0.0, most) / math.log(2.0 * FALSE_ALARM)

    def _wait(self, error: float) -> None:
        """The alarm ends when what is predicted is what is; that is normal from then on."""
        self.lasted += 1
        self.recent += (error - self.recent) / min(self.lasted, CALM)
        if self.lasted >= CALM and abs(self.recent) < CLOSE:
            self.alarm, self.direction, self.since_s = False, None, None
            self.mean, self.seen = self.recent, CALM
            self.down, self.up = [0.0] * len(RATES), [0.0] * len(RATES)


def _step(logs: list[float], off: float, at_s: float, since_s: float) -> float:
    """Take in one deviation, in [-1, 1]; since when the evidence has been growing."""
    if max(logs) <= 0.0:
        since_s = at_s
    for k, rate in enumerate(RATES):
        logs[k] = max(logs[k], 0.0) + rate * off - _PSI[k] * off * off
    return since_s


def _evidence(logs: list[float]) -> float:
    """Logarithm of the mean of the CUSUMs."""
    most = max(logs)
    return most + math.log(sum(math.exp(one - most) for one in logs) / len(logs))
