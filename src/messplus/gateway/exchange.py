"""One request on its way through the gateway: who asked, what was decided, what came of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from messplus.gateway.access import Allowance, Caller
from messplus.gateway.body import Asked, Json
from messplus.gateway.config.settings import Settings
from messplus.gateway.http import Headers
from messplus.gateway.telemetry import Mode, Trace
from messplus.gateway.upstreams import Answered, Bill, UpstreamError
from messplus.gateway.verdicts import COMPLETION
from messplus.records import Outcome
from messplus.router import Routed


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is to answer, and why.

    Attributes:
        model: Who.
        mode: How it came to be asked.
        candidates: Who could be asked.
        routed: The decision; None where the request names its model.
        session: Key of the request's session; None: it is in none.
    """

    model: str
    mode: Mode
    candidates: tuple[str, ...]
    routed: Routed | None = None
    session: str | None = None


@dataclass(slots=True, kw_only=True)
class Exchange:
    """A request and what is known of it so far. Times are of a clock that only runs forward.

    Attributes:
        settings: As they were when it came.
        trace: Its span.
        request_id: Its name, and that of its decision.
        caller: Who sent it.
        allowance: What its rate limit says; None: it has none.
        path: Of the upstream's API, such as `/chat/completions`.
        asked: What for.
        fields: The body, without what is for us.
        chosen: Who was to answer.
        arrived_s: When it came.
        model: Who is asked now, or has answered.
        mode: How that one came to be asked.
        failed: Calls that came to nothing.
        sent_s: When the upstream was first asked; None: it was not.
        asked_s: When it was last asked.
        answered: The answer, once there is any.
        bill: What it cost.
        booked: Whether the outcome was reported.
        status: Of the answer to the client; 0 before there is any.
        first_byte_s: When the client got its first byte.
        attempts: Calls to upstreams.
        error: Code of what went wrong; "" where nothing did.
    """

    settings: Settings
    trace: Trace
    request_id: str
    caller: Caller
    allowance: Allowance | None
    path: str
    asked: Asked
    fields: Json
    chosen: Chosen
    arrived_s: float
    model: str = ""
    mode: Mode = "exploit"
    failed: list[Outcome] = field(default_factory=list)
    sent_s: float | None = None
    asked_s: float = 0.0
    answered: Answered | None = None
    bill: Bill | None = None
    booked: bool = False
    status: int = 0
    first_byte_s: float | None = None
    attempts: int = 0
    error: str = ""

    def __post_init__(self) -> None:
        """Begin with the model that was chosen."""
        self.model, self.mode = self.chosen.model, self.chosen.mode

    @property
    def answer_id(self) -> str:
        """The `id` of the answer, by which feedback finds the decision."""
        return COMPLETION + self.request_id

    @property
    def route(self) -> str:
        """Whose promise it counts for; "" where it names its model."""
        routed = self.chosen.routed
        return routed.decided.route if routed else ""

    @property
    def alpha(self) -> float | None:
        """What is promised; None where nothing is."""
        routed = self.chosen.routed
        return routed.decided.alpha if routed else None

    @property
    def overhead_s(self) -> float | None:
        """Seconds from arrival until the first model was asked; None if none was."""
        return None if self.sent_s is None else self.sent_s - self.arrived_s

    def fell(self, error: UpstreamError, at_s: float, latency_s: float) -> None:
        """A call has come to nothing.

        Args:
            error: Why.
            at_s: Seconds since 1970.
            latency_s: How long it took.
        """
        self.failed.append(
            Outcome(
                decision_id=self.request_id,
                model=self.model,
                at_s=at_s,
                cost=0.0,
                latency_s=latency_s,
                error=f"{error.kind}: {error.message}"[:500],
            )
        )

    def next_best(self, can_serve: Callable[[str], bool]) -> str | None:
        """Who is best to answer in place of those that failed; None if nobody is left.

        Best by what the decision was taken with: least cost - price * p_sat.
        """
        routed = self.chosen.routed
        if routed is None:
            return None
        decided = routed.decided
        tried = {one.model for one in self.failed}
        value = np.asarray(decided.cost) - decided.price * np.asarray(decided.p_sat)
        left = [
            (float(value[m]), name)
            for m, name in enumerate(decided.models)
            if name in self.chosen.candidates and name not in tried and can_serve(name)
        ]
        return min(left)[1] if left else None

    def headers(self) -> Headers:
        """What an answer says of itself."""
        told = [("x-messplus-model", self.model), ("x-messplus-mode", self.mode)]
        if self.chosen.routed is not None:
            decided = self.chosen.routed.decided
            p_sat = decided.p_sat[decided.models.index(self.model)]
            told += [
                ("x-messplus-route", decided.route),
                ("x-messplus-alpha", f"{decided.alpha:g}"),
                ("x-messplus-queue", f"{decided.queue:.3f}"),
                ("x-messplus-predicted-satisfaction", f"{p_sat:.4f}"),
            ]
        if self.bill is not None:
            told.append(("x-messplus-cost-usd", f"{self.bill.cost_usd:.9f}"))
        if self.overhead_s is not None:
            told.append(("x-messplus-overhead-ms", f"{1000 * self.overhead_s:.3f}"))
        told.append(("x-messplus-attempts", str(self.attempts)))
        if self.allowance is not None:
            told += self.allowance.headers().items()
        return [(name.encode(), value.encode("latin-1", "replace")) for name, value in told]
