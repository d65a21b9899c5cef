"""Verdicts of clients, checks and judges on their way to the router: one way for all, and counted."""

from collections.abc import Callable, Sequence
from typing import Final

from messplus.gateway.sessions import Sessions
from messplus.gateway.telemetry import Metrics
from messplus.router import Receipt, Router, Told
from messplus.router.explain import SESSION

UNSATISFIED: Final = 0.5
"""A value below it lets a session be routed anew."""


class Teller:
    """Tells the router. Implements `messplus.gateway.signals.ports.Tell`."""

    def __init__(
        self,
        router: Router,
        metrics: Metrics,
        sessions: Sessions,
        now: Callable[[], float],
    ) -> None:
        """Prepare.

        Args:
            router: Learns.
            metrics: Counts.
            sessions: Those whose answer did not satisfy are let go.
            now: Seconds since 1970.
        """
        self._router = router
        self._metrics = metrics
        self._sessions = sessions
        self._now = now

    def __call__(self, told: Told) -> Receipt:
        """One verdict."""
        return self.many([told])[0]

    def many(self, told: Sequence[Told]) -> list[Receipt]:
        """Much at once, as `Router.feedback_many` takes it.

        Raises:
            SettingError: A value is out of its range; then none counts.
        """
        receipts = self._router.feedback_many(told)
        for one, receipt in zip(told, receipts, strict=True):
            self._note(one, receipt)
        return receipts

    def _note(self, one: Told, receipt: Receipt) -> None:
        about = receipt.about
        self._metrics.feedback(
            one.attributes.get("by", one.source).partition(":")[0],
            one.value,
            receipt.status,
            route=about.route if about else "",
            delay_s=self._now() - about.decided_at_s if about else None,
        )
        if about is None or receipt.status != "applied":
            return
        if about.first and about.model is not None and about.p_sat is not None:
            self._metrics.first_verdict(
                route=about.route, model=about.model, value=one.value, p_sat=about.p_sat
            )
        if one.value < UNSATISFIED and SESSION in about.attributes:
            self._sessions.leave(about.attributes[SESSION])
