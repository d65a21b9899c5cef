"""What the findings on an answer mean for the account of its route's promise."""

from collections.abc import Sequence
from dataclasses import dataclass

from messplus.core.types import Source
from messplus.gateway.signals.checks import Finding


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict that follows from checks.

    Attributes:
        value: 1 or 0.
        source: `audit` where rules decide what satisfaction is: then they are the truth, of every
            answer. `check` where an answer has failed for certain, and passing would say nothing.
        by: Which rule: `check:KIND`.
        why: What is wrong; "" where nothing is.
    """

    value: float
    source: Source
    by: str = "check"
    why: str = ""


def ruling(findings: Sequence[Finding]) -> Ruling | None:
    """What the findings on one answer come to; None if they do not tell whether it satisfies."""
    decided = any(one.decides == "always" for one in findings)
    for one in findings:
        if one.passed is False:
            source: Source = "audit" if decided else "check"
            return Ruling(0.0, source, f"check:{one.name}", one.why)
    if decided and all(one.passed for one in findings):
        return Ruling(1.0, "audit")
    return None
