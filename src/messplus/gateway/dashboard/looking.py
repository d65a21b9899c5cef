"""One look at everything, for as many viewers as there are: views are made once a second at most."""

import asyncio
from collections.abc import Callable
from typing import Final

import orjson

from messplus.dashboard.models import shown_models
from messplus.dashboard.moment import Moment
from messplus.dashboard.overview import shown_overview
from messplus.dashboard.promises import shown_promise
from messplus.dashboard.shapes import Json
from messplus.evidence import Evidence, PromiseEvidence
from messplus.gateway.dashboard.listing import standing_of
from messplus.gateway.dashboard.moment import moment_of
from messplus.gateway.gateway import Gateway

FRESH_S: Final = 1.0
"""A view is shown for so long before it is made anew."""

MOST_VIEWS: Final = 200
"""Views kept at once."""

Scope = tuple[str, ...] | None
"""Routes that a caller may see; None: all."""
View = Callable[[Evidence], Json | None]


class Looking:
    """Views of a gateway. Lives on its event loop."""

    def __init__(self, gateway: Gateway) -> None:
        """Look at a gateway."""
        self._gateway = gateway
        self._views: dict[tuple[str, Scope], tuple[float, asyncio.Task[bytes | None]]] = {}
        self._latest: tuple[float, Moment] | None = None

    async def overview(self, routes: Scope) -> bytes:
        """The first page, as JSON."""
        moment = self._moment()
        made = await self._view(
            "overview",
            routes,
            lambda evidence: shown_overview(
                evidence, moment, routes=routes, verdicts=self._gateway.parts.follower.verdicts
            ),
        )
        return made or b"{}"

    async def models(self, routes: Scope) -> bytes:
        """The models, as JSON."""
        moment = self._moment()
        made = await self._view(
            "models", routes, lambda evidence: shown_models(evidence, moment, routes=routes)
        )
        return made or b"{}"

    async def promise(self, name: str, routes: Scope) -> bytes | None:
        """One promise, as JSON; None if there is none of that name."""
        standing = standing_of(self._gateway.parts.router, name, routes)
        if standing is None:
            return None
        none_yet = PromiseEvidence(standing.route, standing.alpha)
        now_s = self._gateway.parts.clocks.now()
        return await self._view(
            f"promise {name}",
            routes,
            lambda evidence: shown_promise(
                evidence, evidence.promises.get(name, none_yet), standing, now_s
            ),
        )

    async def _view(self, name: str, routes: Scope, view: View) -> bytes | None:
        """A view, made anew if the one at hand is too old; who asks meanwhile gets the same."""
        now_s = self._gateway.parts.clocks.monotonic()
        made_s, task = self._views.get((name, routes), (-FRESH_S, None))
        if task is None or now_s - made_s >= FRESH_S:
            self._views = {key: one for key, one in self._views.items() if now_s - one[0] < FRESH_S}
            if len(self._views) >= MOST_VIEWS:
                self._views.clear()
            task = asyncio.create_task(asyncio.to_thread(self._shown, view))
            self._views[name, routes] = now_s, task
        return await asyncio.shield(task)

    def _moment(self) -> Moment:
        """How the gateway is, looked up once for all who look at about the same time."""
        now_s = self._gateway.parts.clocks.monotonic()
        if self._latest is None or now_s - self._latest[0] >= FRESH_S:
            self._latest = now_s, moment_of(self._gateway)
        return self._latest[1]

    def _shown(self, view: View) -> bytes | None:
        with self._gateway.parts.follower.evidence() as evidence:
            shown = view(evidence)
        return None if shown is None else orjson.dumps(shown)
