"""What signals need from the rest of the gateway."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from messplus.core.types import Source
from messplus.gateway.signals.verdict import Message


@dataclass(frozen=True, slots=True)
class JudgeReply:
    """What a judge model has answered.

    Attributes:
        text: Its answer.
        cost: What that cost, >= 0, in the unit of the configuration.
        latency_s: How long it took.
    """

    text: str
    cost: float
    latency_s: float


class Ask(Protocol):
    """Asks a model."""

    async def __call__(
        self, model: str, messages: Sequence[Message], max_tokens: int
    ) -> JudgeReply:
        """The model's answer; raises `MessPlusError` where there is none."""
        ...


class Tell(Protocol):
    """Takes note of a verdict, as `Router.feedback` does."""

    def __call__(
        self,
        decision_id: str,
        value: float,
        *,
        source: Source,
        feedback_id: str,
        comment: str,
        attributes: Mapping[str, str],
        cost: float,
    ) -> object:
        """Raises `MessPlusError` where it cannot be kept."""
        ...


class Observe(Protocol):
    """Counts what was done, as `Metrics` does."""

    def checked(self, *, route: str, check: str, passed: bool) -> None:
        """A rule has looked at an answer."""
        ...

    def judged(self, *, route: str, judge: str, result: str, cost_usd: float = 0.0) -> None:
        """A judge was asked (`verdict`, `unclear`, `error`, `timeout`), or could not be (`overflow`)."""
        ...
