"""What goes into a router and what comes out: a route, a decision, a receipt."""

import hashlib
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal

from messplus.core.types import Policy
from messplus.encoders import Features
from messplus.records import Decided

Status = Literal["applied", "duplicate", "pending", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A promise over a zoo.

    Attributes:
        name: Of the route.
        alpha: Promised share of satisfied requests, in (0, 1].
        models: The zoo in ascending cost.
        policy: Keeps the promise; its alpha is the route's.
        policy_name: Its spec: another one starts a fold of its own over the log.
        features: Turns a prompt into what the policy sees.
        keep_prompts: Whether prompts are written to the log.
    """

    name: str
    alpha: float
    models: tuple[str, ...]
    policy: Policy[Any]
    policy_name: str
    features: Features
    keep_prompts: bool = False

    @property
    def fingerprint(self) -> str:
        """Of all that a snapshot depends on."""
        parts = (self.name, self.policy_name, self.features.identity, *self.models, str(self.alpha))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


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


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of feedback.

    Attributes:
        feedback_id: Its name.
        status: `applied`: learned from. `duplicate`: known already, nothing happened. `pending`: its
            decision is not known yet; kept in memory for a while. `unknown`: there is no room to keep
            it, or its decision was never finished and is gone.
        stored: Done once applied feedback is durable; already done for anything else.
    """

    feedback_id: str
    status: Status
    stored: "Future[int]" = field(repr=False)
