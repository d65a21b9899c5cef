"""From the events of a log to arrays."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from messplus.core.types import Floats, Source
from messplus.errors import DataError
from messplus.offpolicy.logged import Logged, Verdicts
from messplus.records import Decided, Event, Feedback, Outcome

TRUSTED: Final[tuple[Literal["audit", "user", "judge"], ...]] = ("audit", "user", "judge")
"""Sources, the most trusted first."""


@dataclass(slots=True)
class Told:
    """One decision and what is known of it so far.

    Attributes:
        decided: The decision.
        outcomes: Of its calls, in order.
        heard: The latest word of each source, rules apart.
        ruled: What a rule said, last; None if none did.
    """

    decided: Decided
    outcomes: list[Outcome] = field(default_factory=list)
    heard: dict[Source, float] = field(default_factory=dict)
    ruled: float | None = None

    def hear(self, event: Outcome | Feedback) -> None:
        """Take note of an outcome or of feedback."""
        if isinstance(event, Outcome):
            self.outcomes.append(event)
        elif _is_rule(event):
            self.ruled = event.value
        else:
            self.heard[event.source] = event.value

    @property
    def certain(self) -> float | None:
        """Satisfaction where that is known for sure: no call succeeded, or a rule says so."""
        if self.outcomes and all(one.error for one in self.outcomes):
            return 0.0
        return self.ruled

    @property
    def verdict(self) -> tuple[Source | None, float | None]:
        """Who is trusted most of those who judged the answer, and what they said last."""
        for source in TRUSTED:
            if source in self.heard:
                return source, self.heard[source]
        return None, self.ruled

    @property
    def delivered(self) -> str | None:
        """Whose answer the user got: the chosen model's, else that of the last one that stood in for it."""
        decided = self.decided
        answered = [one.model for one in self.outcomes if not one.error]
        if not self.outcomes or decided.model in answered:
            return decided.model
        instead = [model for model in answered if model not in decided.asked]
        return next(reversed(instead or answered), None)

    @property
    def spent(self) -> float:
        """What the answer cost: of all calls but those that were made only to learn; NaN if unknown."""
        decided = self.decided
        extra = set(decided.asked) - {decided.model}
        bills = [one.cost for one in self.outcomes if one.model not in extra]
        return sum(bills) if bills else np.nan


def _is_rule(event: Feedback) -> bool:
    """Whether a rule of the gateway gave it: one that looks at every answer."""
    return str(event.source) == "check" or event.attributes.get("by", "").startswith("check:")


def gather(
    events: Iterable[Event],
    *,
    keep: Callable[[Decided], bool] = lambda decided: True,
    verdicts: Verdicts | None = None,
    cost_unit: str = "usd",
) -> Logged:
    """Fold the events of a log into arrays, one row per decision with a choice.

    A zoo that changed has the models of all decisions, the latest order first.

    Args:
        events: In order.
        keep: Which decisions: of a route, of a time.
        verdicts: Whose word counts. None: audits if there are any, since they are drawn at random
            and right; else users; else judges.
        cost_unit: Of all costs.

    Raises:
        DataError: No decision is kept.
    """
    told = tell(events, keep)
    return _arrays(told, verdicts or _best(told), cost_unit)


def tell(events: Iterable[Event], keep: Callable[[Decided], bool]) -> list[Told]:
    """Each decision with what is known of it, in order.

    Raises:
        DataError: No decision is kept.
    """
    stories: dict[str, Told] = {}
    for event in events:
        if isinstance(event, Decided):
            if keep(event):
                stories[event.decision_id] = Told(event)
        elif (story := stories.get(event.decision_id)) is not None:
            story.hear(event)
    if not stories:
        raise DataError("no decision of the log is kept: check route, alpha and time")
    return list(stories.values())


def all_models(told: Iterable[Told]) -> tuple[str, ...]:
    """The models of all decisions: the latest zoo in its order, then those that left it."""
    newest_first = reversed([one.decided.models for one in told])
    return tuple(dict.fromkeys(model for models in newest_first for model in models))


def _best(told: list[Told]) -> Verdicts:
    """The most trusted source that said anything."""
    heard = {source for one in told for source in one.heard}
    for source in TRUSTED:
        if source in heard:
            return source
    return "none"


def _arrays(told: list[Told], verdicts: Verdicts, cost_unit: str) -> Logged:
    models = all_models(told)
    place = {model: m for m, model in enumerate(models)}
    free = [one for one in told if one.decided.available.sum() > 1]
    n = len(free)
    available = np.zeros((n, len(models)), dtype=np.bool_)
    p_sat, cost = np.full((n, len(models)), np.nan), np.full((n, len(models)), np.nan)
    for row, one in enumerate(free):
        at = [place[model] for model in one.decided.models]
        available[row, at] = one.decided.available
        p_sat[row, at], cost[row, at] = one.decided.p_sat, one.decided.cost
    certain = _column(one.certain for one in free)
    heard = _column(_heard(one, verdicts) for one in free)
    return Logged(
        models=models,
        available=available,
        chosen=np.array([place[one.decided.model] for one in free], dtype=np.int64),
        propensity=_column(one.decided.propensity for one in free),
        p_sat=p_sat,
        cost=cost,
        alpha=_column(one.decided.alpha for one in free),
        satisfied=np.where(np.isnan(certain), heard, certain),
        certain=~np.isnan(certain),
        spent=_column(one.spent for one in free),
        verdicts=verdicts,
        forced=len(told) - n,
        cost_unit=cost_unit,
    )


def _heard(one: Told, verdicts: Verdicts) -> float | None:
    return None if verdicts == "none" else one.heard.get(verdicts)


def _column(values: Iterable[float | None]) -> Floats:
    """Numbers, shape (N,); NaN for None."""
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
