"""The events of a route: what was decided, what came of it, what was said of it.

Events are the truth. They are appended to a store in the order in which they happened, and whatever a
router knows is a fold over them: a crash that loses no event loses nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from messplus.core.types import Bools, Draws, Floats, Source
from messplus.errors import require_range

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decided:
    """One request was given to a model.

    Attributes:
        decision_id: Unique in the store; the decision's name for outcomes and feedback.
        route: The promise that it was decided under.
        at_s: Seconds since 1970.
        t: Number of the decision on its route, from 0.
        alpha: The promise at that time, in (0, 1].
        models: The zoo's M models in ascending cost.
        available: Which of them could be asked, shape (M,).
        features: What the policy saw of the request, shape (d,), each value a float32.
        draws: The random numbers that the decision used.
        model: Whose answer is delivered.
        asked: All that are called, the model included.
        explored: Whether more was asked, or another model than the best guess, in order to learn.
        propensity: Probability, given the past, that this model was chosen; in (0, 1].
        queue: The virtual queue, in satisfied requests owed.
        p_sat: Predicted satisfaction of each model, shape (M,).
        cost: Expected cost of each model, shape (M,), in the route's unit.
        price: What one more satisfied request was worth when this was decided, >= 0, in units of cost;
            0 where the policy has no such price.
        shielded: Whether a contract over windows took the choice from the policy.
        attributes: What else is known of the request: session, client, task, ...
        prompt: Its text, where prompts are kept; None where they are not.
    """

    decision_id: str
    route: str
    at_s: float
    t: int
    alpha: float
    models: tuple[str, ...]
    available: Bools
    features: Floats
    draws: Draws
    model: str
    asked: tuple[str, ...]
    explored: bool
    propensity: float
    queue: float
    p_sat: Floats
    cost: Floats
    price: float = 0.0
    shielded: bool = False
    attributes: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    prompt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one model did with one request.

    Attributes:
        decision_id: Which request.
        model: Who.
        at_s: Seconds since 1970 at which it was known.
        cost: What it charged, >= 0, in the route's unit; for a failed call, what was used of it.
        latency_s: Seconds until the answer was complete, or given up.
        prompt_tokens: As the upstream counted; None if nobody did.
        output_tokens: Likewise.
        error: Why the call failed; "" for one that did not.
    """

    decision_id: str
    model: str
    at_s: float
    cost: float
    latency_s: float | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    error: str = ""

    def __post_init__(self) -> None:
        """Check the cost.

        Raises:
            SettingError: It is negative or not finite.
        """
        require_range("cost", self.cost, "finite and at least 0", ok=0 <= self.cost < float("inf"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """Somebody says how satisfactory an answer was.

    Attributes:
        feedback_id: Unique in the store: the same feedback sent twice counts once.
        decision_id: Of which answer.
        at_s: Seconds since 1970 at which it came.
        value: 0 (useless) to 1 (satisfied).
        source: Who says so.
        comment: In words.
        attributes: What else the caller sent along; `by` names who or what says so more finely than the
            source does: `check`, `implicit`, a judge.
        cost: What getting the verdict cost, >= 0, in the route's unit: a judge is not free.
    """

    feedback_id: str
    decision_id: str
    at_s: float
    value: float
    source: Source = "user"
    comment: str = ""
    attributes: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    cost: float = 0.0

    def __post_init__(self) -> None:
        """Check value and cost.

        Raises:
            SettingError: The value is not in [0, 1], or the cost is negative or not finite.
        """
        require_range("value", self.value, "in [0, 1]", ok=0 <= self.value <= 1)
        require_range("cost", self.cost, "finite and at least 0", ok=0 <= self.cost < float("inf"))


Event = Decided | Outcome | Feedback
