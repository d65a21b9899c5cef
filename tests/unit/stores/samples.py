"""Events to append, and whether two of them are the same."""

from dataclasses import fields
from typing import Any

import numpy as np

from messplus.core.types import Draws
from messplus.records import Decided, Event, Feedback, Outcome
from messplus.stores import Story

NOW_S = 1.75e9


def decided(name: str, **changes: Any) -> Decided:  # noqa: ANN401  # any field
    """A decision between two models."""
    usual: dict[str, Any] = {
        "decision_id": name,
        "route": "default",
        "at_s": NOW_S,
        "t": 0,
        "alpha": 0.7,
        "models": ("small", "large"),
        "available": np.array([True, False]),
        "features": np.array([0.5, -0.25, 0.1], dtype=np.float32).astype(np.float64),
        "draws": Draws(0.1, 0.9),
        "model": "small",
        "asked": ("small",),
        "explored": False,
        "propensity": 1.0,
        "queue": 2.5,
        "p_sat": np.array([0.4, 0.9]),
        "cost": np.array([1e-6, 1e-3]),
    }
    return Decided(**usual | changes)


def outcome(name: str, **changes: Any) -> Outcome:  # noqa: ANN401  # any field
    """What the small model charged."""
    usual: dict[str, Any] = {"model": "small", "at_s": NOW_S + 1, "cost": 0.25, "latency_s": 0.75}
    return Outcome(decision_id=name, **usual | changes)


def feedback(name: str, feedback_id: str | None = None, **changes: Any) -> Feedback:  # noqa: ANN401  # any field
    """A user is satisfied."""
    usual: dict[str, Any] = {"at_s": NOW_S + 2, "value": 1.0}
    return Feedback(
        decision_id=name,
        feedback_id=f"about-{name}" if feedback_id is None else feedback_id,
        **usual | changes,
    )


def same(one: Event, other: Event) -> bool:
    """Whether two events are equal in every field, arrays bit by bit and in their types."""
    if type(one) is not type(other):
        return False
    pairs = [(getattr(one, f.name), getattr(other, f.name)) for f in fields(one)]
    return all(_same_value(left, right) for left, right in pairs)


def same_all(some: list[Event], others: list[Event]) -> bool:
    """Whether two lists hold the same events in one order."""
    return len(some) == len(others) and all(map(same, some, others))


def told(story: Story | None) -> list[Event]:
    """The events of a story; none if there is none."""
    return [] if story is None else [story.decided, *story.outcomes, *story.feedback]


def _same_value(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype != bool)
    return one == other
