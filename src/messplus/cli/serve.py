"""`messplus serve`: the gateway in the foreground."""

import asyncio
import gc
import logging
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

import messplus
from messplus.errors import MessPlusError, require_extra

if TYPE_CHECKING:
    from messplus.gateway.config import Problem, Settings
    from messplus.gateway.telemetry import Logs

_MODULES = (
    "aiohttp", "httptools", "jsonschema", "orjson", "prometheus_client", "pydantic", "regex", "starlette",
    "uvicorn", "uvloop", "yaml",
)  # fmt: skip


_log = logging.getLogger("messplus.gateway")


class LogFormat(StrEnum):
    """How a line of the log looks."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """What is logged at least."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_HAND_OVER_S: Final = 0.001
"""After so long another thread (views, the log) lets the one that serves go on."""

_COLLECT: Final = (50_000, 50, 100)
"""How seldom cycles are looked for: a look at everything takes as long as twenty requests."""


def serve(
    config: Annotated[
        Path, typer.Option("--config", "-c", help="The gateway's YAML file.", show_default=False)
    ],
    host: Annotated[
        str | None, typer.Option(help="Address to bind, in place of server.host.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port, in place of server.port; 0 takes a free one.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=256,
            help="Processes that serve, in place of server.workers.",
            show_default=False,
        ),
    ] = None,
    learner: Annotated[
        bool,
        typer.Option(help="Start `messplus learn` beside the workers, if the store is shared."),
    ] = True,
    log_format: Annotated[
        LogFormat, typer.Option(help="Of the log on stderr: text for people, json for programs.")
    ] = LogFormat.TEXT,
    log_level: Annotated[
        LogLevel, typer.Option(help="Least level that is logged.")
    ] = LogLevel.INFO,
    worker: Annotated[int | None, typer.Option(hidden=True, help="Number of this worker.")] = None,
    descriptor: Annotated[
        int | None, typer.Option("--socket", hidden=True, help="What it listens on.")
    ] = None,
) -> None:
    """Serve an OpenAI-compatible API that sends each request to the cheapest model that will do.

    `messplus check FILE` says what a configuration means before it is served. SIGHUP takes it anew,
    SIGTERM ends it in order. Several workers need a `postgresql:` store. For example:

    - `messplus serve --config gateway.yaml` : on 127.0.0.1, port 4000

    - `messplus serve --config gateway.yaml --workers 4` : four processes on that port

    - `messplus demo --serve` : one with recorded models, to try clients on
    """
    require_extra("gateway", _MODULES, "messplus serve")
    from messplus.gateway.workers import require_shared
    from messplus.stores import is_shared

    given = {"host": host, "port": port, "workers": workers}
    start = _Start(config, given, log_format, log_level)
    if worker is not None:
        start.one(worker, descriptor)
        return
    settings, _ = start.read()
    require_shared(settings)
    if settings.server.workers > 1 or (learner and is_shared(settings.store)):
        start.several(settings, learner=learner)
    else:
        start.one(None, None)


@dataclass(frozen=True, slots=True)
class _Start:
    """What the command line says.

    Attributes:
        config: The gateway's file.
        given: Settings of `server` in place of the file's; None: the file's.
        log_format: Of the log.
        log_level: Least level.
    """

    config: Path
    given: Mapping[str, str | int | None]
    log_format: LogFormat
    log_level: LogLevel

    def read(self) -> "tuple[Settings, tuple[Problem, ...]]":
        """The settings, and what their owner should know.

        Raises:
            SettingsError: Something is wrong with the file.
        """
        from messplus.gateway.reviewing import reviewed

        settings, warnings = reviewed(self.config)
        server = settings.server.model_copy(
            update={name: value for name, value in self.given.items() if value is not None}
        )
        return settings.model_copy(update={"server": server}), warnings

    def one(self, worker: int | None, descriptor: int | None) -> None:
        """Serve in this process.

        Args:
            worker: Its number among several; None: it is the only one.
            descriptor: The socket that it listens on; None: one of its own.
        """
        import uvloop

        from messplus.gateway.config import secrets_of
        from messplus.gateway.serve import serve as run
        from messplus.gateway.telemetry import Metrics
        from messplus.gateway.workers import say_ready, say_reloaded

        metrics = Metrics(messplus.__version__, worker)
        logs = self._logs(metrics.log_dropped)

        def reread() -> "Settings":
            settings, warnings = self.read()
            if not worker:  # the first speaks for all
                for warning in warnings:
                    _log.warning("%s: %s", self.config, warning)
            logs.hide(secrets_of(settings))
            return settings

        def begun(address: str) -> None:
            # What is there now stays: the collector need not look at it again and again.
            gc.collect()
            gc.freeze()
            gc.set_threshold(*_COLLECT)
            sys.setswitchinterval(_HAND_OVER_S)
            if worker is None:
                _log.info("serving %s: %s", self.config, address, extra={"address": address})
            else:
                say_ready()

        with logs, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(
                run(
                    reread(),
                    metrics=metrics,
                    begun=begun,
                    reread=reread,
                    reloaded=_nobody if worker is None else say_reloaded,
                    listening=None if descriptor is None else socket.socket(fileno=descriptor),
                )
            )

    def several(self, settings: "Settings", *, learner: bool) -> None:
        """Serve by processes of their own, and keep them up.

        Args:
            settings: The configuration.
            learner: Whether one beside them learns.
        """
        from messplus.gateway.config import secrets_of
        from messplus.gateway.workers import Relay, require_shared, serve_together
        from messplus.stores import is_shared

        common = (
            *("--config", str(self.config)),
            *("--log-format", self.log_format.value, "--log-level", self.log_level.value),
        )
        given = (
            text
            for name, value in self.given.items()
            if value is not None
            for text in (f"--{name}", str(value))
        )

        def begun(address: str) -> None:
            _log.info(
                "serving %s with %d worker(s): %s", self.config, settings.server.workers, address,
                extra={"address": address},
            )  # fmt: skip

        def right() -> bool:
            try:
                require_shared(self.read()[0])
            except MessPlusError:
                return False  # the workers say what is wrong
            return True

        logs = self._logs(_nobody)
        logs.hide(secrets_of(settings))
        with logs, asyncio.Runner() as runner:
            runner.run(
                serve_together(
                    settings,
                    worker=("messplus", "serve", *common, *given),
                    learner=("messplus", "learn", *common)
                    if learner and is_shared(settings.store)
                    else None,
                    relay=Relay(sys.stderr, self.log_format.value),
                    begun=begun,
                    right=right,
                )
            )

    def _logs(self, on_drop: Callable[[], object]) -> "Logs":
        from messplus.gateway.telemetry import Logs

        level = logging.getLevelNamesMapping()[self.log_level.value.upper()]
        return Logs(sys.stderr, self.log_format.value, on_drop=on_drop, level=level)


def _nobody() -> None:
    """Nobody is told."""
