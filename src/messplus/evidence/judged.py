"""The answers that one source of verdicts has judged."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from messplus.evidence.calibration import Calibration
from messplus.evidence.confidence import Deviations
from messplus.evidence.delays import Delays

Judge = Literal["audit", "user", "judge"]

TRUSTED: Final[tuple[Judge, ...]] = ("audit", "user", "judge")
"""Whose word counts, the most trusted first: audits are right and drawn at random."""


@dataclass(slots=True)
class Judged:
    """Sums over the answers that one source has judged, and that nothing is certain of.

    Attributes:
        verdicts: How many.
        satisfied: Sum of verdicts s.
        predicted: Sum of what was predicted of them, f.
        error: Of s - f, each as first heard.
        calibration: Of f against s.
        delays: From the decision to its first verdict, in seconds.
    """

    verdicts: int = 0
    satisfied: float = 0.0
    predicted: float = 0.0
    error: Deviations = field(default_factory=Deviations)
    calibration: Calibration = field(default_factory=Calibration)
    delays: Delays = field(default_factory=Delays)

    def add(self, value: float, predicted: float, delay_s: float | None) -> None:
        """A first verdict; `delay_s` is None where it is not known."""
        self.verdicts += 1
        self.satisfied += value
        self.predicted += predicted
        self.error.add(value - predicted)
        self.calibration.add(predicted, value)
        if delay_s is not None:
            self.delays.add(max(0.0, delay_s))

    def revise(self, predicted: float, before: float, after: float) -> None:
        """A verdict is taken back in favour of another one."""
        self.satisfied += after - before
        self.error.total += after - before
        self.calibration.revise(predicted, before, after)

    def withdraw(self, value: float, predicted: float) -> None:
        """An answer turns out to be certain: its verdict counts no longer.

        What was learned of the noise stays: it was seen.
        """
        self.verdicts -= 1
        self.satisfied -= value
        self.predicted -= predicted

    @property
    def gap(self) -> float:
        """Mean of s - f; 0 where nothing was judged."""
        return (self.satisfied - self.predicted) / self.verdicts if self.verdicts else 0.0


def most_trusted(sources: Iterable[str]) -> Judge | None:
    """The source whose word counts among those that have said anything; None: nobody has."""
    known = set(sources)
    return next((source for source in TRUSTED if source in known), None)
