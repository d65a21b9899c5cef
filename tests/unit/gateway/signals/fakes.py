"""What the gateway gives to signals, for tests."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from messplus.errors import MessPlusError
from messplus.gateway.config.settings import Settings
from messplus.gateway.signals import Answer, JudgeReply
from messplus.gateway.signals.verdict import Message
from messplus.router import Told

SATISFIED = '{"reason": "right", "satisfied": true}'


@dataclass(slots=True)
class Teller:
    """Takes verdicts."""

    said: list[Told] = field(default_factory=list)
    refuse: bool = False

    def __call__(self, told: Told) -> None:
        """Note it, or refuse it."""
        if self.refuse:
            raise MessPlusError("the disk is full")
        self.said.append(told)


@dataclass(slots=True)
class Judge:
    """Answers as it is told, once `gate` is open."""

    reply: Callable[[], str] = lambda: SATISFIED
    gate: asyncio.Event | None = None
    asked: list[tuple[str, Sequence[Message], int]] = field(default_factory=list)
    most_at_once: int = 0
    _now: int = 0

    async def __call__(
        self, model: str, messages: Sequence[Message], max_tokens: int
    ) -> JudgeReply:
        """An answer that costs 0.002."""
        self.asked.append((model, messages, max_tokens))
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            if self.gate is not None:
                await self.gate.wait()
            return JudgeReply(self.reply(), 0.002, 0.1)
        finally:
            self._now -= 1


@dataclass(slots=True)
class Seen:
    """Counts."""

    checks: list[tuple[str, str, bool]] = field(default_factory=list)
    judged_: list[tuple[str, str, float]] = field(default_factory=list)

    def checked(self, *, route: str, check: str, passed: bool) -> None:
        """Note it."""
        self.checks.append((route, check, passed))

    def judged(self, *, route: str, judge: str, result: str, cost_usd: float = 0.0) -> None:
        """Note it."""
        assert judge == "large"
        self.judged_.append((route, result, cost_usd))

    @property
    def results(self) -> list[str]:
        """Of judging."""
        return [result for _, result, _ in self.judged_]


def settings(*, cost: str = "usd", **route: Any) -> Settings:  # noqa: ANN401  # as in the file
    """A zoo of two models, and a route `chat` over the small one."""
    return Settings.model_validate(
        {
            "cost": cost,
            "providers": {"here": {"base_url": "http://127.0.0.1:8000/v1"}},
            "models": {"small": {"provider": "here"}, "large": {"provider": "here"}},
            "routes": {"chat": {"alpha": 0.8, "models": ["small"], **route}},
        }
    )


def answer(n: int = 0, text: str = "Paris.", **more: Any) -> Answer:  # noqa: ANN401  # its other fields
    """Answer number n."""
    return Answer(decision_id=f"answer-{n}", model="small", text=text, prompt="Capital?", **more)
