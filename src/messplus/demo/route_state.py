"""What the gateway itself says of its promise: `GET /v1/routes`."""

from dataclasses import dataclass

import aiohttp
import orjson

from messplus.demo.setup import ROUTE
from messplus.errors import DemoError


@dataclass(frozen=True, slots=True)
class RouteState:
    """A promise as the gateway sees it.

    Attributes:
        requests: Decided so far.
        queue: Satisfaction owed, >= 0, in requests.
        satisfaction: Share of satisfied requests that it believes in; None: it cannot say.
        feasible: Whether its zoo can keep the promise, as far as it knows; None: it cannot say.
        warnings: What it says about the promise.
    """

    requests: int
    queue: float
    satisfaction: float | None
    feasible: bool | None
    warnings: tuple[str, ...]


async def fetch_route_state(session: aiohttp.ClientSession, gateway: str) -> RouteState:
    """Ask the gateway.

    Raises:
        DemoError: It cannot be reached, or says something else.
    """
    try:
        async with session.get(f"{gateway.rstrip('/')}/v1/routes") as response:
            content = await response.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise DemoError(f"the gateway cannot be reached: {error!r}") from error
    try:
        (entry,) = (one for one in orjson.loads(content)["data"] if one["id"] == ROUTE)
        satisfaction = entry["satisfaction"]
        return RouteState(
            requests=int(entry["requests"]),
            queue=float(entry["queue"]),
            satisfaction=None if satisfaction is None else float(satisfaction),
            feasible=entry["feasible"],
            warnings=tuple(str(warning) for warning in entry["warnings"]),
        )
    except (ValueError, LookupError, TypeError) as error:
        raise DemoError(
            f"what the gateway says of its routes (HTTP {response.status}) cannot be read: {error!r}"
        ) from error
