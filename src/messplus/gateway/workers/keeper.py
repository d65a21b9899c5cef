"""Keeps one child up."""

import asyncio
import logging
import os
import signal
import socket
from asyncio.subprocess import Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol

from messplus.gateway.workers.child import READY, RELOADED
from messplus.gateway.workers.children import Child, Patience
from messplus.gateway.workers.relay import MOST_LINE_BYTES, Relay

TOLD: Final = 2
"""Exit code of `messplus` after an error that it has told its user."""

_LAST_WORDS_S: Final = 1.0
"""For the rest of what a child has written, after its end: somebody else may hold the pipe open."""

_log = logging.getLogger("messplus.workers")


class Hopeless(Protocol):
    """Says whether to give up."""

    def __call__(self, keeper: "Keeper", why: str, *, told: bool) -> bool:
        """A child that serves has ended.

        Args:
            keeper: Whose child.
            why: How it ended.
            told: Whether it ended with an error that it has told.
        """


class Keeper:
    """Starts a child again and again, until it is told to stop.

    Attributes:
        child: Whom it keeps.
        ready: Whether it serves now.
        crashes: That many in a row.
    """

    def __init__(
        self,
        child: Child,
        relay: Relay,
        *,
        pass_fds: Sequence[int],
        patience: Patience,
        ready: Callable[[], None],
        reloaded: Callable[["Keeper"], None],
        died: Callable[[Child], None],
        hopeless: Hopeless,
    ) -> None:
        """Start nothing yet.

        Args:
            child: Whom to keep.
            relay: Where its log lines go.
            pass_fds: Open files that it inherits.
            patience: How long to wait for what.
            ready: Called whenever it begins to serve.
            reloaded: Called when it was asked to take its configuration anew, for the others to do so.
            died: Called when it has ended.
            hopeless: Asked after each crash of one that serves.
        """
        self.child = child
        self.ready = False
        self.crashes = 0
        self._relay = relay
        self._pass_fds = pass_fds
        self._patience = patience
        self._on_ready = ready
        self._on_reload = reloaded
        self._on_death = died
        self._hopeless = hopeless
        self._process: Process | None = None
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._renewing = False

    async def keep(self) -> None:
        """Keep it up until `stop`."""
        clock = asyncio.get_running_loop().time
        while not self._stopping.is_set():
            begun_s = clock()
            why, told = await self._live()
            self._on_death(self.child)
            if self._stopping.is_set():
                return
            if self._renewing:
                self._renewing = False
                continue
            settled = clock() - begun_s >= self._patience.settled_s
            self.crashes = 1 if settled else self.crashes + 1
            if self.child.serves and self._hopeless(self, why, told=told):
                return
            wait_s = self._patience.wait_s(self.crashes)
            _log.warning("%s: %s; started again in %g s", self.child.name, why, wait_s)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait_s)

    def stop(self) -> None:
        """Have it end in order."""
        self._stopping.set()

    def hurry(self) -> None:
        """Have it end at once."""
        self._hurry.set()

    def reload(self) -> None:
        """Have it take its configuration anew."""
        if self._process is None:
            return
        if self.child.serves:
            if self.ready:  # one that begins reads it anyway, and SIGHUP would end it
                self._signal(signal.SIGHUP)
        else:
            self._renewing = True
            self._signal(signal.SIGTERM)

    async def _live(self) -> tuple[str, bool]:
        """One life of the child: how it ended, and whether it has said why."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with ours:
            try:
                with theirs:
                    process = await asyncio.create_subprocess_exec(
                        *self.child.arguments,
                        stdin=theirs.fileno(),
                        stdout=asyncio.subprocess.PIPE,
                        stderr=asyncio.subprocess.STDOUT,
                        limit=MOST_LINE_BYTES,
                        pass_fds=self._pass_fds,
                        env={**os.environ, **self.child.environment},
                        process_group=0,  # Ctrl-C is for the supervisor alone
                    )
            except OSError as error:
                return f"it could not be started: {error}", False
            assert process.stdout is not None
            self._process = process
            reading = asyncio.create_task(self._relay.copy(self.child.name, process.stdout))
            listening = asyncio.create_task(self._listen(ours))
            try:
                await self._until_its_end(process)
            finally:
                listening.cancel()
                self.ready = False
                self._process = None
                if process.returncode is None:  # we are ended ourselves, against all order
                    process.kill()
        done, _ = await asyncio.wait({reading}, timeout=_LAST_WORDS_S)
        words = reading.result() if done else ""
        reading.cancel()
        assert process.returncode is not None
        why = _how_it_ended(process.returncode)
        return (f"{why}; its last words: {words}" if words else why), process.returncode == TOLD

    async def _listen(self, ours: socket.socket) -> None:
        """Hear what the child has to say to us, a byte at a time."""
        loop = asyncio.get_running_loop()
        while said := await loop.sock_recv(ours, 1):
            if said == READY:
                self.ready = True
                self._on_ready()
            elif said == RELOADED:
                self._on_reload(self)

    async def _until_its_end(self, process: Process) -> None:
        """Wait until the child ends by itself, or is ended."""
        ended = asyncio.create_task(process.wait())
        stop = asyncio.create_task(self._stopping.wait())
        hurry = asyncio.create_task(self._hurry.wait())
        try:
            await asyncio.wait({ended, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                self._signal(signal.SIGTERM)
                await asyncio.wait(
                    {ended, hurry},
                    timeout=self._patience.end_s,
                    return_when=asyncio.FIRST_COMPLETED,
                )
            if not ended.done():
                self._signal(signal.SIGINT)
                await asyncio.wait({ended}, timeout=self._patience.hurry_s)
            if not ended.done():
                _log.warning("%s does not end: it is killed", self.child.name)
                process.kill()
            await ended
        finally:
            for task in (ended, stop, hurry):
                task.cancel()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        with suppress(ProcessLookupError):  # it has just ended
            self._process.send_signal(number)


def _how_it_ended(code: int) -> str:
    if code < 0:
        return f"it was ended by signal {-code} ({signal.strsignal(-code)})"
    return f"it ended with exit code {code}"
