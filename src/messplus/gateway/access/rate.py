"""How often a caller may call: one number per caller, whatever the limit.

The generic cell rate algorithm, which is a token bucket without a bucket. With a limit of n requests per
minute a caller is given a request each 60/n seconds; those it does not use add up, to n at most. After a
quiet minute it may send n at once, as with OpenAI's limits.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from messplus.gateway.access.keys import Caller

MINUTE_S = 60.0


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


def take(full_at_s: float, limit: int, now_s: float) -> tuple[float, Allowance]:
    """Ask for one request.

    Args:
        full_at_s: When all requests are there again, as far as is known; -inf at first.
        limit: Requests per minute, >= 1.
        now_s: On the same clock, which only runs forward.

    Returns:
        The next `full_at_s`, unchanged by a request that is refused, and what the limit says.
    """
    each_s = MINUTE_S / limit
    owed_s = max(0.0, full_at_s - now_s)
    left = math.floor((MINUTE_S - owed_s) / each_s + 1e-9)  # without 0.1 + 0.2 > 0.3
    if left < 1:
        wait_s = owed_s + each_s - MINUTE_S
        return full_at_s, Allowance(False, limit, 0, owed_s, wait_s)
    after_s = owed_s + each_s
    return now_s + after_s, Allowance(True, limit, left - 1, after_s)


class Rates:
    """The limits of all callers. Used by one thread."""

    def __init__(self) -> None:
        self._full_at_s: dict[str, float] = {}

    def take(self, caller: Caller, now_s: float) -> Allowance | None:
        """Ask for one request of a caller; None if it has no limit.

        Args:
            caller: Found by its key: there are as many as the configuration has.
            now_s: On a clock that only runs forward.
        """
        if caller.rpm is None:
            return None
        full_at_s = self._full_at_s.get(caller.name, -math.inf)
        self._full_at_s[caller.name], allowance = take(full_at_s, caller.rpm, now_s)
        return allowance

    def keep(self, callers: Mapping[str, object]) -> None:
        """Forget all but these, after the configuration has changed."""
        self._full_at_s = {n: at for n, at in self._full_at_s.items() if n in callers}
