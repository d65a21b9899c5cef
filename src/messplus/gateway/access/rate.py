"""How often a caller may call: one number per caller, whatever the limit.

The generic cell rate algorithm, which is a token bucket without a bucket. With a limit of n requests per
minute a caller is given a request each 60/n seconds; those it does not use add up, to n at most. After a
quiet minute it may send n at once, as with OpenAI's limits.

Gateways that share a limit exchange that number (meters.py), on a clock that they share.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from messplus.core.queue import QueueStep
from messplus.gateway.access.keys import Caller
from messplus.gateway.access.meters import Meters

MINUTE_S = 60.0
_RATE: Final = "rate/"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a limit says to one request, and what x-ratelimit-* headers tell the client.

    Attributes:
        allowed: Whether the request may go on.
        limit: Requests per minute.
        remaining: Requests that may follow at once.
        reset_s: Seconds until all `limit` are there again.
        retry_after_s: Seconds until a request is allowed; 0 for one that is.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_s: float
    retry_after_s: float = 0.0

    def headers(self) -> dict[str, str]:
        """As OpenAI names them."""
        told = {
            "x-ratelimit-limit-requests": str(self.limit),
            "x-ratelimit-remaining-requests": str(self.remaining),
            "x-ratelimit-reset-requests": f"{self.reset_s:.3f}s",
        }
        if not self.allowed:
            told["retry-after"] = str(math.ceil(self.retry_after_s))
            told["retry-after-ms"] = str(math.ceil(1000 * self.retry_after_s))
        return told


def take(full_at_s: float, limit: int, now_s: float) -> tuple[QueueStep | None, Allowance]:
    """Ask for one request.

    Args:
        full_at_s: When all requests are there again, as far as is known; 0 at first.
        limit: Requests per minute, >= 1.
        now_s: On the same clock, which only runs forward; >= 0.

    Returns:
        What the request does to `full_at_s`, None for one that is refused; and what the limit says.
    """
    each_s = MINUTE_S / limit
    owed_s = max(0.0, full_at_s - now_s)
    # Without 0.1 + 0.2 > 0.3: after 1970 a clock is known to 0.2 us, and a minute's sum is less exact.
    rounding = max(1e-9, limit * math.ulp(now_s) / each_s)
    left = math.floor((MINUTE_S - owed_s) / each_s + rounding)
    if left < 1:
        wait_s = max(0.0, owed_s + each_s - MINUTE_S)
        return None, Allowance(False, limit, 0, owed_s, wait_s)
    after = QueueStep(each_s, now_s + each_s)
    return after, Allowance(True, limit, min(left, limit) - 1, owed_s + each_s)


class Rates:
    """The limits of all callers. Used by one thread."""

    def __init__(self, meters: Meters | None = None) -> None:
        """Begin with all requests there.

        Args:
            meters: What is known of callers; None: this gateway shares them with nobody.
        """
        self._meters = Meters() if meters is None else meters

    def take(self, caller: Caller, now_s: float) -> Allowance | None:
        """Ask for one request of a caller; None if it has no limit.

        Args:
            caller: Found by its key: there are as many as the configuration has.
            now_s: On a clock that only runs forward; where meters are shared, that of all gateways, such
                as seconds since 1970 by the clock of their database.
        """
        if caller.rpm is None:
            return None
        name = _RATE + caller.name
        step, allowance = take(self._meters.read(name), caller.rpm, now_s)
        if step is not None:
            self._meters.add(name, step)
        return allowance

    def keep(self, callers: Mapping[str, object]) -> None:
        """Forget all but these, after the configuration has changed."""
        self._meters.forget(
            lambda name: name.startswith(_RATE) and name.removeprefix(_RATE) not in callers
        )
