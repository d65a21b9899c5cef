"""Who wants to know how calls end and how models fare."""

from dataclasses import dataclass
from typing import Protocol

from messplus.gateway.upstreams.circuit import State


class Observer(Protocol):
    """Told of every attempt and every change of a circuit; must return at once and not raise."""

    def attempt(self, model: str, kind: str, seconds: float) -> None:
        """An attempt has ended.

        Args:
            model: Of the configuration.
            kind: `ok`, a kind of `UpstreamError`, or `cancelled`: the client has left.
            seconds: From its beginning to its end.
        """

    def circuit(self, model: str, state: str) -> None:
        """A circuit is now `closed`, `open` or `half-open`."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a model fares.

    Attributes:
        model: Of the configuration.
        circuit: State of its circuit.
        in_flight: Calls under way.
        failures_in_a_row: Up to now.
        last_error: Kind and message of the latest failure; "" if there was none.
        open_until_s: When an open circuit admits a trial, on the clock of the upstreams; None: it is
            not open.
    """

    model: str
    circuit: State
    in_flight: int
    failures_in_a_row: int
    last_error: str
    open_until_s: float | None
