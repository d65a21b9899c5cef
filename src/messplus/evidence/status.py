"""Whether a promise holds, in one word and one sentence."""

from dataclasses import dataclass
from typing import Final, Literal

from messplus.evidence.satisfaction import Satisfaction

Status = Literal["certified", "on_course", "behind", "broken", "infeasible", "unknown"]

LEAST_JUDGED: Final = 30
"""Answers of which satisfaction must be known before a word is said."""

TOLERANCE: Final = 0.01
"""A point: a controller that keeps a promise at the least cost stays that close to it, on either side."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """On a promise.

    Attributes:
        status: `certified`: with confidence, at all times looked at, satisfaction is above alpha.
            `on_course`: it is not a point below, as far as can be told. `behind`: it seems to be more than
            a point below. `broken`: with confidence it is below. `infeasible`: it is not kept, and no
            model of the zoo is good enough. `unknown`: too few answers were judged.
        says: The same for people.
    """

    status: Status
    says: str


def verdict_on(alpha: float, found: Satisfaction, *, feasible: bool = True) -> Verdict:
    """Judge a promise.

    Args:
        alpha: What was promised.
        found: Over all its requests.
        feasible: Whether the zoo may be able to keep it.
    """
    if found.estimate is None or found.low is None or found.high is None:
        return Verdict("unknown", _silence(found))
    if found.judged < min(LEAST_JUDGED, found.requests) or found.requests < LEAST_JUDGED:
        return Verdict(
            "unknown", f"{_count(found.judged, 'answer')} judged so far: too few to tell"
        )
    told = f"{found.estimate:.1%} satisfied for a promise of {alpha:.1%}"
    margin = f"with {found.level:.0%} confidence between {found.low:.1%} and {found.high:.1%}"
    if found.low >= alpha:
        return Verdict("certified", f"Kept: {told}, {margin}")
    if found.high < alpha:
        if not feasible:
            return Verdict("infeasible", f"Out of reach: {told}; no model of the zoo is that good")
        return Verdict("broken", f"Broken: {told}, {margin}")
    if found.judged == found.requests and found.estimate >= alpha:
        return Verdict("on_course", f"Kept so far: {told}, every answer judged")
    if found.estimate >= alpha - TOLERANCE:
        return Verdict("on_course", f"On course: {told}, {margin}")
    if not feasible:
        return Verdict("infeasible", f"Out of reach: {told}; no model of the zoo is that good")
    return Verdict("behind", f"Behind: {told}, {margin}")


def _silence(found: Satisfaction) -> str:
    if not found.requests:
        return "No request yet"
    return (
        f"{_count(found.requests, 'request')}, and nobody has said how satisfactory the answers were:"
        " send feedback, set checks or a judge"
    )


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"
