"""What can be read or asked for besides answers: models, promises, decisions, health, metrics."""

import asyncio
import re
from collections.abc import Callable
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from messplus import __version__
from messplus.dashboard.explained import shown_explanation
from messplus.errors import MessPlusError
from messplus.gateway.access import Caller
from messplus.gateway.access.budget import CLIENT
from messplus.gateway.body import asked_of_chat, parse, read_body
from messplus.gateway.config.settings import NO_ROUTE, Settings
from messplus.gateway.dashboard.listing import USUAL, name_of, page_of
from messplus.gateway.dashboard.query import whole
from messplus.gateway.edge import REQUEST_ID
from messplus.gateway.errors import ApiError, invalid, no_such_model
from messplus.gateway.gateway import Gateway
from messplus.gateway.http import headers_of
from messplus.gateway.openapi import description
from messplus.gateway.shown import shown_decision, shown_standing
from messplus.gateway.target import models_of
from messplus.gateway.verdicts import COMPLETION
from messplus.router import Explanation, Key

_PATHS: Final = {
    "POST /v1/chat/completions": "model: auto, a route, route@alpha, or a model",
    "POST /v1/completions": "likewise",
    "POST /v1/feedback": '{"id": ..., "value": true}',
    "POST /v1/feedback/batch": '{"feedback": [...]}',
    "POST /v1/decision": "who would answer; the body is that of a chat completion",
    "GET /v1/decisions/{id}": "why it was that model, and what came of it",
    "GET /v1/models": "everything that model may be",
    "GET /v1/routes": "every promise, and how it stands; ?q=, ?limit=, ?after=",
    "GET /openapi.json": "all of this for programs",
    "GET /health/liveness, /health/readiness, /metrics": "for operators",
}


_ODD_VERSION: Final = re.compile(r"version=(?!\d{1,9}(\.\d{1,9}){0,3}\s*([;,]|$))")
"""A version of a format of metrics that is none; then the oldest format is sent, which all can read."""


class Views:
    """The endpoints that no upstream answers."""

    def __init__(self, gateway: Gateway, reread: Callable[[], Settings] | None) -> None:
        """Show a gateway.

        Args:
            gateway: Which one.
            reread: Reads its configuration again; None: that cannot be done.
        """
        self._gateway = gateway
        self._reread = reread
        self._since_s = int(gateway.parts.clocks.now())

    async def home(self, _: Request) -> Response:
        """`GET /`: what there is."""
        return _json({"name": "messplus", "version": __version__, "paths": _PATHS})

    async def openapi(self, _: Request) -> Response:
        """`GET /openapi.json`: the same for programs."""
        return _json(description(__version__))

    async def models(self, request: Request) -> Response:
        """`GET /v1/models`: everything that `model` may be."""
        names = self._names(self._caller(request))
        return _json({"object": "list", "data": [self._model(*one) for one in names]})

    async def model(self, request: Request) -> Response:
        """`GET /v1/models/{id}`."""
        wanted = request.path_params["name"]
        for name, owner in self._names(self._caller(request)):
            if name == wanted:
                return _json(self._model(name, owner))
        raise no_such_model(wanted[:100], "GET /v1/models lists them")

    async def routes(self, request: Request) -> Response:
        """`GET /v1/routes`: every promise, and how it stands; in pages, as OpenAI's lists are."""
        caller = self._caller(request)
        query = request.query_params
        limit = whole(query, "limit")
        page = await asyncio.to_thread(
            page_of,
            self._gateway.parts.router,
            None if caller.routes is None else frozenset(caller.routes),
            text=query.get("q", "")[:200],
            after=query.get("after") or None,
            limit=USUAL if limit is None else limit,
        )
        names = [name_of(Key(one.route, one.alpha)) for one in page.standings]
        shown = {
            "object": "list",
            "data": [shown_standing(one) for one in page.standings],
            "first_id": names[0] if names else None,
            "last_id": names[-1] if names else None,
            "has_more": page.more,
        }
        return _json(shown)

    async def decide(self, request: Request) -> Response:
        """`POST /v1/decision`: who is to answer. Nobody is asked; the decision counts and is logged."""
        gateway = self._gateway
        headers = headers_of(request.scope)
        caller, _ = gateway.admit(headers)
        body = await read_body(request.scope, request.receive, gateway.most_bytes)
        asked = asked_of_chat(parse(body))
        name = request.scope["state"][REQUEST_ID]
        chosen = await gateway.decide(name, asked, headers, caller, fresh=False)
        if chosen.routed is None:
            raise invalid(f"{asked.model!r} is a model: there is nothing to decide", "model")
        await asyncio.wrap_future(chosen.routed.stored)
        return _json(shown_decision(chosen.routed.decided, chosen.mode))

    async def decision(self, request: Request) -> Response:
        """`GET /v1/decisions/{id}`: why a request went where it went, and what came of it."""
        caller = self._caller(request)
        name = request.path_params["decision_id"].removeprefix(COMPLETION)
        explained = await asyncio.to_thread(self._gateway.parts.router.explain, name)
        if explained is None or not self._may_see(caller, explained):
            raise ApiError(404, "decision_not_found", f"there is no decision {name[:100]!r}", "id")
        prompts = self._gateway.settings.server.keep_prompts
        return _json(shown_explanation(explained, prompts=prompts))

    async def upstreams(self, request: Request) -> Response:
        """`GET /admin/upstreams`: circuits and calls under way."""
        self._admin(request)
        data = [
            {
                "model": one.model,
                "circuit": one.circuit,
                "in_flight": one.in_flight,
                "failures_in_a_row": one.failures_in_a_row,
                "last_error": one.last_error,
            }
            for one in self._gateway.parts.upstreams.health()
        ]
        return _json({"object": "list", "data": data})

    async def reload(self, request: Request) -> Response:
        """`POST /admin/reload`: take the configuration anew, whole or not at all."""
        self._admin(request)
        if self._reread is None:
            raise ApiError(409, "not_reloadable", "this gateway was not started from a file")
        try:
            self._gateway.change(self._reread())
        except MessPlusError as error:
            self._gateway.parts.metrics.configuration_refused()
            raise ApiError(422, "invalid_configuration", str(error)) from error
        return _json({"status": "reloaded"})

    async def live(self, _: Request) -> Response:
        """`GET /health/liveness`: the process answers."""
        return _json({"status": "alive"})

    async def ready(self, _: Request) -> Response:
        """`GET /health/readiness`: it takes requests, and keeps what it learns."""
        trouble = self._gateway.trouble()
        shown = {
            "status": "not ready" if trouble else "ready",
            "reasons": trouble,
            "decisions": self._gateway.parts.router.decisions,
        }
        return _json(shown, 503 if trouble else 200)

    async def metrics(self, request: Request) -> Response:
        """`GET /metrics`: for Prometheus."""
        if not self._gateway.settings.server.expose_metrics:
            self._caller(request)
        accept = request.headers.get("accept", "")
        if _ODD_VERSION.search(accept):  # the library would compare it with numbers
            accept = ""
        body, kind = self._gateway.parts.metrics.expose(accept)
        return Response(body, headers={"content-type": kind})

    def _names(self, caller: Caller) -> list[tuple[str, str]]:
        """What a caller may ask for, and whose it is."""
        settings = self._gateway.settings
        routes = [
            name for name in settings.routes if caller.routes is None or name in caller.routes
        ]
        usable = {model for route in routes for model in models_of(settings, route)}
        models = [
            (name, model.provider)
            for name, model in settings.models.items()
            if caller.routes is None or name in usable
        ]
        return [(name, "messplus") for name in (NO_ROUTE, *routes)] + models

    def _model(self, name: str, owner: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": self._since_s, "owned_by": owner}

    def _caller(self, request: Request) -> Caller:
        return self._gateway.caller(headers_of(request.scope))

    def _admin(self, request: Request) -> None:
        if not self._caller(request).admin:
            raise ApiError(403, "not_permitted", "this needs the key of an admin")

    def _may_see(self, caller: Caller, explained: Explanation) -> bool:
        if caller.admin or not self._gateway.parts.keys.needed:
            return True
        return explained.story.decided.attributes.get(CLIENT) == caller.name


def _json(content: object, status: int = 200) -> Response:
    body = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(body, status_code=status, headers={"content-type": "application/json"})
