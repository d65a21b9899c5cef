"""One decision and what is known of it, in the terms of a policy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from messplus.core.types import Decision, Floats, Request, Source
from messplus.records import Decided, Outcome
from messplus.router.route import Key
from messplus.stores.base import Story


@dataclass(slots=True)
class Case:
    """One decision and what is known of it.

    Attributes:
        decided: The decision.
        delivered: Whose answer the user got; None if no model answered.
        finished: Whether outcomes were reported.
        heard: The latest value of each source of feedback.
    """

    decided: Decided
    delivered: str | None
    finished: bool = False
    heard: dict[Source, float] = field(default_factory=dict)

    @classmethod
    def of(cls, story: Story) -> "Case":
        """The case that a story tells."""
        case = cls(story.decided, story.decided.model)
        if story.outcomes:
            case.finish(story.outcomes)
        for one in story.feedback:
            case.heard[one.source] = one.value
        return case

    @property
    def key(self) -> Key:
        """Under which promise it was decided."""
        return Key.of(self.decided)

    def finish(self, outcomes: Sequence[Outcome]) -> None:
        """Take note of what the models did."""
        self.finished = True
        self.delivered = delivered(self.decided, outcomes)


def delivered(decided: Decided, outcomes: Sequence[Outcome]) -> str | None:
    """Whose answer the user got: the decided model's, or that of the one asked in its place.

    None if nobody answered.
    """
    answered = [one.model for one in outcomes if not one.error]
    if decided.model in answered:
        return decided.model
    instead = [model for model in answered if model not in decided.asked]
    last = (instead or answered)[-1:]
    return last[0] if last else None


class AsDecided(NamedTuple):
    """A decision as the policy knows it, with the model that delivered in place of the chosen."""

    decision: Decision
    request: Request


def as_decided(
    case: Case, models: Sequence[str], index: dict[str, int], called: Iterable[int] | None = None
) -> AsDecided:
    """A decision in terms of the zoo of today, whatever zoo it was taken in.

    Args:
        case: What is known of it; its models are among those of today.
        models: The zoo of today.
        index: The place of each in it.
        called: Who was called in the end; None: those that were to be, and who delivered.
    """
    event = case.decided
    model = event.model if case.delivered is None else case.delivered
    p_sat, cost, available = event.p_sat, event.cost, event.available
    if event.models != models:
        places = [index[one] for one in event.models]
        p_sat, cost = _placed(p_sat, places, len(models)), _placed(cost, places, len(models))
        available = np.zeros(len(models), dtype=np.bool_)
        available[places] = event.available
    if called is None:
        called = (index[one] for one in (*event.asked, model))
    decision = Decision(
        model=index[model],
        asked=tuple(sorted(set(called))),
        explored=event.explored,
        propensity=event.propensity,
        queue=event.queue,
        p_sat=p_sat,
        cost=cost,
        t=event.t,
        price=event.price,
        shielded=event.shielded,
    )
    mask = None if available.all() else available
    return AsDecided(decision, Request(features=event.features, available=mask))


def _placed(values: Floats, places: Sequence[int], size: int) -> Floats:
    whole = np.zeros(size)
    whole[places] = values
    return whole
