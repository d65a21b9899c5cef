"""What metrics show of the moment in which somebody looks."""

from functools import partial

from messplus.gateway.gateway import Gateway
from messplus.gateway.telemetry import Readings


def read_at_scrape(gateway: Gateway) -> Readings:
    """How everything stands now."""
    parts = gateway.parts
    return Readings(
        promises=partial(parts.router.promises, begun=True),
        in_flight=gateway.under_way,
        calls_in_flight={one.model: one.in_flight for one in parts.upstreams.health()},
        parked=parts.router.parked,
        sessions=len(gateway.sessions),
        judging=parts.signals.waiting,
        store_bytes=gateway.store_bytes,
        store_waiting=parts.shared.waiting() if parts.shared else None,
    )
