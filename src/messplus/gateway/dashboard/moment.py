"""How the gateway is right now, for the views."""

from typing import Final

from messplus import __version__
from messplus.dashboard.moment import ModelHealth, Moment
from messplus.gateway.gateway import Gateway

FEW: Final = 20
"""Routes of a gateway that are all shown; where there are more, those that have had a request."""


def moment_of(gateway: Gateway) -> Moment:
    """How it is, as far as the log does not know."""
    settings, parts = gateway.settings, gateway.parts
    health = {one.model: one for one in parts.upstreams.health()}
    return Moment(
        at_s=parts.clocks.now(),
        version=__version__,
        cost_unit=settings.cost,
        prompts=settings.server.keep_prompts,
        reasons=tuple(gateway.trouble()),
        behind=max(0, parts.router.decisions - parts.follower.decisions),
        catching_up=parts.follower.catching_up,
        store_bytes=gateway.store_bytes,
        standings=parts.follower.standings.get(
            lambda: parts.router.promises(begun=len(settings.routes) > FEW)
        ),
        routes=settings.routes.keys(),
        health=tuple(
            ModelHealth(
                model=name,
                provider=settings.models[name].provider,
                circuit=health[name].circuit,
                in_flight=health[name].in_flight,
                failures_in_a_row=health[name].failures_in_a_row,
                last_error=health[name].last_error,
            )
            for name in parts.router.engine.models  # in ascending list price
            if name in settings.models and name in health
        ),
        happened=tuple(parts.follower.happened),
    )
