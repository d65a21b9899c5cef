"""A whole demo: models, a gateway in front of them, users, and a look at it now and then."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from messplus.demo.look import Look
from messplus.demo.route_state import RouteState, fetch_route_state
from messplus.demo.script import Script
from messplus.demo.setup import STORE_NAME, ZooModel, on_any_port, settings_of, write_config
from messplus.demo.summary import Files, Mode, Summary
from messplus.demo.tally import OfModel, Tally
from messplus.demo.traffic import Traffic, Verdicts
from messplus.demo.yardsticks import yardsticks
from messplus.gateway.config.read import read_settings
from messplus.gateway.config.settings import Settings
from messplus.stores import open_to_read

Serving = Callable[[Settings], AbstractContextManager[str]]
"""What starts a gateway, and gives its base URL while it runs."""

LOOK_S: Final = 0.25
_REMARKS: Final[dict[Mode, str]] = {
    "recorded": "The gateway of `messplus demo`. What it asked played recorded answers back, and has\n"
    "ended with the demo: put your own models in its place, and start it with\n"
    "`messplus serve --config`.",
    "live": "The gateway of `messplus demo --live`, in front of the models of `messplus zoo up`.\n"
    "`messplus serve --config` starts it again.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a demo does.

    Attributes:
        mode: Whether answers are played back, or given by models.
        title: The same in a few words, for people.
        script: What is asked.
        alpha: The promise, in (0, 1].
        seed: Of who says something of an answer, and when.
        concurrency: Users at a time.
        feedback: Share of users that say something, in [0, 1].
        folder: Where settings and log are left.
    """

    mode: Mode
    title: str
    script: Script
    alpha: float
    seed: int
    concurrency: int
    feedback: float
    folder: Path


def run(
    plan: Plan,
    zoo: Sequence[ZooModel],
    serving: Serving,
    *,
    show: Callable[[], AbstractContextManager[Callable[[Look], None]]],
    afterwards: Callable[[Summary, str], None],
) -> Summary:
    """Start a gateway, send it everything, and say what came of it.

    Args:
        plan: What is asked, and what is promised.
        zoo: The models, which run already.
        serving: Starts the gateway.
        show: Begins to show the demo; called with each look at it.
        afterwards: Called with what came of it, and the gateway's base URL, while it still runs.

    Raises:
        DemoError: The gateway cannot be reached, or not be understood.
        SettingError: A setting is out of its range, or the folder has an earlier demo.
        OSError: The folder cannot be written.
    """
    verdicts = Verdicts.draw(len(plan.script.questions), plan.feedback, plan.seed)
    tally = Tally(
        yardsticks(plan.script.outcomes, plan.alpha),
        {name: OfModel() for name in plan.script.outcomes.models},
    )
    config = write_config(settings_of(zoo, plan.alpha), plan.folder, _REMARKS[plan.mode])
    settings = on_any_port(read_settings(config))
    with serving(settings) as gateway:
        traffic = Traffic(
            gateway,
            plan.script,
            verdicts,
            concurrency=plan.concurrency,
            on_answer=tally.add,
        )
        with show() as look_at:
            end = asyncio.run(_Watch(plan, tally, gateway, look_at).over(traffic))
        store = plan.folder / STORE_NAME
        with closing(open_to_read(str(store))) as log:
            events = log.last()
        summary = Summary(
            mode=plan.mode,
            seed=plan.seed,
            end=end,
            feedback=traffic.feedback,
            files=Files(config, store, events),
        )
        afterwards(summary, gateway)
    return summary


@dataclass(slots=True)
class _Watch:
    """Looks at a demo while its traffic is sent."""

    plan: Plan
    tally: Tally
    gateway: str
    show: Callable[[Look], None]
    state: RouteState | None = None
    began_s: float = field(default_factory=time.perf_counter)
    ended_s: float | None = None  # with the last answer: late verdicts are no work of the gateway's

    async def over(self, traffic: Traffic) -> Look:
        """Send everything; the last look at it."""
        async with aiohttp.ClientSession() as session:
            sending = asyncio.create_task(traffic.send())
            try:
                while not sending.done():
                    await self._look(session)
                    await asyncio.wait([sending], timeout=LOOK_S)
                await sending
            finally:
                sending.cancel()  # where the demo ends early; else it has ended
                await asyncio.wait([sending])
            return await self._look(session)

    async def _look(self, session: aiohttp.ClientSession) -> Look:
        self.state = await fetch_route_state(session, self.gateway)
        latest = self.tally.latest
        questions = self.plan.script.questions
        if self.ended_s is None and self.tally.requests == len(questions):
            self.ended_s = time.perf_counter()
        look = Look(
            title=self.plan.title,
            alpha=self.plan.alpha,
            asked=questions,
            tally=self.tally,
            state=self.state,
            latest=None if latest is None else questions[latest.row],
            elapsed_s=(self.ended_s or time.perf_counter()) - self.began_s,
        )
        self.show(look)
        return look
