"""One decision, and what its latest event means for the sums that it is part of."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from messplus.core.types import Floats, Source
from messplus.offpolicy.gather import Told
from messplus.records import NOTHING, Decided, Feedback, Outcome

UNPREDICTED: Final = 0.5
"""Taken for a prediction where a policy makes none."""

_NO_FEATURES: Final[Floats] = np.empty(0)
_SILENT: Final[Mapping[Source, float]] = MappingProxyType({})


class Reading(NamedTuple):
    """What is known of the satisfaction with one answer.

    Attributes:
        model: Whose answer it was, or is to be.
        predicted: f, what was predicted of that model before anything was known, in [0, 1].
        certain: Satisfaction where that is known for sure: every call failed, or a rule says so.
        heard: What each source said last, where nothing is certain.
    """

    model: str
    predicted: float
    certain: float | None
    heard: Mapping[Source, float]


@dataclass(slots=True)
class Case:
    """A decision and what is known of it so far.

    Attributes:
        told: The decision, without what is not counted: features, prompt, attributes.
        reading: As of the latest event.
    """

    told: Told
    reading: Reading

    @classmethod
    def of(cls, decided: Decided) -> "Case":
        """A decision of which nothing is known yet."""
        slim = replace(decided, features=_NO_FEATURES, prompt=None, attributes=NOTHING)
        told = Told(slim)
        return cls(told, read(told))

    def hear(self, event: Outcome | Feedback) -> Reading:
        """Take note of an event.

        Returns:
            What was known before it.
        """
        before = self.reading
        self.told.hear(event)
        self.reading = read(self.told)
        return before

    @property
    def failed(self) -> bool:
        """Whether every call so far has failed."""
        return bool(self.told.outcomes) and all(one.error for one in self.told.outcomes)


def read(told: Told) -> Reading:
    """What is known of the satisfaction with an answer."""
    decided = told.decided
    model = told.delivered or decided.model
    known = model in decided.models
    predicted = float(decided.p_sat[decided.models.index(model)]) if known else math.nan
    certain = told.certain
    return Reading(
        model,
        UNPREDICTED if math.isnan(predicted) else min(max(predicted, 0.0), 1.0),
        certain,
        dict(told.heard) if certain is None and told.heard else _SILENT,
    )
