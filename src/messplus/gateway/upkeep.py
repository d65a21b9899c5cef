"""What a gateway does besides answering.

It forgets what is old, finds its log again, says what endangers a promise, reads its log for the
dashboard, and takes over what other gateways do.
"""

import asyncio
import logging
from typing import Final

from messplus.errors import StoreError
from messplus.gateway.dashboard.moment import moment_of
from messplus.gateway.gateway import Gateway
from messplus.stores import SharedStore
from messplus.stores.retention import retain

_log = logging.getLogger("messplus.gateway")

_DAY_S: Final = 86_400.0
_FORGET_EVERY_S: Final = 60.0
_BUDGET_S: Final = 0.5
_LOOK_EVERY_S: Final = 30.0
_TRY_EVERY_S: Final = 5.0
_FOLLOW_EVERY_S: Final = 1.0
_MEASURE_EVERY_S: Final = 10.0
_TRIAL: Final = "trial"
"""Name of the snapshot that is written only to see whether one can be."""


async def forgetting(gateway: Gateway) -> None:
    """Forget decisions that are older than `retention_days`, some at a time."""
    clocks = gateway.parts.clocks
    while True:
        await asyncio.sleep(_FORGET_EVERY_S)
        days = gateway.settings.retention_days
        if days is None:
            continue
        try:
            done = await asyncio.to_thread(
                retain,
                gateway.parts.store,
                clocks.now() - days * _DAY_S,
                snapshot=gateway.parts.router.flush,
                clock=clocks.monotonic,
                budget_s=_BUDGET_S,
            )
        except StoreError:
            _log.exception("old decisions could not be forgotten; trying again")
            continue
        if done.decisions:
            _log.info("%d decisions older than %g days forgotten", done.decisions, days)


async def recovering(gateway: Gateway) -> None:
    """While the log cannot be written, try again: whoever is not ready gets no request that would."""
    while True:
        await asyncio.sleep(_TRY_EVERY_S)
        if gateway.store_trouble:
            await recover(gateway)


async def recover(gateway: Gateway) -> None:
    """See whether the log can be written again."""
    try:
        await asyncio.to_thread(gateway.parts.store.keep, _TRIAL, 0, b"")
    except StoreError as error:
        gateway.store_trouble = str(error)
    else:
        gateway.store_trouble = ""
        _log.info("the log can be written again")


async def sharing(gateway: Gateway) -> None:
    """Take over what other gateways of the same log do, and what was learned for all."""
    shared = gateway.parts.shared
    if shared is None:
        return
    missed = False
    while True:
        try:
            await asyncio.to_thread(gateway.parts.router.refresh)
            await _meter(gateway, shared)
            if missed:
                _log.info("what others do is known again")
            missed = False
            await asyncio.to_thread(shared.wait, gateway.settings.sharing.refresh_every_s)
        except StoreError as error:
            if not missed:
                _log.warning("what others do is not known; going on from what was: %s", error)
            missed = True
            await asyncio.sleep(gateway.settings.sharing.refresh_every_s)


async def _meter(gateway: Gateway, shared: SharedStore) -> None:
    """Exchange what callers have used of their rates and budgets.

    Raises:
        StoreError: Nobody knows whether it was exchanged; it is tried again, before what is used meanwhile.
    """
    gateway.meters.settle(await asyncio.to_thread(shared.meter, gateway.meters.take()))


async def measuring(gateway: Gateway) -> None:
    """See now and then how large the log is."""
    while True:
        try:
            gateway.store_bytes = await asyncio.to_thread(gateway.parts.store.size_bytes)
        except StoreError as error:
            _log.debug("the size of the log is not known: %s", error)
        await asyncio.sleep(_MEASURE_EVERY_S)


async def following(gateway: Gateway) -> None:
    """Read what is new in the log, so that the dashboard is up to date when somebody looks."""
    follower = gateway.parts.follower
    while True:
        try:
            await asyncio.to_thread(follower.follow)
        except StoreError:
            _log.exception("the dashboard cannot read the log; trying again")
        follower.notice(moment_of(gateway))
        await asyncio.sleep(_FOLLOW_EVERY_S)


async def watching(gateway: Gateway) -> None:
    """Say in the log what stands against a promise, once when it begins and once when it is over."""
    told: set[str] = set()
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        now = {
            f"route {one.route}, alpha {one.alpha:g}: {warning}"
            for one in gateway.parts.router.promises(begun=True)
            for warning in one.warnings
        }
        for warning in sorted(now - told):
            _log.warning(warning)
        for warning in sorted(told - now):
            _log.info("no longer: %s", warning)
        told = now
