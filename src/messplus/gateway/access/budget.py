"""What callers may spend in a day, from midnight to midnight UTC."""

import math
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from messplus.core.queue import QueueStep
from messplus.gateway.access.keys import Caller
from messplus.gateway.access.meters import Meters
from messplus.records import Decided, Event, Outcome

DAY_S = 86_400
CLIENT = "client"
"""The attribute of a decision that names its caller."""

_SPENT: Final = "spent/"

MOST_OPEN = 100_000
"""Decisions whose outcome may still come, while a log is read."""


class Budgets:
    """What each caller has spent today. Used by one thread.

    A request is refused once the budget is used up; it is not known before what a request costs, so
    those that are under way then may exceed it. What was spent is in the log as the cost of outcomes:
    `restore` reads it after a restart. Requests that name their model are not routed and not in the log;
    what they cost counts while the process lives.

    Gateways that share budgets exchange what was spent (meters.py), and need no `restore`.
    """

    def __init__(self, meters: Meters | None = None) -> None:
        """Begin with nothing spent.

        Args:
            meters: What is known of callers; None: this gateway shares them with nobody.
        """
        self._day = 0
        self._meters = Meters() if meters is None else meters

    def spend(self, name: str, cost_usd: float, now_s: float) -> None:
        """Charge a caller.

        Args:
            name: Of the caller.
            cost_usd: What its request cost, failed calls included; >= 0.
            now_s: Seconds since 1970.
        """
        self._turn(now_s)
        self._meters.add(self._name(name), QueueStep(cost_usd, -math.inf))

    def spent(self, name: str, now_s: float) -> float:
        """USD that a caller has spent today."""
        self._turn(now_s)
        return self._meters.read(self._name(name))

    def left(self, caller: Caller, now_s: float) -> float | None:
        """USD that a caller may still spend today, >= 0; None if it has no budget."""
        if caller.budget_usd_per_day is None:
            return None
        return max(0.0, caller.budget_usd_per_day - self.spent(caller.name, now_s))

    def restore(self, events: Iterable[Event], now_s: float) -> None:
        """Count again what the log says was spent today, in place of what is known.

        Args:
            events: Of yesterday's last hours and today, in order: a call that began before midnight
                is charged when it ends. Earlier events do no harm.
            now_s: Seconds since 1970.
        """
        self._day = _day(now_s)
        self._meters.forget(lambda name: name.startswith(_SPENT))
        spent_usd: dict[str, float] = {}
        clients: OrderedDict[str, str] = OrderedDict()
        for event in events:
            if isinstance(event, Decided):
                clients[event.decision_id] = event.attributes.get(CLIENT, "")
                if len(clients) > MOST_OPEN:
                    clients.popitem(last=False)
            elif isinstance(event, Outcome) and _day(event.at_s) == self._day:
                name = clients.get(event.decision_id)
                if name:
                    spent_usd[name] = spent_usd.get(name, 0.0) + event.cost
        for name, cost_usd in spent_usd.items():
            self._meters.begin(self._name(name), cost_usd)

    def _turn(self, now_s: float) -> None:
        """Begin a new day; a clock that is set back a little does not bring yesterday back."""
        if _day(now_s) > self._day:
            self._day = _day(now_s)
            today = self._name("")
            self._meters.forget(lambda name: name.startswith(_SPENT) and not name.startswith(today))

    def _name(self, caller: str) -> str:
        """Of the meter of what a caller spends today."""
        return f"{_SPENT}{self._day}/{caller}"


def seconds_to_midnight(now_s: float) -> float:
    """Until budgets are whole again: for `retry-after`."""
    return DAY_S - now_s % DAY_S


def day_start(now_s: float) -> float:
    """When the UTC day began, in seconds since 1970."""
    return now_s - now_s % DAY_S


def _day(at_s: float) -> int:
    return int(at_s // DAY_S)
