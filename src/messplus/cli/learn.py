"""`messplus learn`: learns for all gateways that share a log."""

import logging
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from messplus.cli.serve import LogFormat, LogLevel
from messplus.errors import require_extra

_log = logging.getLogger("messplus.learner")


def learn(
    config: Annotated[
        Path, typer.Option("--config", "-c", help="The gateways' YAML file.", show_default=False)
    ],
    log_format: Annotated[
        LogFormat, typer.Option(help="Of the log on stderr: text for people, json for programs.")
    ] = LogFormat.TEXT,
    log_level: Annotated[
        LogLevel, typer.Option(help="Least level that is logged.")
    ] = LogLevel.INFO,
) -> None:
    """Learn for all gateways that share a `postgresql:` store.

    Of all such processes one learns at a time; the others wait to take its place. `messplus serve`
    starts one beside its workers, so this is for those who want it on a machine of its own. For example:

    - `messplus learn --config gateway.yaml`
    """
    require_extra("gateway", ["orjson", "pydantic", "regex", "yaml"], "messplus learn")
    import messplus
    from messplus.gateway.config import secrets_of
    from messplus.gateway.learning import learn as run
    from messplus.gateway.reviewing import reviewed
    from messplus.gateway.telemetry import Logs, Metrics

    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    settings, _ = reviewed(config)
    level = logging.getLevelNamesMapping()[log_level.value.upper()]
    metrics = Metrics(messplus.__version__)
    logs = Logs(sys.stderr, log_format.value, on_drop=metrics.log_dropped, level=level)
    logs.hide(secrets_of(settings))
    with logs:
        run(settings, stopping, begun=lambda: _log.info("the log is open"))
