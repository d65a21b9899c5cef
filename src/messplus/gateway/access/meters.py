"""Numbers that many gateways raise together: when a rate is whole again, what was spent.

A request raises such a number by the map v -> max(v + a, b), as it does a virtual queue. Any run of
these is one of them, so what a gateway has admitted since it last told the others is two floats:

    rate/NAME          when all requests of a minute are there again: a = 1 / rate, b = now + 1 / rate
    spent/DAY/NAME     what was spent on a day, in USD: a = cost, b = -inf

In an exchange each gateway has its pending steps applied to the common values and is told what these
are then. Between two exchanges it goes by the latest values and by what it has admitted itself; so
together they admit too much by at most what the others have admitted meanwhile. Only values that were
asked for since the last exchange are exchanged: who sleeps costs nothing, and a caller who comes back to
a gateway is let in by what was known there when it left, until the next exchange.
"""

import uuid
from collections.abc import Callable, Mapping

from messplus.core.queue import QueueStep
from messplus.stores.shared import Metering

UNCHANGED = QueueStep(0.0, float("-inf"))
"""The step of who only wants to know."""


class Meters:
    """Values by name, each 0 at first, and what was done to them here. Used by one thread.

    An exchange is `take`, then `settle`. One that has failed is taken again, the same under the same
    number, until it is settled: what was applied and not heard of is not applied twice.
    """

    def __init__(self, *, shared: bool = False) -> None:
        """Begin with nothing.

        Args:
            shared: Whether there are exchanges; else nothing is kept for them.
        """
        self._shared = shared
        self._source = uuid.uuid4().hex
        self._number = 0
        self._taken: Metering | None = None
        self._known: dict[str, float] = {}
        self._pending: dict[str, QueueStep] = {}

    def read(self, name: str) -> float:
        """A value, as far as it is known here; the next exchange asks for it."""
        if self._shared and name not in self._pending:
            self._pending[name] = UNCHANGED
        return self._known.setdefault(name, 0.0)

    def add(self, name: str, step: QueueStep) -> None:
        """Change a value."""
        self._known[name] = step(self._known.get(name, 0.0))
        if self._shared:
            before = self._pending.get(name)
            self._pending[name] = step if before is None else before.then(step)

    def begin(self, name: str, value: float) -> None:
        """Take a value for known that others know as well."""
        self._known[name] = value

    def forget(self, gone: Callable[[str], bool]) -> None:
        """Forget values that are not needed any more; what is pending is still given out."""
        self._known = {name: value for name, value in self._known.items() if not gone(name)}

    def take(self) -> Metering:
        """What is to be exchanged; what is done from now on belongs to the next exchange."""
        if self._taken is None:
            self._number += 1
            self._taken = Metering(self._source, self._number, self._pending)
            self._pending = {}
        return self._taken

    def settle(self, values: Mapping[str, float]) -> None:
        """Take over the common values: what was taken is among them.

        Args:
            values: By name.
        """
        self._taken = None
        for name, value in values.items():
            if name in self._known:
                since = self._pending.get(name, UNCHANGED)
                self._known[name] = since(value)
