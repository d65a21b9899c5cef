"""From settings to a gateway that can serve: store, router, upstreams, signals."""

import asyncio
import logging
import random
import secrets
import time
from pathlib import Path

import numpy as np

from messplus.encoders import Features, encoder_from_spec
from messplus.gateway.access import Keys
from messplus.gateway.asking import Asker
from messplus.gateway.config.prices import list_price
from messplus.gateway.config.settings import Settings
from messplus.gateway.dashboard.follower import Follower
from messplus.gateway.dashboard.learner_follower import LearnerFollower
from messplus.gateway.gateway import Clocks, Gateway, Made, Parts
from messplus.gateway.readings import read_at_scrape
from messplus.gateway.sessions import Sessions
from messplus.gateway.signals import Signals
from messplus.gateway.telemetry import Metrics, open_traces
from messplus.gateway.telling import Teller
from messplus.gateway.upkeep import (
    following,
    forgetting,
    measuring,
    recovering,
    sharing,
    watching,
)
from messplus.gateway.upstreams import Upstreams
from messplus.priors.store import load
from messplus.router import Engine, Route, Router, adaptive_engine
from messplus.stores import SharedStore, Store, is_shared, open_shared, open_store

_log = logging.getLogger("messplus.gateway")


async def opened(settings: Settings, metrics: Metrics, *, clocks: Clocks | None = None) -> Gateway:
    """Open what a gateway needs, and start it; `Gateway.close` ends it.

    Args:
        settings: The configuration.
        metrics: What is counted.
        clocks: The time; None: this machine's.

    Raises:
        MessPlusError: The store, the encoder or the prior cannot be read, or does not fit.
    """
    clocks = clocks or Clocks(time.time, time.monotonic)
    made = made_of(settings)
    store, shared = store_of(settings)
    try:
        begun_s = clocks.monotonic()
        router = Router(
            made.engine,
            made.routes,
            store,
            rng=np.random.default_rng(),
            clock=clocks.now,
            shared=shared is not None,
        )
        _log.info(
            "%d decisions in the log, folded in %.1f s",
            router.decisions, clocks.monotonic() - begun_s,
        )  # fmt: skip
        upstreams = Upstreams(settings, rng=random.Random(), observe=metrics)
        await upstreams.start()
        asker = Asker(settings, upstreams, clocks.monotonic)
        sessions = Sessions()
        tell = Teller(router, metrics, sessions, clocks.now)
        signals = Signals(settings, tell, asker, random.Random(), metrics)
        parts = Parts(
            store=store,
            router=router,
            upstreams=upstreams,
            tell=tell,
            sessions=sessions,
            signals=signals,
            asker=asker,
            metrics=metrics,
            keys=made.keys,
            traces=open_traces(settings),
            clocks=clocks,
            make=made_of,
            follower=LearnerFollower(store) if shared else Follower(store),
            shared=shared,
        )
        gateway = Gateway(settings, parts)
        if shared is None and any(key.budget_usd_per_day for key in settings.keys):
            gateway.budgets.restore((one.event for one in store.events()), clocks.now())
    except BaseException:
        store.close()
        raise
    signals.start()
    metrics.configured(settings.models, clocks.now())
    metrics.watch(lambda: read_at_scrape(gateway))
    upkeep = (watching, recovering, following, measuring, sharing if shared else forgetting)
    gateway.keep_running(*(asyncio.create_task(work(gateway)) for work in upkeep))
    return gateway


def store_of(settings: Settings) -> tuple[Store, SharedStore | None]:
    """The log of a configuration, and the same if gateways share it.

    Raises:
        StoreError: It cannot be opened.
        SettingError: Its address leads nowhere.
        MissingExtraError: It needs an extra that is not installed.
    """
    if not is_shared(settings.store):
        return open_store(settings.store), None
    sharing = settings.sharing
    shared = open_shared(
        settings.store, spool=Path(sharing.spool), spool_bytes=sharing.spool_mb << 20
    )
    return shared, shared


def made_of(settings: Settings) -> Made:
    """Engine, routes and keys.

    Raises:
        SettingError: The prior does not fit the zoo or the features.
        EncoderError: The encoder cannot be loaded.
        MissingExtraError: It needs an extra that is not installed.
    """
    return Made(
        engine=_engine(settings),
        routes=[
            Route(name, route.alpha, models=route.models, spread=route.spread)
            for name, route in settings.routes.items()
        ],
        keys=Keys(settings, salt=secrets.token_bytes(32)),
    )


def _engine(settings: Settings) -> Engine:
    features = Features(
        encoder_from_spec(settings.features.encoder), attribute_keys=settings.features.attributes
    )
    return adaptive_engine(
        {name: list_price(model, settings.cost) for name, model in settings.models.items()},
        alpha=next(iter(settings.routes.values())).alpha,
        cost_unit=settings.cost,
        features=features,
        prior=load(settings.prior) if settings.prior else None,
        keep_prompts=settings.server.keep_prompts,
    )
