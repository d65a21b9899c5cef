"""The paths of the gateway, and what answers each."""

from collections.abc import Callable
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from messplus.gateway.body import asked_of_chat, asked_of_completion
from messplus.gateway.completions import Completions
from messplus.gateway.config.settings import Settings
from messplus.gateway.dashboard.endpoints import Dashboard
from messplus.gateway.dashboard.looking import Looking
from messplus.gateway.edge import Edge
from messplus.gateway.feedback import Feedback
from messplus.gateway.gateway import Gateway
from messplus.gateway.passthrough import PATHS, asked_of_anything
from messplus.gateway.views import Views

_EXPOSED: Final = (
    "x-request-id",
    "x-messplus-decision-id",
    "x-messplus-model",
    "x-messplus-mode",
    "x-messplus-route",
    "x-messplus-alpha",
    "x-messplus-queue",
    "x-messplus-predicted-satisfaction",
    "x-messplus-cost-usd",
    "x-messplus-attempts",
    "x-messplus-overhead-ms",
)
"""What pages of other origins may read of our answers."""


def application(gateway: Gateway, reread: Callable[[], Settings] | None = None) -> ASGIApp:
    """The ASGI application of a gateway.

    Args:
        gateway: Which one.
        reread: Reads the configuration for `POST /admin/reload`; None: it cannot be reloaded.
    """
    views = Views(gateway, reread)
    dashboard = Dashboard(gateway, Looking(gateway))
    chat = Completions(gateway, "/chat/completions", asked_of_chat, routed=True)
    text = Completions(gateway, "/completions", asked_of_completion, routed=True)
    named = [
        Route(
            f"/v1{path}",
            Completions(gateway, path, asked_of_anything, routed=False),
            methods=["POST"],
        )
        for path in PATHS
    ]
    router = Router(
        [
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/chat/completions", chat, methods=["POST"]),
            Route("/v1/completions", text, methods=["POST"]),
            *named,
            Route("/v1/feedback", Feedback(gateway, batch=False), methods=["POST"]),
            Route("/v1/feedback/batch", Feedback(gateway, batch=True), methods=["POST"]),
            Route("/v1/decision", views.decide, methods=["POST"]),
            Route("/v1/decisions/{decision_id}", views.decision),
            Route("/v1/models", views.models),
            Route("/v1/models/{name:path}", views.model),
            Route("/models", views.models),
            Route("/v1/routes", views.routes),
            Route("/admin/upstreams", views.upstreams),
            Route("/admin/reload", views.reload, methods=["POST"]),
            *[
                Route(path, views.live)
                for path in ("/health/liveness", "/health/liveliness", "/healthz")
            ],
            *[Route(path, views.ready) for path in ("/health/readiness", "/readyz", "/health")],
            *dashboard.routes(),
            Route("/metrics", views.metrics),
            Route("/openapi.json", views.openapi),
            Route("/", views.home),
        ],
        redirect_slashes=False,
    )
    outer: ASGIApp = Edge(router, gateway)
    if gateway.settings.server.cors_origins:
        outer = CORSMiddleware(
            outer,
            allow_origins=gateway.settings.server.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=_EXPOSED,
        )
    return outer
