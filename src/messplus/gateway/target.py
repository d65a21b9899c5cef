"""Which promise, or which model, a request is for: its `model` field, its headers, its key."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from messplus.errors import unknown
from messplus.gateway.access import Caller
from messplus.gateway.body import Asked
from messplus.gateway.config.settings import NO_ROUTE, Settings
from messplus.gateway.errors import LONGEST_NAME, ApiError, invalid, no_such_model

_ALPHA: Final = "x-messplus-alpha"
_ROUTE: Final = "x-messplus-route"
_EXCLUDE: Final = "x-messplus-exclude"
_SESSION: Final = (
    "x-messplus-session-id",
    "x-session-id",
    "x-conversation-id",
    "x-openwebui-chat-id",
)
_SESSION_METADATA: Final = ("session_id", "conversation_id")
OWN_FIELDS: Final = ("alpha", "route", "exclude", "session_id")
_LONGEST_SESSION: Final = 256
_DECIMALS: Final = 2
"""Alphas of requests are rounded, so that they share few queues."""


@dataclass(frozen=True, slots=True)
class ToRoute:
    """A request to be routed.

    Attributes:
        route: Whose promise.
        alpha: Another promise than the route's; None: the route's.
        excluded: Models that must not answer.
        session: What it belongs to; None: nothing.
    """

    route: str
    alpha: float | None
    excluded: frozenset[str]
    session: str | None


@dataclass(frozen=True, slots=True)
class ToModel:
    """A request that passes routing by.

    Attributes:
        model: Who answers.
    """

    model: str


Target = ToRoute | ToModel


def resolve(settings: Settings, asked: Asked, headers: Mapping[str, str], caller: Caller) -> Target:
    """Find out whom a request is for.

    Args:
        settings: Routes and models.
        asked: Of the body. Its field `messplus` counts more than headers, these more than the name.
        headers: Names in lower case.
        caller: Who asks.

    Raises:
        ApiError: There is no such route or model, the caller may not use it, or an alpha is wrong.
    """
    name, at, given = asked.model.partition("@")
    allowed = settings.routes if caller.routes is None else caller.routes
    if name in settings.models and not at:
        return ToModel(_permitted_model(settings, name, caller))
    for known in asked.own:
        if known not in OWN_FIELDS:
            shown = known[:LONGEST_NAME]
            raise invalid(
                str(unknown("field in messplus:", shown, OWN_FIELDS)), f"messplus.{shown}"
            )
    route = asked.own.get("route") or headers.get(_ROUTE) or name
    if not isinstance(route, str):
        raise invalid("messplus.route must be a text", "messplus.route")
    if route == NO_ROUTE:
        route = next(iter(allowed))
    if route not in settings.routes or route not in allowed:
        raise no_such_model(route, f"GET /v1/models lists them; {NO_ROUTE} is the default route")
    return ToRoute(
        route=route,
        alpha=_alpha(asked, headers, given if at else None, caller),
        excluded=_excluded(settings, asked, headers),
        session=_session(asked, headers),
    )


def models_of(settings: Settings, route: str) -> Sequence[str]:
    """The names of a route's models."""
    return settings.routes[route].models or tuple(settings.models)


def _permitted_model(settings: Settings, name: str, caller: Caller) -> str:
    """A model by name, for callers that may use a route that has it."""
    if caller.routes is not None and not any(
        name in models_of(settings, route) for route in caller.routes if route in settings.routes
    ):
        raise no_such_model(name, "GET /v1/models lists those that this key may use")
    return name


def _alpha(
    asked: Asked, headers: Mapping[str, str], by_name: str | None, caller: Caller
) -> float | None:
    for given, where in (
        (asked.own.get("alpha"), "messplus.alpha"),
        (headers.get(_ALPHA), _ALPHA),
        (by_name, "model"),
    ):
        if given is not None:
            return _checked_alpha(given, where)
    return caller.alpha


def _checked_alpha(given: object, where: str) -> float:
    try:
        alpha = math.nan if isinstance(given, bool) else float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        alpha = math.nan
    rounded = round(alpha, _DECIMALS) if 0 < alpha <= 1 else 0.0
    if rounded == 0.0:
        shown = repr(given)[:40]
        raise ApiError(
            400, "invalid_alpha",
            f"alpha must be a share in (0, 1], at {10.0**-_DECIMALS:g} the least, got {shown}", where,
        )  # fmt: skip
    return rounded


def _excluded(settings: Settings, asked: Asked, headers: Mapping[str, str]) -> frozenset[str]:
    given = asked.own.get("exclude")
    if given is None:
        given = [name.strip() for name in headers.get(_EXCLUDE, "").split(",") if name.strip()]
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise invalid("messplus.exclude must be a list of models", "messplus.exclude")
    for name in given:
        if name not in settings.models:
            raise invalid(
                str(unknown("model to exclude:", name[:LONGEST_NAME], settings.models)),
                "messplus.exclude",
            )
    return frozenset(given)


def _session(asked: Asked, headers: Mapping[str, str]) -> str | None:
    """The session's id, by whatever name clients send it.

    The field `user` is none: one user may talk of many things, and some clients send one name for all.
    """
    own = asked.own.get("session_id")
    if own is not None and not isinstance(own, str):
        raise invalid("messplus.session_id must be a text", "messplus.session_id")
    candidates = (
        own,
        *(headers.get(name) for name in _SESSION),
        *(asked.metadata.get(name) for name in _SESSION_METADATA),
    )
    found = next((one for one in candidates if one), None)
    return None if found is None else found[:_LONGEST_SESSION]
