"""`messplus demo`: see a promise kept, and what that saves, in a minute and without a key."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from messplus.cli.paths import cache_folder
from messplus.errors import require_extra
from messplus.files import write_whole

if TYPE_CHECKING:
    from messplus.demo.run import Plan
    from messplus.demo.setup import ZooModel
    from messplus.demo.summary import Summary

_LIVE_REQUESTS = 60
_LIVE_CONCURRENCY = 2
_CONCURRENCY = 16
_ALPHA_DECIMALS = 3  # of the default: it stands in a file that people edit
_MODULES = (
    "aiohttp", "anyio", "httptools", "orjson", "polars", "prometheus_client", "pydantic",
    "starlette", "uvicorn", "yaml",
)  # fmt: skip


def demo(
    alpha: Annotated[
        float | None,
        typer.Option(
            "--alpha",
            "-a",
            help="Promised share of satisfied requests, in (0, 1]. Default: 3/4 of the way from the "
            "cheapest to the best model's mean score.",
            show_default=False,
        ),
    ] = None,
    requests: Annotated[
        int | None,
        typer.Option(
            "--requests",
            min=1,
            help=f"How many are sent. Default: all 2,998, with --live {_LIVE_REQUESTS}.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Of the order of requests, and of who says something, when.")
    ] = 0,
    concurrency: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=256,
            help=f"Users at a time. Default: {_CONCURRENCY}, with --live {_LIVE_CONCURRENCY}.",
            show_default=False,
        ),
    ] = None,
    speed: Annotated[
        float, typer.Option(help="How many times as fast as recorded models answer, above 0.")
    ] = 20.0,
    feedback: Annotated[
        float, typer.Option(help="Share of users that say whether they were satisfied, in [0, 1].")
    ] = 1.0,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write the summary to this file.", show_default=False),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the gateway's settings and log. Default: a new one among the temporary "
            "files; it is named at the end.",
            show_default=False,
        ),
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Keep the gateway running afterwards, until Ctrl-C.")
    ] = False,
    live: Annotated[
        bool,
        typer.Option("--live", help="Ask the models of `messplus zoo up`: nothing is recorded."),
    ] = False,
) -> None:
    """See a promise kept, and what that saves: no key, no network, less than two minutes.

    A real gateway is put in front of three small models, whose recorded answers are played back.
    Users ask 2,998 questions over its HTTP API and say which answers were right. The gateway starts
    without knowing anything, learns from what they say, and sends each question to the cheapest model
    that lets the promise hold.

    For example:

    - `messplus demo` : the whole of it

    - `messplus demo --alpha 0.6 --feedback 0.2` : a harder promise, and users that say less

    - `messplus demo --serve` : then ask the gateway yourself

    - `messplus zoo up --pull && messplus demo --live` : no playback, models that run here
    """
    require_extra("demo", _MODULES, "messplus demo")
    from messplus.demo.ending import show_summary, show_use
    from messplus.demo.run import run
    from messplus.demo.view import view
    from messplus.gateway.serve import serving

    console = Console()
    console.print("starting the gateway ...", end="\r" if console.is_terminal else "\n")

    def afterwards(summary: "Summary", gateway: str) -> None:
        show_summary(console, summary)
        if json_file is not None:
            text = json.dumps(summary.as_json(), indent=1)
            write_whole(json_file, lambda file: file.write(text.encode()))
        if serve:
            show_use(console, summary, gateway)
            with suppress(KeyboardInterrupt):
                Event().wait()

    with _prepared(
        alpha=alpha,
        requests=requests,
        seed=seed,
        concurrency=concurrency,
        speed=speed,
        feedback=feedback,
        keep=keep,
        live=live,
    ) as (plan, zoo):
        run(plan, zoo, serving, show=lambda: view(console), afterwards=afterwards)


@contextmanager
def _prepared(
    *,
    alpha: float | None,
    requests: int | None,
    seed: int,
    concurrency: int | None,
    speed: float,
    feedback: float,
    keep: Path | None,
    live: bool,
) -> "Iterator[tuple[Plan, list[ZooModel]]]":
    """What is to be done, while the models that it is done with run."""
    from messplus.demo.playback import recorded_zoo
    from messplus.demo.recording import shipped_recording
    from messplus.demo.run import Plan
    from messplus.demo.script import recorded_script
    from messplus.replay.validate import default_alpha

    recording = shipped_recording()
    outcomes = recording.outcomes
    zoo: AbstractContextManager[list[ZooModel]]
    if live:
        require_extra("local", ["psutil"], "messplus demo --live")
        from messplus.demo.live import live_script, live_zoo, of_models

        up = live_zoo(cache_folder(os.environ, Path.home()))
        zoo = nullcontext(up)
        outcomes = of_models(outcomes, [model.name for model in up])
        script = live_script(outcomes, requests=requests or _LIVE_REQUESTS, seed=seed)
    else:
        zoo = recorded_zoo(recording, speed=speed)
        script = recorded_script(recording, requests=requests or 0, seed=seed)
    plan = Plan(
        mode="live" if live else "recorded",
        title="messplus demo --live" if live else "messplus demo",
        script=script,
        alpha=round(default_alpha(outcomes), _ALPHA_DECIMALS) if alpha is None else alpha,
        seed=seed,
        concurrency=concurrency or (_LIVE_CONCURRENCY if live else _CONCURRENCY),
        feedback=feedback,
        folder=keep or Path(tempfile.mkdtemp(prefix="messplus-demo-")),
    )
    with zoo as models:
        yield plan, models
