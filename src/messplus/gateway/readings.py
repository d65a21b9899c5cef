"""What metrics show of the moment in which somebody looks."""

from messplus.gateway.gateway import Gateway
from messplus.gateway.telemetry import Readings


def read_at_scrape(gateway: Gateway) -> Readings:
    """How everything stands now."""
    parts = gateway.parts
    return Readings(
        promises=parts.router.promises(),
        in_flight=gateway.under_way,
        calls_in_flight={one.model: one.in_flight for one in parts.upstreams.health()},
        parked=parts.router.parked,
        sessions=len(gateway.sessions),
        judging=parts.signals.waiting,
        store_bytes=parts.store.size_bytes(),
    )
