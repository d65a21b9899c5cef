"""`Gateway`: what all endpoints share. It lets requests in, has them decided, and ends in order."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from messplus.encoders import HashedNgrams
from messplus.errors import MessPlusError, SettingError, StoreError
from messplus.gateway.access import Allowance, Budgets, Caller, Keys, Rates, Unauthorized
from messplus.gateway.access.budget import CLIENT, seconds_to_midnight
from messplus.gateway.access.meters import Meters
from messplus.gateway.asking import Asker
from messplus.gateway.body import Asked
from messplus.gateway.config.settings import Settings
from messplus.gateway.dashboard.observed import Observed
from messplus.gateway.errors import ApiError
from messplus.gateway.exchange import Chosen
from messplus.gateway.fitness import candidates
from messplus.gateway.lookups import Lookups
from messplus.gateway.sessions import Sessions, session_key
from messplus.gateway.signals import Signals
from messplus.gateway.target import ToModel, ToRoute, resolve
from messplus.gateway.telemetry import Metrics, Mode, Traces
from messplus.gateway.telling import Teller
from messplus.gateway.upstreams import Upstreams
from messplus.router import Engine, Route, Routed, Router
from messplus.router.explain import SESSION
from messplus.stores import SharedStore, Store

_log = logging.getLogger("messplus.gateway")


@dataclass(frozen=True, slots=True)
class Made:
    """What is made of settings, and made anew when they change.

    Attributes:
        engine: What all routes share.
        routes: The promises.
        keys: Who may call.
    """

    engine: Engine
    routes: list[Route]
    keys: Keys


@dataclass(frozen=True, slots=True)
class Clocks:
    """Where the gateway reads the time.

    Attributes:
        now: Seconds since 1970.
        monotonic: Seconds on a clock that only runs forward.
    """

    now: Callable[[], float]
    monotonic: Callable[[], float]


@dataclass(slots=True)
class Parts:
    """What a gateway is made of; `opening.opened` makes them.

    Attributes:
        store: The log.
        router: Decides and learns.
        upstreams: Who answers.
        tell: Takes verdicts, whosesoever.
        sessions: Which model each is with.
        signals: Checks and judges.
        asker: How judges are asked.
        metrics: What is counted.
        keys: Who may call.
        traces: Spans of requests.
        clocks: The time.
        make: Makes engine, routes and keys of changed settings.
        follower: Reads the log for the dashboard.
        shared: The log, where other gateways keep the same promises over it; else None.
    """

    store: Store
    router: Router
    upstreams: Upstreams
    tell: Teller
    sessions: Sessions
    signals: Signals
    asker: Asker
    metrics: Metrics
    keys: Keys
    traces: Traces
    clocks: Clocks
    make: Callable[[Settings], Made]
    follower: Observed
    shared: SharedStore | None = None


class Gateway:
    """Settings and parts. Lives on one event loop."""

    def __init__(self, settings: Settings, parts: Parts) -> None:
        """Put it together."""
        self.settings = settings
        self.parts = parts
        shared = parts.shared
        self.meters = Meters(shared=shared is not None)
        self._lookups = Lookups(parts.router, shared.away if shared else str)
        self.rates = Rates(self.meters)
        self.budgets = Budgets(self.meters)
        self.sessions = parts.sessions
        self.under_way = 0
        """Requests, those for health and metrics apart."""
        self.draining = False
        """Whether it is about to end."""
        self.store_trouble = ""
        """Why the latest event could not be kept; "" where it could."""
        self.store_bytes: int | None = None
        """Size of the log, as last looked at; None where it is not on disk."""
        self._tasks: list[asyncio.Task[None]] = []
        self._encodes_at_once = _encodes_at_once(parts.router.engine)

    @property
    def most_bytes(self) -> int:
        """Largest request body."""
        return int(self.settings.server.max_body_mb * 2**20)

    def caller(self, headers: Mapping[str, str]) -> Caller:
        """Who sends a request.

        Raises:
            ApiError: 401: it has no key, or an unknown one.
        """
        try:
            return self.parts.keys.find(headers.get("authorization"), headers.get("x-api-key"))
        except Unauthorized as error:
            raise ApiError(401, "invalid_api_key", str(error)) from error

    def admit(self, headers: Mapping[str, str]) -> tuple[Caller, Allowance | None]:
        """Who sends a request that will cost something, and what its rate limit says.

        Raises:
            ApiError: 401: no key or an unknown one. 429: over its rate or its budget.
        """
        caller = self.caller(headers)
        allowance = self.rates.take(caller, self._rate_clock_s())
        if allowance is not None and not allowance.allowed:
            raise ApiError(
                429,
                "rate_limit_exceeded",
                f"key {caller.name} may send {allowance.limit} requests per minute",
                headers=allowance.headers(),
            )
        now_s = self.parts.clocks.now()
        if self.budgets.left(caller, now_s) == 0.0:
            raise ApiError(
                429,
                "insufficient_quota",
                f"key {caller.name} has spent its {caller.budget_usd_per_day:g} USD of today (UTC)",
                headers={
                    "retry-after": str(round(seconds_to_midnight(now_s))),
                    "x-should-retry": "false",  # OpenAI's clients would try again at once
                },
            )
        return caller, allowance

    def _rate_clock_s(self) -> float:
        """Seconds on the clock of rates: that of the database, where gateways share them."""
        shared, clocks = self.parts.shared, self.parts.clocks
        return clocks.monotonic() if shared is None else clocks.now() + shared.clock_offset_s()

    async def decide(
        self,
        request_id: str,
        asked: Asked,
        headers: Mapping[str, str],
        caller: Caller,
        *,
        fresh: bool,
    ) -> Chosen:
        """Find who is to answer a request.

        Args:
            request_id: Its name; the decision gets it too.
            asked: What for.
            headers: Names in lower case.
            caller: Who sent it.
            fresh: Whether the name is surely new: made by us.

        Raises:
            ApiError: No such route or model, or none of its models can answer.
            SettingError: There is a decision of this name already, or one promise too many.
            EncoderError: The text cannot be encoded.
        """
        target = resolve(self.settings, asked, headers, caller)
        if isinstance(target, ToModel):
            return Chosen(target.model, "bypass", (target.model,))
        if not fresh:
            await self.look_up([request_id])
        able = candidates(self.settings, target, asked, self.can_serve)
        session, pinned = self._session(target, caller, able)
        begun_s = self.parts.clocks.monotonic()
        call = self._call(request_id, asked, target, caller, session, pinned or able, fresh=fresh)
        # An encoder that computes for long, or asks another server, must not hold up other requests.
        routed = call() if self._encodes_at_once else await asyncio.to_thread(call)
        routed.stored.add_done_callback(lambda _: self._appended(begun_s))
        decided = routed.decided
        mode: Mode = "sticky" if pinned else "explore" if decided.explored else "exploit"
        return Chosen(decided.model, mode, able, routed, session)

    async def look_up(self, decision_ids: Sequence[str], feedback_ids: Sequence[str] = ()) -> None:
        """Have at hand what a shared log knows of some ids; without its database nothing is known."""
        try:
            await self._lookups.look_up(decision_ids, feedback_ids)
        except (StoreError, TimeoutError) as error:
            _log.debug("not looked up: %s", error)  # `away` is told where it begins and ends

    def _appended(self, begun_s: float) -> None:
        """A decision has become durable, or has not; called on the store's own thread."""
        self.parts.metrics.appended(self.parts.clocks.monotonic() - begun_s)

    def _session(
        self, target: ToRoute, caller: Caller, able: tuple[str, ...]
    ) -> tuple[str | None, tuple[str, ...] | None]:
        """The key of a request's session, and the model that it stays with, if there is one."""
        idle_s = self.settings.routes[target.route].sticky_s
        if target.session is None or idle_s == 0:
            return None, None
        key = session_key(target.route, caller.name, target.session)
        model = self.sessions.model(key, self.parts.clocks.monotonic(), idle_s)
        return key, (model,) if model in able else None

    def _call(
        self,
        request_id: str,
        asked: Asked,
        target: ToRoute,
        caller: Caller,
        session: str | None,
        available: tuple[str, ...],
        *,
        fresh: bool,
    ) -> Callable[[], Routed]:
        """The question to the router."""
        known = self.settings.features.attributes
        attributes = {name: asked.metadata[name] for name in known if name in asked.metadata}
        attributes |= {"route": target.route, CLIENT: caller.name}
        if session is not None:
            attributes[SESSION] = session
        return partial(
            self.parts.router.route,
            asked.text,
            route=target.route,
            alpha=target.alpha,
            attributes=attributes,
            available=available,
            decision_id=request_id,
            fresh=fresh,
        )

    def can_serve(self, model: str) -> bool:
        """Whether a model may be asked now; not if a change of the configuration has taken it away."""
        return model in self.settings.models and self.parts.upstreams.can_serve(model)

    def trouble(self) -> list[str]:
        """Why it should not be given requests; nothing where it should."""
        found = []
        if self.draining:
            found.append("it is about to end")
        if self.store_trouble:
            found.append(f"the log cannot be written: {self.store_trouble}")
        if not any(self.can_serve(model) for model in self.settings.models):
            found.append("no model can be reached")
        return found

    def change(self, settings: Settings) -> None:
        """Take a changed configuration, whole or not at all. Requests under way end on the old one.

        Raises:
            SettingError: Something is changed that needs a restart, or does not fit.
            EncoderError: As on opening.
        """
        for name in ("store", "cost", "features", "prior"):
            if getattr(settings, name) != getattr(self.settings, name):
                raise SettingError(f"{name} cannot be changed while serving: restart the gateway")
        if settings.server.model_copy(update=_LIVE) != self.settings.server.model_copy(
            update=_LIVE
        ):
            raise SettingError(
                f"of server only {', '.join(_LIVE)} can be changed while serving: restart the gateway"
            )
        made = self.parts.make(settings)
        self.parts.router.change(made.engine, made.routes)
        self.parts.upstreams.change(settings)
        self.parts.signals.change(settings)
        self.parts.asker.settings = settings
        self.parts.keys = made.keys
        self.rates.keep({key.name: None for key in settings.keys})
        self.settings = settings
        self.parts.metrics.configured(settings.models, self.parts.clocks.now())
        _log.info("the configuration was taken anew")

    def keep_running(self, *tasks: asyncio.Task[None]) -> None:
        """Tasks that last as long as the gateway."""
        self._tasks += tasks

    async def close(self) -> None:
        """End in order: judges, upstreams, then the log, with a snapshot."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.parts.signals.close(self.settings.server.drain_s)
        await self.parts.upstreams.close()
        await asyncio.to_thread(self.parts.traces.close)
        await asyncio.to_thread(self.parts.follower.close)
        try:
            await asyncio.to_thread(self.parts.router.close)
        except MessPlusError:
            _log.exception("the log could not be closed in order; it is whole all the same")
        finally:
            await asyncio.to_thread(self.parts.store.close)


_LIVE = {"max_body_mb": 1.0, "max_requests": 1, "expose_metrics": True, "drain_s": 1.0}
"""What of `server` may be changed while serving, made equal in order to compare the rest."""


def _encodes_at_once(engine: Engine) -> bool:
    """Whether an encoder takes microseconds."""
    return isinstance(engine.features.encoder, HashedNgrams)
