"""What a trace is to the gateway, whoever collects it."""

from collections.abc import Mapping
from typing import Protocol

from messplus.gateway.telemetry.ended import Ended


class Trace(Protocol):
    """One request's span."""

    def headers(self) -> Mapping[str, str]:
        """What the upstream is sent, so that its own spans hang below this one."""
        ...

    def end(self, one: Ended) -> None:
        """The request is over."""
        ...


class Traces(Protocol):
    """Makes spans."""

    def begin(self, headers: Mapping[str, str]) -> Trace:
        """A request has come.

        Args:
            headers: Its own, names in lower case: `traceparent` names the caller's span.
        """
        ...

    def close(self) -> None:
        """Send what has not been sent, for some seconds at most. Blocks."""
        ...
