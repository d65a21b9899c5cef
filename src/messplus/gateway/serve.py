"""The gateway as a server: in the foreground until a signal, or in a thread beside other code."""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import uvicorn
import uvloop

import messplus
from messplus.errors import MessPlusError
from messplus.gateway.app import application
from messplus.gateway.config.settings import Settings
from messplus.gateway.gateway import Gateway
from messplus.gateway.opening import opened
from messplus.gateway.protocol import Bounded
from messplus.gateway.telemetry import Metrics

_log = logging.getLogger("messplus.gateway")

_BACKLOG: Final = 2048
_KEEP_ALIVE_S: Final = 75
_PUBLISH_EVERY_S: Final = 1.0
_ENDING: Final = (signal.SIGTERM, signal.SIGINT)

Begun = Callable[[str], None]
"""Told the gateway's address once it takes requests."""

Reread = Callable[[], Settings]
"""Reads the configuration again."""


async def serve(
    settings: Settings,
    *,
    metrics: Metrics,
    begun: Begun,
    reread: Reread | None = None,
    reloaded: Callable[[], None] = lambda: None,
    stop: "Stop | None" = None,
    listening: socket.socket | None = None,
) -> None:
    """Serve until told to stop; requests under way are finished first, as far as `drain_s` allows.

    Args:
        settings: The configuration.
        metrics: What is counted.
        begun: Called with the address.
        reread: Where the configuration comes from on SIGHUP and `POST /admin/reload`; None: it stays.
        reloaded: Called after each reading for `POST /admin/reload`, which reaches this process alone.
        stop: Ends it from another thread; None: SIGTERM and Ctrl-C do.
        listening: A bound socket, shared with other processes; None: one by the settings.

    Raises:
        MessPlusError: It cannot start: the port, the store, an encoder.
    """
    listening = listening or listen(settings.server.host, settings.server.port)
    with listening:
        gateway = await opened(settings, metrics)
        gateway.keep_running(asyncio.create_task(_publishing(metrics)))
        try:
            server = Server(
                gateway,
                reread,
                reloaded,
                begun=partial(begun, address_of(listening)),
                listen_to_signals=stop is None,
            )
            if stop is not None:
                stop.server = server
            await server.serve(sockets=[listening])
        finally:
            await gateway.close()


async def _publishing(metrics: Metrics) -> None:
    """Let other workers show what is under way here."""
    while True:
        metrics.publish()
        await asyncio.sleep(_PUBLISH_EVERY_S)


class Stop:
    """Ends a server of another thread."""

    server: "Server | None" = None

    def __call__(self) -> None:
        """Let it finish what is under way, and end."""
        if self.server is not None:
            self.server.should_exit = True


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """A gateway in a thread of its own, for as long as the context lasts.

    Args:
        settings: The configuration; port 0 takes a free one.

    Yields:
        Its address, such as `http://127.0.0.1:4000`.

    Raises:
        MessPlusError: It cannot start.
    """
    stop, address = Stop(), ""
    failed: list[BaseException] = []
    ready = threading.Event()

    def begun(at: str) -> None:
        nonlocal address
        address = at
        ready.set()

    def work() -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                metrics = Metrics(messplus.__version__)
                runner.run(serve(settings, metrics=metrics, begun=begun, stop=stop))
        except BaseException as error:  # noqa: BLE001  # raised again in the caller's thread
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=work, name="messplus-gateway")
    thread.start()
    ready.wait()
    try:
        if not failed:
            yield address
    finally:
        stop()
        thread.join()
    if failed:
        raise failed[0]


class Server(uvicorn.Server):
    """uvicorn with our signals: the first asks for an orderly end, the second for one at once."""

    def __init__(
        self,
        gateway: Gateway,
        reread: Reread | None,
        reloaded: Callable[[], None],
        *,
        begun: Callable[[], None],
        listen_to_signals: bool,
    ) -> None:
        """Prepare.

        Args:
            gateway: What is served.
            reread: Reads the configuration again.
            reloaded: Called after each reading that a client has asked for.
            begun: Called once it takes requests and signals.
            listen_to_signals: Whether SIGTERM, SIGINT and SIGHUP are for us.
        """
        super().__init__(
            uvicorn.Config(
                application(gateway, reread and _followed(reread, reloaded)),
                http=Bounded,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=round(gateway.settings.server.drain_s),
            )
        )
        self._gateway = gateway
        self._reread = reread
        self._begun = begun
        self._listen_to_signals = listen_to_signals

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; then it has begun."""
        await super().startup(sockets)
        self._begun()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """In place of uvicorn's, which ends the process before the log is closed."""
        if not self._listen_to_signals:
            yield
            return
        loop = asyncio.get_running_loop()
        for number in _ENDING:
            loop.add_signal_handler(number, self._end, number)
        if self._reread is not None:
            loop.add_signal_handler(signal.SIGHUP, self._reload, self._reread)
        try:
            yield
        finally:
            for number in (*_ENDING, signal.SIGHUP):
                loop.remove_signal_handler(number)

    def _end(self, number: signal.Signals) -> None:
        if not self.should_exit:
            _log.info("ending on %s: requests under way are finished first", number.name)
            self._gateway.draining = True
        self.handle_exit(number, None)

    def _reload(self, reread: Reread) -> None:
        try:
            self._gateway.change(reread())
        except MessPlusError:
            _log.exception("the configuration is wrong, the one before goes on")
            self._gateway.parts.metrics.configuration_refused()


def _followed(reread: Reread, reloaded: Callable[[], None]) -> Reread:
    def read() -> Settings:
        settings = reread()
        reloaded()
        return settings

    return read


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one.

    Raises:
        MessPlusError: The address cannot be bound.
    """
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(_BACKLOG)  # now: a client may come before the event loop is ready for it
    except OSError as error:
        bound.close()
        raise MessPlusError(
            f"cannot listen on {host}, port {port}: {error.strerror}; `server` in the configuration"
            " names another address"
        ) from error
    return bound


def address_of(listening: socket.socket) -> str:
    """Where a bound socket is reached, such as `http://127.0.0.1:4000`."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
