"""What a shared log knows of ids that callers name: those that wait at the same time are looked up together."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from messplus.router import Router

PATIENCE_S: Final = 2.0
"""Longest time for which a caller waits; then what it named counts as unknown."""


@dataclass(slots=True)
class _Group:
    """Ids that go together, and whoever waits for them."""

    decision_ids: dict[str, None] = field(default_factory=dict)
    feedback_ids: dict[str, None] = field(default_factory=dict)
    done: "asyncio.Future[None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Lookups:
    """One look into the log at a time; who comes meanwhile shares the next. Lives on one event loop."""

    def __init__(self, router: Router, away: Callable[[], str]) -> None:
        """Begin.

        Args:
            router: Whose log it is.
            away: Why the log is out of reach at the moment; "" where it is not.
        """
        self._router = router
        self._away = away
        self._next: _Group | None = None
        self._looking: asyncio.Task[None] | None = None

    async def look_up(self, decision_ids: Sequence[str], feedback_ids: Sequence[str]) -> None:
        """Have at hand what is known of decisions of other gateways, and of feedback on them.

        What this gateway has decided itself of late needs no look: if feedback on it was told to
        another one too, the log counts it once.

        Raises:
            StoreError: The log cannot be read.
            TimeoutError: It does not answer.
        """
        elsewhere = self._router.elsewhere(decision_ids)
        if not elsewhere or self._away():
            return
        group = self._next = self._next or _Group()
        group.decision_ids |= dict.fromkeys(elsewhere)
        group.feedback_ids |= dict.fromkeys(feedback_ids)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        await asyncio.wait_for(asyncio.shield(group.done), PATIENCE_S)

    async def _look(self) -> None:
        while self._next is not None:
            group, self._next = self._next, None
            try:
                await asyncio.to_thread(
                    self._router.look_up, list(group.decision_ids), list(group.feedback_ids)
                )
            except Exception as error:  # noqa: BLE001  # whoever waits is told
                group.done.set_exception(error)
                group.done.exception()  # all of them may have gone
            else:
                group.done.set_result(None)
        self._looking = None
