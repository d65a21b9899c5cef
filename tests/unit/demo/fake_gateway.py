"""A gateway that routes without thinking: every third request to the large model."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp
from aiohttp import web
from anyio.from_thread import start_blocking_portal

from messplus.gateway.config.settings import Settings
from messplus.stores.opening import open_store

HOST = "127.0.0.1"


class FakeGateway:
    """Speaks the part of the gateway's API that a demo uses.

    Attributes:
        asked: Bodies of chat completions, in order.
        verdicts: Bodies of feedback, in order.
        broken: Answers every chat completion with this status; 0: with what the upstream says.
        feedback_status: Answers every feedback so.
    """

    def __init__(self, *, broken: int = 0, feedback_status: int = 202) -> None:
        self.asked: list[dict[str, Any]] = []
        self.verdicts: list[dict[str, Any]] = []
        self.broken = broken
        self.feedback_status = feedback_status

    @contextmanager
    def __call__(self, settings: Settings) -> Iterator[str]:
        """Serve while the block runs, as the real one is served."""
        with (
            start_blocking_portal() as portal,
            portal.wrap_async_context_manager(self._serving(settings)) as url,
        ):
            yield url

    @asynccontextmanager
    async def _serving(self, settings: Settings) -> AsyncIterator[str]:
        self._settings = settings
        open_store(settings.store).close()  # a log without an event
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/feedback", self._feedback)
        app.router.add_get("/v1/routes", self._routes)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            async with aiohttp.ClientSession() as self._session:
                await web.TCPSite(runner, HOST, settings.server.port).start()
                yield f"http://{HOST}:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    async def _chat(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append(body)
        number = len(self.asked)
        if self.broken:
            return web.json_response({"error": {"message": "sorry"}}, status=self.broken)
        names = list(self._settings.models)
        name = names[-1] if number % 3 == 0 else names[0]
        model = self._settings.models[name]
        url = self._settings.providers[model.provider].base_url
        async with self._session.post(
            f"{url}/chat/completions", json=body | {"model": name}
        ) as answer:
            completion = await answer.json()
            if answer.status != 200:
                return web.json_response(completion, status=answer.status)
        usage = completion["usage"]
        spent = (
            usage["prompt_tokens"] * model.cost.input_per_mtok
            + usage["completion_tokens"] * model.cost.output_per_mtok
        )
        headers = {
            "x-messplus-decision-id": f"d{number}",
            "x-messplus-model": name,
            "x-messplus-cost-usd": f"{spent / 1e6:.10f}",
            "x-messplus-overhead-ms": f"{number % 10}",
        }
        return web.json_response(completion, headers=headers)

    async def _feedback(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.verdicts.append(body)
        said = {"feedback_id": f"f-{body['id']}", "status": "applied"}
        return web.json_response(said, status=self.feedback_status)

    async def _routes(self, _: web.Request) -> web.Response:
        (route,) = self._settings.routes
        entry = {
            "id": route,
            "alpha": self._settings.routes[route].alpha,
            "requests": len(self.asked),
            "queue": 1.5,
            "satisfaction": None,
            "price": 0.001,
            "feasible": True,
            "warnings": [],
            "models": [],
        }
        return web.json_response({"object": "list", "data": [entry]})
