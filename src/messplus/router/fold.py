"""What a router knows, as a fold over events: the same code live, after a restart, and in a replay."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from messplus.core.types import Bools, Decision, Draws, Floats, Policy, Request, Source, Verdict
from messplus.records import Decided, Feedback, Outcome
from messplus.stores.base import Story

REMEMBERED = 4096
"""Decisions that are kept in memory; older ones are looked up in the store."""


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

    def finish(self, outcomes: Sequence[Outcome]) -> None:
        """Take note of what the models did.

        The decided model delivers if it answered; else the one that was asked in its place.
        """
        self.finished = True
        answered = [one.model for one in outcomes if not one.error]
        decided = self.decided
        if decided.model not in answered:
            instead = [model for model in answered if model not in decided.asked]
            last = (instead or answered)[-1:]
            self.delivered = last[0] if last else None


class Fold:
    """A policy's state and the decisions that may still hear something. Not thread-safe."""

    def __init__(
        self,
        policy: Policy[Any],
        models: tuple[str, ...],
        n_features: int,
        look_up: Callable[[str], Story | None],
        state: object = None,
    ) -> None:
        """Begin.

        Args:
            policy: Decides.
            models: The zoo in ascending cost.
            n_features: Width of a request's features.
            look_up: Finds decisions that are no longer in memory.
            state: To go on from; None begins anew.
        """
        self.policy = policy
        self.models = models
        self.state: Any = policy.init(len(models), n_features) if state is None else state
        self._look_up = look_up
        self._cases: OrderedDict[str, Case] = OrderedDict()
        self._index = {model: m for m, model in enumerate(models)}

    def decide(self, features: Floats, available: Bools, draws: Draws) -> Decision:
        """Choose for one request; `remember` it next."""
        request = Request(features=features, available=None if available.all() else available)
        decision, self.state = self.policy.decide(self.state, request, draws)
        return decision

    def remember(self, decided: Decided) -> None:
        """Keep a decision, for what will be heard of it."""
        self._cases[decided.decision_id] = Case(decided, decided.model)
        if len(self._cases) > REMEMBERED:
            self._cases.popitem(last=False)

    def decided(self, event: Decided) -> bool:
        """Take a decision of the log again.

        Returns:
            Whether the policy decided the same. What the log says is what happened, in any case.
        """
        decision = self.decide(event.features, event.available, event.draws)
        self.remember(event)
        return self.models[decision.model] == event.model

    def case(self, decision_id: str) -> Case | None:
        """What is known of a decision; None if it is unknown."""
        if decision_id in self._cases:
            return self._cases[decision_id]
        story = self._look_up(decision_id)
        return Case.of(story) if story else None

    def finished(self, case: Case, outcomes: Sequence[Outcome]) -> None:
        """Learn what models charged, and that a failed call satisfied nobody."""
        case.finish(outcomes)
        decision, request = self._core(case)
        called = [self._index[one.model] for one in outcomes]
        cost = np.zeros(len(self.models))
        for m, one in zip(called, outcomes, strict=True):
            cost[m] += one.cost
        billed = replace(decision, asked=tuple(sorted(set(called))))
        self.state = self.policy.charge(self.state, request, billed, cost)
        answered = {self._index[one.model] for one in outcomes if not one.error}
        if failed := sorted(set(called) - answered):
            self._learn(case, failed, 0.0, "user")

    def heard(self, case: Case, feedback: Feedback) -> None:
        """Learn what somebody says of the delivered answer; a later word of a source replaces it."""
        case.heard[feedback.source] = feedback.value
        if case.delivered is not None:
            self._learn(case, [self._index[case.delivered]], feedback.value, feedback.source)

    def _learn(self, case: Case, models: Iterable[int], value: float, source: Source) -> None:
        decision, request = self._core(case)
        observed = np.zeros(len(self.models), dtype=np.bool_)
        observed[list(models)] = True
        verdict = Verdict(np.where(observed, value, 0.0), observed, source)
        self.state = self.policy.learn(self.state, request, decision, verdict)

    def _core(self, case: Case) -> tuple[Decision, Request]:
        """A decision as the policy knows it, with the model that delivered in place of the chosen."""
        event = case.decided
        model = event.model if case.delivered is None else case.delivered
        asked = {self._index[one] for one in (*event.asked, model)}
        decision = Decision(
            model=self._index[model],
            asked=tuple(sorted(asked)),
            explored=event.explored,
            propensity=event.propensity,
            queue=event.queue,
            p_sat=event.p_sat,
            cost=event.cost,
            t=event.t,
            shielded=event.shielded,
        )
        available = None if event.available.all() else event.available
        return decision, Request(features=event.features, available=available)
