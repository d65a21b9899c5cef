"""The process that learns for all gateways of one log, or waits until it may: `messplus learn`."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from messplus.errors import SettingError, StoreError
from messplus.gateway.config.settings import Settings
from messplus.gateway.dashboard.follower import Follower
from messplus.gateway.opening import made_of, store_of
from messplus.router import Engine, Route
from messplus.router.learner import Learner
from messplus.stores import SharedStore
from messplus.stores.retention import retain
from messplus.stores.shared import Lead

ELECT_EVERY_S: Final = 1.0
"""Between two tries to become the one that learns."""

SAVE_EVERY_S: Final = 30.0
"""Between two snapshots: the next one that learns folds at most what came since."""

EVIDENCE_EVERY_S: Final = 3.0
_FORGET_EVERY_S: Final = 60.0
_FORGET_FOR_S: Final = 5.0
_DAY_S: Final = 86_400.0

_log = logging.getLogger("messplus.learner")


def learn(settings: Settings, stopping: threading.Event, *, begun: Callable[[], None]) -> None:
    """Learn for all, whenever nobody else does, until told to stop.

    Args:
        settings: The configuration that the gateways have.
        stopping: Set by somebody else.
        begun: Called once the log is open.

    Raises:
        SettingError: The store cannot be shared.
        StoreError: The log cannot be opened.
    """
    made = made_of(settings)
    _, store = store_of(settings)
    if store is None:
        raise SettingError(
            "learning for all needs `store: postgresql://...`; with any other store the gateway itself"
            " learns"
        )
    try:
        begun()
        while not stopping.is_set():
            try:
                lead = store.lead()
                if lead is not None:
                    _Term(settings, made.engine, made.routes, store, lead).serve(stopping)
            except StoreError as error:
                _log.warning("not learning: %s", error)
            stopping.wait(ELECT_EVERY_S)
    finally:
        store.close()


class _Term:
    """One time of learning, from an election until the lead is lost or given up."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        routes: list[Route],
        store: SharedStore,
        lead: Lead,
    ) -> None:
        self._settings = settings
        self._store = store
        self._lead = lead
        try:
            begun_s = time.monotonic()
            self._learner = Learner(engine, {route.name: route for route in routes}, store)
            self._follower = Follower(store, pause=_yield)
            self._published = -1
            self._learner.follow()
        except BaseException:
            lead.release()
            raise
        _log.info(
            "learning for all, term %d: up to event %d in %.1f s",
            lead.term, self._learner.sequence, time.monotonic() - begun_s,
        )  # fmt: skip

    def serve(self, stopping: threading.Event) -> None:
        """Learn until told to stop, or somebody else does."""
        every_s = self._settings.sharing.publish_every_s
        evidence = threading.Thread(
            target=self._follow, args=(stopping,), name="messplus-evidence", daemon=True
        )
        evidence.start()
        saved_s = forgot_s = time.monotonic()
        try:
            while not stopping.is_set() and self._lead.held():
                begun_s = time.monotonic()
                self._learner.follow()
                if self._learner.sequence != self._published:
                    self._learner.publish(self._lead)
                    self._published = self._learner.sequence
                if begun_s - saved_s >= SAVE_EVERY_S:
                    self._learner.save()
                    saved_s = begun_s
                if begun_s - forgot_s >= _FORGET_EVERY_S:
                    self._forget()
                    forgot_s = begun_s
                stopping.wait(max(0.0, every_s - (time.monotonic() - begun_s)))
            if stopping.is_set():
                self._learner.save()
        finally:
            self._lead.release()
            evidence.join()

    def _follow(self, stopping: threading.Event) -> None:
        """Keep the evidence that dashboards show."""
        try:
            while not stopping.is_set() and self._lead.held():
                self._follower.follow()
                self._follower.save()
                stopping.wait(EVIDENCE_EVERY_S)
        except StoreError as error:
            _log.warning("the evidence is not kept: %s", error)

    def _forget(self) -> None:
        """Forget decisions that are older than `retention_days`: whole days, then some at a time."""
        days = self._settings.retention_days
        if days is None:
            return
        before_s = time.time() - days * _DAY_S
        oldest_s = self._store.oldest_s()
        if oldest_s is None or oldest_s >= before_s:
            return
        self._learner.save()  # first: it has folded what is forgotten
        whole = self._store.forget_days(before_s)
        done = retain(
            self._store,
            before_s,
            snapshot=self._learner.save,
            clock=time.monotonic,
            budget_s=_FORGET_FOR_S,
        )
        _log.info("%d decisions older than %g days forgotten", whole + done.decisions, days)


def _yield(_: float) -> None:
    """Nobody waits for this process: it need not pause."""
