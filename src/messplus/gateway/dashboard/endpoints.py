"""`/dashboard`: the page, and the JSON that it shows. It only reads."""

import asyncio
from pathlib import Path
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import messplus.dashboard
from messplus import __version__
from messplus.dashboard.certificate import certificate, certificate_page
from messplus.dashboard.decisions import search
from messplus.dashboard.explained import shown_explanation
from messplus.dashboard.what_if import shown_what_if
from messplus.errors import DataError
from messplus.gateway.access import Caller
from messplus.gateway.access.budget import CLIENT
from messplus.gateway.dashboard.listing import standing_of
from messplus.gateway.dashboard.live import Live
from messplus.gateway.dashboard.looking import Looking
from messplus.gateway.dashboard.query import wanted
from messplus.gateway.errors import ApiError, invalid
from messplus.gateway.gateway import Gateway
from messplus.gateway.http import headers_of
from messplus.records import Decided
from messplus.router import Key

STATIC: Final = Path(messplus.dashboard.__file__).parent / "static"

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),  # asked again each time, by its etag
]
_PAPER: Final = [
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
    (b"content-disposition", b'attachment; filename="certificate.html"'),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]
"""Of a page that is saved: its style is within it, and it runs nothing."""

_SLOW_AT_ONCE: Final = 2
"""Searches and what-ifs under way: they read much of the log."""


class Dashboard:
    """The endpoints of the dashboard."""

    def __init__(self, gateway: Gateway, looking: Looking) -> None:
        """Show a gateway.

        Args:
            gateway: Which one.
            looking: Makes its views.
        """
        self._gateway = gateway
        self._looking = looking
        self._live = Live(lambda: gateway.draining)
        self._slow = asyncio.Semaphore(_SLOW_AT_ONCE)

    def routes(self) -> list[BaseRoute]:
        """What is where."""
        api = "/dashboard/api"
        return [
            Route("/dashboard", self.bare),
            Route("/dashboard/", self.page),
            Mount("/dashboard/static", _Guarded(StaticFiles(directory=STATIC))),
            Route(f"{api}/overview", self.overview),
            Route(f"{api}/live", self.live),
            Route(f"{api}/promises/{{name:path}}/certificate", self.certificate),
            Route(f"{api}/promises/{{name:path}}", self.promise),
            Route(f"{api}/models", self.models),
            Route(f"{api}/decisions", self.decisions),
            Route(f"{api}/decisions/{{decision_id}}", self.decision),
            Route(f"{api}/what-if/{{name:path}}", self.what_if),
        ]

    async def bare(self, _: Request) -> Response:
        """`GET /dashboard`: with the slash that its files are found by."""
        return RedirectResponse("dashboard/")

    async def page(self, _: Request) -> Response:
        """`GET /dashboard/`: the page; it holds no data."""
        return FileResponse(STATIC / "index.html", headers=_texts(_HEADERS))

    async def overview(self, request: Request) -> Response:
        """`GET /dashboard/api/overview`."""
        return _json(await self._looking.overview(self._caller(request).routes))

    async def live(self, request: Request) -> Response:
        """`GET /dashboard/api/live`: the overview, again whenever it has changed."""
        routes = self._caller(request).routes
        if self._live.full:
            raise ApiError(503, "overloaded", "too many dashboards are open; close one")
        events = self._live.stream(lambda: self._looking.overview(routes))
        return StreamingResponse(
            events, media_type="text/event-stream", headers={"cache-control": "no-store"}
        )

    async def promise(self, request: Request) -> Response:
        """`GET /dashboard/api/promises/{id}`."""
        return _json(await self._promise(request))

    async def certificate(self, request: Request) -> Response:
        """`GET /dashboard/api/promises/{id}/certificate`: what is certified of a promise, to keep."""
        caller, name = self._caller(request), request.path_params["name"]
        form = request.query_params.get("format") or "json"
        if form not in ("json", "html"):
            raise invalid(f"format must be json or html, got {form[:40]!r}", "format")
        self._key(name, caller)
        parts = self._gateway.parts
        with parts.follower.evidence() as evidence:
            promise = evidence.promises.get(name)
            if promise is None:
                raise ApiError(404, "no_decisions", f"no request has been sent to {name!r} yet")
            made = certificate(evidence, promise, version=__version__, now_s=parts.clocks.now())
        if form == "json":
            return _json(orjson.dumps(made))
        return Response(certificate_page(made), media_type="text/html", headers=_texts(_PAPER))

    async def models(self, request: Request) -> Response:
        """`GET /dashboard/api/models`."""
        return _json(await self._looking.models(self._caller(request).routes))

    async def decisions(self, request: Request) -> Response:
        """`GET /dashboard/api/decisions`: a page of them, searched and filtered."""
        caller = self._caller(request)
        sought = wanted(request.query_params)
        parts = self._gateway.parts
        async with self._slow:
            found = await asyncio.to_thread(
                search, parts.store, sought, lambda one: self._may_see(caller, one),
                prompts=self._prompts,
            )  # fmt: skip
        return _json(orjson.dumps(found))

    async def decision(self, request: Request) -> Response:
        """`GET /dashboard/api/decisions/{id}`: as `GET /v1/decisions/{id}`."""
        caller, name = self._caller(request), request.path_params["decision_id"]
        explained = await asyncio.to_thread(self._gateway.parts.router.explain, name)
        if explained is None or not self._may_see(caller, explained.story.decided):
            raise ApiError(404, "decision_not_found", f"there is no decision {name[:100]!r}", "id")
        return _json(orjson.dumps(shown_explanation(explained, prompts=self._prompts)))

    async def what_if(self, request: Request) -> Response:
        """`GET /dashboard/api/what-if/{id}`: other promises, and what they would have cost."""
        caller, name = self._caller(request), request.path_params["name"]
        key = self._key(name, caller)
        parts = self._gateway.parts
        try:
            async with self._slow:
                shown = await asyncio.to_thread(
                    shown_what_if, parts.store, key, self._gateway.settings.cost
                )
        except DataError as error:
            raise ApiError(404, "no_decisions", str(error)) from error
        return _json(orjson.dumps(shown | {"promise": name}))

    async def _promise(self, request: Request) -> bytes:
        name = request.path_params["name"]
        shown = await self._looking.promise(name, self._caller(request).routes)
        if shown is None:
            raise _no_promise(name)
        return shown

    def _key(self, name: str, caller: Caller) -> Key:
        found = standing_of(self._gateway.parts.router, name, caller.routes)
        if found is None:
            raise _no_promise(name)
        return Key(found.route, found.alpha)

    @property
    def _prompts(self) -> bool:
        return self._gateway.settings.server.keep_prompts

    def _caller(self, request: Request) -> Caller:
        return self._gateway.caller(headers_of(request.scope))

    def _may_see(self, caller: Caller, decided: Decided) -> bool:
        if caller.admin or not self._gateway.parts.keys.needed:
            return True
        return decided.attributes.get(CLIENT) == caller.name


class _Guarded:
    """Files, with the headers that keep a page from doing what it should not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_HEADERS]}
            await send(message)

        await self._app(scope, receive, sending)


def _no_promise(name: str) -> ApiError:
    return ApiError(
        404, "promise_not_found", f"there is no promise {name[:100]!r}: GET /v1/routes lists them"
    )


def _json(body: bytes) -> Response:
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return Response(body, headers=headers)


def _texts(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in headers}
