"""How many verdicts there are, and whether they are only of one kind."""

import math
from dataclasses import dataclass, replace
from typing import Literal

from messplus.core.binomial import at_least

MEMORY = 5000.0
"""Decisions over which the share of verdicts is averaged: it may change."""

LATEST = 1000.0
"""Age in requests of the one verdict that is assumed at first: so long, silence says nothing."""


@dataclass(frozen=True, slots=True)
class LabelRate:
    """Estimates the share of decisions that get a verdict, although verdicts come late.

        rate = (1 + labels) / (1 + decisions old enough to have been judged)

    Old enough is what is older than the mean age of verdicts on arrival. One verdict of age `LATEST` is
    assumed: until the first verdicts come, and at most so long, every answer may still get one, and
    the rate is 1. Right for delays that are alike; where they differ by hundreds of requests the first
    such span is underestimated.

    Attributes:
        decisions: Decisions so far.
        labels: Verdicts so far, in true ones; the older weigh less.
        ages: Sum of their ages, weighted alike.
    """

    decisions: int = 0
    labels: float = 0.0
    ages: float = 0.0

    def decided(self) -> "LabelRate":
        """One more decision."""
        keep = 1.0 - 1.0 / MEMORY
        return LabelRate(self.decisions + 1, self.labels * keep, self.ages * keep)

    def judged(self, age: float, worth: float = 1.0) -> "LabelRate":
        """One more verdict.

        Args:
            age: Decisions made since the one that it is about, >= 0.
            worth: What it is worth in true verdicts, in [0, 1]; see `trust.information`.
        """
        return replace(self, labels=self.labels + worth, ages=self.ages + worth * age)

    @property
    def rate(self) -> float:
        """Share of decisions that get a verdict, in (0, 1]; 1 at the start."""
        age = (LATEST + self.ages) / (1.0 + self.labels)
        old_enough = -MEMORY * math.expm1(-max(self.decisions - age, 0.0) / MEMORY)
        return min((1.0 + self.labels) / (1.0 + old_enough), 1.0)


def one_sided(
    satisfied: int, dissatisfied: int, requests: int, alpha: float
) -> Literal["only satisfied", "only dissatisfied"] | None:
    """Whether users seem to answer in one mood only; then their share says nothing about the rest.

    An alarm, for where there are no audits. It is raised if there are 30 verdicts, on at most 80 % of
    the requests, of which 99 % are of one kind, and a random sample of what a router for this
    promise may deliver had less than one chance in a thousand to be that pure: satisfaction between
    alpha - 0.25 and alpha + 0.1, but not above 0.96, or alpha + 0.06 if that is more.

    Args:
        satisfied: Verdicts that users gave of their own accord, so far or of late: good ones.
        dissatisfied: Bad ones.
        requests: Requests that they could have been given on, those with verdicts included.
        alpha: The promise.

    Returns:
        The kind that comes; None where there is no reason for alarm. From alpha = 0.94 on,
        "only satisfied" is never returned: it is what was promised.
    """
    verdicts = satisfied + dissatisfied
    if verdicts < 30 or verdicts > 0.8 * requests:
        return None
    most = min(max(min(alpha + 0.1, 0.96), alpha + 0.06), 1.0)
    if satisfied >= 0.99 * verdicts and at_least(verdicts, satisfied, most) < 1e-3:
        return "only satisfied"
    least = max(alpha - 0.25, 0.0)
    if dissatisfied >= 0.99 * verdicts and at_least(verdicts, dissatisfied, 1.0 - least) < 1e-3:
        return "only dissatisfied"
    return None
