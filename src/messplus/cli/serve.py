"""`messplus serve`: the gateway in the foreground."""

import asyncio
import gc
import logging
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

import messplus
from messplus.errors import require_extra

if TYPE_CHECKING:
    from messplus.gateway.config import Settings

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
    log_format: Annotated[
        LogFormat, typer.Option(help="Of the log on stderr: text for people, json for programs.")
    ] = LogFormat.TEXT,
    log_level: Annotated[
        LogLevel, typer.Option(help="Least level that is logged.")
    ] = LogLevel.INFO,
) -> None:
    """Serve an OpenAI-compatible API that sends each request to the cheapest model that will do.

    `messplus check FILE` says what a configuration means before it is served. SIGHUP takes it anew,
    SIGTERM ends it in order. For example:

    - `messplus serve --config gateway.yaml` : on 127.0.0.1, port 4000

    - `messplus demo --serve` : one with recorded models, to try clients on
    """
    require_extra("gateway", _MODULES, "messplus serve")
    import uvloop

    from messplus.gateway.config import secrets_of
    from messplus.gateway.reviewing import reviewed
    from messplus.gateway.serve import serve as run
    from messplus.gateway.telemetry import Logs, Metrics

    metrics = Metrics(messplus.__version__)
    level = logging.getLevelNamesMapping()[log_level.value.upper()]
    logs = Logs(sys.stderr, log_format.value, on_drop=metrics.log_dropped, level=level)

    def reread() -> "Settings":
        settings, warnings = reviewed(config)
        for warning in warnings:
            _log.warning("%s: %s", config, warning)
        logs.hide(secrets_of(settings))
        given = {"host": host, "port": port}
        server = settings.server.model_copy(
            update={name: value for name, value in given.items() if value is not None}
        )
        return settings.model_copy(update={"server": server})

    def begun(address: str) -> None:
        # What is there now stays: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECT)
        sys.setswitchinterval(_HAND_OVER_S)
        _log.info("serving %s: %s", config, address, extra={"address": address})

    with logs, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(reread(), metrics=metrics, begun=begun, reread=reread))
