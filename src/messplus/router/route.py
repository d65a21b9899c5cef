"""What goes into a router and what comes out: promises, decisions, feedback, receipts."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from messplus.core.types import Source
from messplus.errors import SettingError, require_range
from messplus.records import NOTHING, Decided

Status = Literal["applied", "duplicate", "pending", "unknown"]

DIGITS = 4
"""Decimals of an alpha: promises that differ by less are one."""


class Key(NamedTuple):
    """Names a promise.

    Attributes:
        route: Name of its route.
        alpha: Promised share of satisfied requests, rounded to `DIGITS`.
    """

    route: str
    alpha: float

    @classmethod
    def of(cls, decided: Decided) -> "Key":
        """The promise that a decision was taken under."""
        return cls(decided.route, round(decided.alpha, DIGITS))


@dataclass(frozen=True, slots=True)
class Route:
    """What is promised, and with whom.

    Attributes:
        name: Of the route.
        alpha: Promised share of satisfied requests, in (0, 1].
        models: Which of the zoo may answer; None: all.
        spread: Share of requests that go to a model drawn evenly, in [0, 1], so that the log can tell
            what another policy would have cost. They count for the promise, too.
    """

    name: str
    alpha: float
    models: tuple[str, ...] | None = None
    spread: float = 0.0

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        self.key()
        require_range("spread", self.spread, "in [0, 1]", ok=0 <= self.spread <= 1)
        if self.models is not None and not self.models:
            raise SettingError(f"route {self.name!r} must have at least one model")

    def key(self, alpha: float | None = None) -> Key:
        """The promise with this alpha; None: the route's own.

        Raises:
            SettingError: It is not in (0, 1], or rounds to 0.
        """
        alpha = self.alpha if alpha is None else alpha
        ok = 0 < alpha <= 1 and round(alpha, DIGITS) > 0
        require_range("alpha", alpha, "in (0, 1]", ok=ok)
        return Key(self.name, round(float(alpha), DIGITS))


@dataclass(frozen=True, slots=True)
class Routed:
    """A decision.

    Attributes:
        decided: All of it.
        stored: Done once the decision is durable. An answer that was delivered before may be
            forgotten in a crash, and feedback on it refused.
    """

    decided: Decided
    stored: "Future[int]" = field(repr=False)

    @property
    def decision_id(self) -> str:
        """The name by which outcomes and feedback find it."""
        return self.decided.decision_id

    @property
    def model(self) -> str:
        """Whose answer to deliver."""
        return self.decided.model

    @property
    def asked(self) -> tuple[str, ...]:
        """Whom to call: the model, and those that are only learned from."""
        return self.decided.asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What somebody says of an answer.

    Attributes:
        decision_id: Of the answer.
        value: How satisfactory it was, 0 to 1.
        source: Who says so.
        feedback_id: Its name: the same one sent twice counts once. None makes one.
        comment: In words.
        attributes: What else to keep with it.
        cost: What getting it cost, >= 0, in the unit of cost: a judge is not free.
    """

    decision_id: str
    value: float
    source: Source = "user"
    feedback_id: str | None = None
    comment: str = ""
    attributes: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    cost: float = 0.0


class About(NamedTuple):
    """The answer that feedback is about.

    Attributes:
        route: Under whose promise it was decided.
        model: Whose answer it was; None: nobody answered.
        p_sat: What was predicted of that model, in [0, 1]; None where nothing was.
        decided_at_s: Seconds since 1970.
        attributes: What else is known of the request.
        first: Whether nobody had said anything of it before.
    """

    route: str
    model: str | None
    p_sat: float | None
    decided_at_s: float
    attributes: Mapping[str, str]
    first: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of feedback.

    Attributes:
        feedback_id: Its name.
        status: `applied`: learned from. `duplicate`: known already, nothing happened. `pending`: its
            decision is not known yet; kept in memory for a while. `unknown`: there is no room to keep
            it, or its decision was never finished and is gone, or too old and forgotten.
        stored: Done once applied feedback is durable; already done for anything else.
        about: The answer, where it is known.
    """

    feedback_id: str
    status: Status
    stored: "Future[int]" = field(repr=False)
    about: About | None = None
