"""`messplus replay`: what would a policy have cost, and would the promise have held?"""

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from messplus.cli.data import load_tables
from messplus.cli.paths import cache_folder
from messplus.cli.progress import progress_bar
from messplus.encoders import encoder_from_spec
from messplus.errors import require_extra
from messplus.files import write_whole
from messplus.replay.feedback import Feedback
from messplus.replay.streams import Stream, make_streams

DEFAULT_POLICIES = ("adaptive", "messplus", "random-constrained", "cheapest", "largest")


def replay(
    data: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Outcome tables: Parquet or CSV with a JSON sidecar, or another known format. "
            "None: the synthetic stream that ships.",
            show_default=False,
        ),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option("--task", "-t", help="Only this task, as a stream of its own. Repeatable."),
    ] = None,
    alpha: Annotated[
        float | None,
        typer.Option(
            "--alpha",
            "-a",
            help="Promised share of satisfied requests, in (0, 1]. Default: the data's own, else "
            "3/4 of the way from the cheapest to the best model's mean score.",
        ),
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            "-p",
            help="NAME or NAME:KEY=VALUE,... as in `messplus:v=1e-4,c=0.1,predictor=mean` or "
            f"`always:MODEL`. Repeatable. Default: {', '.join(DEFAULT_POLICIES)}.",
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option("--seeds", "-n", min=1, help="Runs per policy and stream.")
    ] = 3,
    shuffle: Annotated[
        bool,
        typer.Option("--shuffle/--stream-order", help="Random order per seed, or as recorded."),
    ] = True,
    feedback: Annotated[
        float, typer.Option(help="Share of requests that get a verdict, in [0, 1].")
    ] = 1.0,
    feedback_delay: Annotated[
        int, typer.Option(help="Requests decided between an answer and its verdict.")
    ] = 0,
    encoder: Annotated[
        str,
        typer.Option(
            help="What makes features of a prompt: `hashed`, `static`, `sentence:path=DIR`, "
            "`endpoint:base_url=URL,model=NAME`, `modernbert`."
        ),
    ] = "hashed",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write every run and reference line here.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Write one HTML page, and each plot as PNG and SVG, into this folder."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Processes; -1: one per core.")] = -1,
    cache: Annotated[
        Path | None,
        typer.Option(help="Folder of encodings and finished runs. Default: $MESSPLUS_CACHE."),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither read nor keep encodings and runs.")
    ] = False,
) -> None:
    """Replay policies over recorded outcomes, beside the reference lines.

    Says for each policy what it would have cost, exploration included, and whether the promise
    would have held. The table decides what every answer is worth: nothing is redrawn.

    For example:

    - `messplus replay` : adaptive, MESS+ and baselines on the synthetic stream that ships

    - `messplus replay outcomes.parquet --alpha 0.9 --report out` : your data, with a page of plots

    - `messplus replay -p messplus:v=1e-3 -p messplus:v=1e-5 --seeds 10` : compare settings

    Interrupting loses no finished run: the same command goes on from there.
    """
    require_extra(
        "replay",
        ["jinja2", "joblib", "matplotlib", "polars", "threadpoolctl"],
        "messplus replay",
    )
    from messplus.replay.grid import Grid, run_grid
    from messplus.report.tables import result_tables, to_rich

    folder = None if no_cache else cache or cache_folder(os.environ, Path.home())
    console = Console()
    the_encoder = encoder_from_spec(encoder)
    grid = Grid(
        policies=tuple(policy or DEFAULT_POLICIES),
        seeds=seeds,
        shuffle=shuffle,
        feedback=Feedback(share=feedback, delay=feedback_delay),
        encoder=the_encoder.identity,
    )
    streams: list[Stream] = []
    for table in load_tables(data or ()):
        with progress_bar(f"encoding {table.name}") as step:
            streams += make_streams(
                table,
                the_encoder,
                tasks=task or (),
                alpha=alpha,
                cache=folder and folder / "encodings",
                on_progress=step,
            )
    try:
        with progress_bar("replaying") as step:
            results = run_grid(
                streams, grid, jobs=jobs, cache=folder and folder / "runs", on_step=step
            )
    except KeyboardInterrupt:
        if folder:
            kept = f"finished runs are kept in {folder}: the same command goes on from there"
            Console(stderr=True).print(f"interrupted; {kept}", highlight=False)
        raise

    if results.synthetic:
        console.print("[bold]SYNTHETIC[/] outcomes, calibrated to published means: not measured\n")
    for shown in result_tables(results):
        console.print(to_rich(shown))
    if json_file is not None:
        text = json.dumps(results.as_json(), indent=1)
        write_whole(json_file, lambda file: file.write(text.encode()))
        console.print(f"runs and references: {json_file}")
    if report is not None:
        from messplus.report.page import write_report

        with progress_bar("drawing") as step:
            page = write_report(results, streams, report, on_progress=step)
        console.print(f"report: {page}")
