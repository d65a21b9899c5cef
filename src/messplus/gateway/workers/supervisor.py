"""Keeps processes up: starts them, starts them again, ends them in order."""

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from typing import Final

from messplus.errors import MessPlusError
from messplus.gateway.workers.children import Child, Patience
from messplus.gateway.workers.keeper import Keeper
from messplus.gateway.workers.relay import Relay

_ENDING: Final = (signal.SIGTERM, signal.SIGINT)

_log = logging.getLogger("messplus.workers")


class Supervisor:
    """Children, kept up until somebody says stop."""

    def __init__(
        self,
        children: Sequence[Child],
        relay: Relay,
        *,
        pass_fds: Sequence[int] = (),
        patience: Patience | None = None,
        begun: Callable[[], None] = lambda: None,
        died: Callable[[Child], None] = lambda _: None,
        ending: Callable[[], None] = lambda: None,
        right: Callable[[], bool] = lambda: True,
    ) -> None:
        """Start nothing yet.

        Args:
            children: Whom to keep up; at least one serves.
            relay: Where their log lines go.
            pass_fds: Open files that those that serve inherit.
            patience: How long to wait for what.
            begun: Called once, when all that serve do.
            died: Called with each child that has ended, before it is started again.
            ending: Called when no child will be started any more, before the children are told to end.
            right: Asked on a reload whether the configuration is right; with a wrong one those that serve
                refuse it and go on, while one that does not serve could not be started again.
        """
        self._patience = patience or Patience()
        self._begun = begun
        self._ending = ending
        self._right = right
        self._all_served = False
        self._stopping = False
        self._failed = ""
        self._keepers = [
            Keeper(
                child,
                relay,
                pass_fds=pass_fds if child.serves else (),
                patience=self._patience,
                ready=self._ready,
                reloaded=self.reload,
                died=died,
                hopeless=self._hopeless,
            )
            for child in children
        ]

    async def run(self) -> None:
        """Keep all up until `stop` is called.

        Raises:
            MessPlusError: Those that serve cannot be kept up; the message has what they said last.
        """
        async with asyncio.TaskGroup() as tasks:
            for keeper in self._keepers:
                tasks.create_task(keeper.keep())
        if self._failed:
            raise MessPlusError(self._failed)

    def stop(self) -> None:
        """End all in order; called again, at once."""
        if not self._stopping:
            self._stopping = True
            self._ending()
            for keeper in self._keepers:
                keeper.stop()
        else:
            for keeper in self._keepers:
                keeper.hurry()

    def reload(self, told_by: Keeper | None = None) -> None:
        """Have all take their configuration anew.

        Args:
            told_by: Whose child has asked for it, and has taken it already; None: it came from outside.
        """
        right = self._right()
        for keeper in self._keepers:
            if keeper is not told_by and (right or keeper.child.serves):
                keeper.reload()

    def _ready(self) -> None:
        serving = all(keeper.ready for keeper in self._keepers if keeper.child.serves)
        if serving and not self._all_served and not self._stopping:
            self._all_served = True
            self._begun()

    def _hopeless(self, keeper: Keeper, why: str, *, told: bool) -> bool:
        """Whether to give up, after a child that serves has ended.

        While one serves, the others are tried for ever: what ends them, such as a database that is away,
        may be over tomorrow. A child that could not start and has said why is not asked twice.
        """
        if any(one.ready for one in self._keepers):
            return False
        at_once = told and not self._all_served
        if not at_once and keeper.crashes < self._patience.crashes:
            return False
        if not self._failed:
            times = "" if keeper.crashes == 1 else f", {keeper.crashes} times in a row"
            self._failed = f"{keeper.child.name} cannot serve{times}: {why}"
        if not self._stopping:
            self.stop()
        return True


async def supervised(supervisor: Supervisor) -> None:
    """Keep all up until SIGTERM or Ctrl-C; SIGHUP has all take their configuration anew.

    Raises:
        MessPlusError: As `Supervisor.run`.
    """
    loop = asyncio.get_running_loop()

    def end(number: signal.Signals) -> None:
        _log.info("ending on %s", number.name)
        supervisor.stop()

    for number in _ENDING:
        loop.add_signal_handler(number, end, number)
    loop.add_signal_handler(signal.SIGHUP, supervisor.reload)
    try:
        await supervisor.run()
    finally:
        for number in (*_ENDING, signal.SIGHUP):
            loop.remove_signal_handler(number)
