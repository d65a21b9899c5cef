"""Why a request went where it went, and what came of it: from the log alone."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from messplus.records import Feedback, Outcome
from messplus.router.case import delivered
from messplus.stores.base import Story

SESSION: Final = "session"
"""Attribute of requests that belong to a session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One model and one request.

    Attributes:
        model: Its name.
        p_sat: Predicted satisfaction, in [0, 1].
        cost: Expected cost, in the unit of cost.
        score: cost - price * p_sat: the lower the better.
        available: Whether it could be asked.
        chosen: Whether it was to answer.
        asked: Whether it was called at all.
        why: In one short sentence.
    """

    model: str
    p_sat: float
    cost: float
    score: float
    available: bool
    chosen: bool
    asked: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision as people read it.

    Attributes:
        story: The events behind it.
        candidates: All models of the zoo, in ascending list price.
        delivered: Whose answer the user got; None: nobody answered.
    """

    story: Story
    candidates: tuple[Candidate, ...]
    delivered: str | None

    @property
    def decision_id(self) -> str:
        """Its name."""
        return self.story.decided.decision_id

    @property
    def route(self) -> str:
        """Under whose promise it was taken."""
        return self.story.decided.route

    @property
    def alpha(self) -> float:
        """What was promised."""
        return self.story.decided.alpha

    @property
    def model(self) -> str:
        """Who was to answer."""
        return self.story.decided.model

    @property
    def queue(self) -> float:
        """Satisfied requests owed at that time."""
        return self.story.decided.queue

    @property
    def price(self) -> float:
        """Of one more satisfied request, in the unit of cost."""
        return self.story.decided.price

    @property
    def propensity(self) -> float:
        """Probability that this model was chosen."""
        return self.story.decided.propensity

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What the models did."""
        return self.story.outcomes

    @property
    def feedback(self) -> tuple[Feedback, ...]:
        """What was said of it, in order."""
        return self.story.feedback


def explain(story: Story) -> Explanation:
    """Explain a decision."""
    decided, answered = story.decided, delivered(story.decided, story.outcomes)
    if not story.outcomes:
        answered = decided.model
    score = decided.cost - decided.price * decided.p_sat
    chosen = decided.models.index(decided.model)
    candidates = tuple(
        Candidate(
            model=model,
            p_sat=float(decided.p_sat[m]),
            cost=float(decided.cost[m]),
            score=float(score[m]),
            available=bool(decided.available[m]),
            chosen=m == chosen,
            asked=model in decided.asked or any(one.model == model for one in story.outcomes),
            why=_why(story, answered, m, better=bool(score[m] < score[chosen])),
        )
        for m, model in enumerate(decided.models)
    )
    return Explanation(story=story, candidates=candidates, delivered=answered)


def _why(story: Story, answered: str | None, m: int, *, better: bool) -> str:
    decided = story.decided
    model = decided.models[m]
    if model == decided.model:
        return _why_chosen(story)
    if model == answered:
        return f"answered in place of {decided.model}, whose call failed"
    failed = next((one for one in story.outcomes if one.model == model and one.error), None)
    if failed is not None:
        return f"its call failed: {failed.error}"
    if model in decided.asked:
        return "asked to learn"
    if not decided.available[m]:
        return "could not be asked"
    return "left alone: a cheaper one may do" if better else "worse value at this price"


def _why_chosen(story: Story) -> str:
    decided = story.decided
    if np.count_nonzero(decided.available) == 1:
        return (
            "stays with its session" if SESSION in decided.attributes else "only one could be asked"
        )
    if decided.shielded:
        return "the window needs a model that is safe"
    if decided.explored and decided.propensity < 1.0:
        return "drawn at random (spread)"
    if decided.explored and len(decided.asked) == 1:
        return "asked to learn"
    return "cheapest that keeps the promise at this price"
