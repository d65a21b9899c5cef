"""What signals need from the rest of the gateway."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from messplus.gateway.signals.verdict import Message
from messplus.router import Told


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
    """Takes note of a verdict."""

    def __call__(self, told: Told) -> object:
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
