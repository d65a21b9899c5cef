"""`messplus replay`: what would a policy have cost, and would the promise have held?"""

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from messplus.cli.data import load_streams
from messplus.cli.paths import cache_folder
from messplus.cli.progress import progress_bar
from messplus.encoders import encoder_from_spec
from messplus.errors import require_extra
from messplus.files import write_whole
from messplus.replay.feedback import Feedback, judge_from_spec
from messplus.replay.results import Results, policies_of, streams_of

DEFAULT_POLICIES = ("adaptive", "messplus", "random-constrained", "cheapest", "largest")


def replay(
    data: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Outcome tables: Parquet or CSV with a JSON sidecar, or another known format. "
            "None: the recorded data set that ships.",
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
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario",
            help="What happens half-way: `worsen:MODEL,at=0.5,loss=0.4`, `reprice:MODEL,factor=3`, "
            "`join:MODEL`, `leave:MODEL`; or `blocks`: task after task. Without MODEL: the cheapest "
            "adequate one. Repeatable: all in one run.",
        ),
    ] = None,
    feedback: Annotated[
        float, typer.Option(help="Share of users that say whether they were satisfied, in [0, 1].")
    ] = 1.0,
    feedback_delay: Annotated[
        int, typer.Option(help="Requests decided between an answer and its user's verdict.")
    ] = 0,
    feedback_satisfied: Annotated[
        float | None,
        typer.Option(
            help="Share that says so of the satisfied users. With 0.05, and 0.3 of the others, "
            "verdicts look worse than answers are. Default: --feedback.",
            show_default=False,
        ),
    ] = None,
    feedback_dissatisfied: Annotated[
        float | None,
        typer.Option(
            help="Share that says so of the dissatisfied users. Default: --feedback.",
            show_default=False,
        ),
    ] = None,
    audits: Annotated[
        float,
        typer.Option(
            help="Share of requests, drawn at random, whose delivered answer somebody checks: few, "
            "but right, and of all kinds."
        ),
    ] = 0.0,
    audit_delay: Annotated[
        int, typer.Option(help="Requests decided between an answer and its audit.")
    ] = 0,
    judge: Annotated[
        str | None,
        typer.Option(
            help="A judge of every delivered answer, who errs: `sensitivity=0.9,false_accept=0.2` "
            "accepts 90 % of what satisfies and 20 % of what does not. Also `share=0.5`: judges "
            "half of them; `cost=2`: charges as much as 2 mean answers of the cheapest model.",
            show_default=False,
        ),
    ] = None,
    window: Annotated[
        int, typer.Option(help="Requests of a contract window: in how many is the promise broken?")
    ] = 500,
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

    - `messplus replay` : adaptive, MESS+ and baselines on the data set that ships

    - `messplus replay outcomes.parquet --alpha 0.9 --report out` : your data, with a page of plots

    - `messplus replay -p messplus:v=1e4 -p messplus:v=1e5 --seeds 10` : compare settings

    - `messplus replay --scenario worsen --feedback 0.1 --audits 0.02` : what can go wrong

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
        feedback=Feedback(
            share=feedback,
            delay=feedback_delay,
            satisfied_share=feedback_satisfied,
            dissatisfied_share=feedback_dissatisfied,
            audits=audits,
            audit_delay=audit_delay,
            judge=None if judge is None else judge_from_spec(judge),
        ),
        scenarios=tuple(scenario or ()),
        window=window,
        encoder=the_encoder.identity,
    )
    streams = load_streams(data or (), the_encoder, tasks=task or (), cache=folder, alpha=alpha)
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
        console.print("[bold]SYNTHETIC[/] outcomes: made up, not recorded\n")
    if scenario:
        console.print(f"scenario: {', '.join(scenario)}\n", markup=False, highlight=False)
    for shown in result_tables(results):
        console.print(to_rich(shown))
    _show_warnings(results, Console(stderr=True))
    if json_file is not None:
        text = json.dumps(results.as_json(), indent=1)
        write_whole(json_file, lambda file: file.write(text.encode()))
        console.print(f"runs and references: {json_file}")
    if report is not None:
        from messplus.report.page import write_report

        with progress_bar("drawing") as step:
            page = write_report(results, streams, report, on_progress=step)
        console.print(f"report: {page}")


def _show_warnings(results: Results, console: Console) -> None:
    """What policies noticed themselves, once per policy and stream: as its first such run says it."""
    for data, task in streams_of(results.runs):
        for policy in policies_of(results.runs):
            runs = [
                r
                for r in results.runs
                if (r.cell.data, r.cell.task, r.cell.policy) == (data, task, policy)
            ]
            warned = [run for run in runs if run.warnings]
            if not warned:
                continue
            where = f"{policy} on {data}/{task}, {len(warned)} of {len(runs)} runs"
            for warning in warned[0].warnings:
                console.print("[yellow]warning:[/]", end=" ")
                console.print(f"{where}: {warning}", markup=False, highlight=False, soft_wrap=True)
