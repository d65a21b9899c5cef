"""`messplus capture`: run a zoo over questions and record what happens."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from messplus.cli.paths import cache_folder
from messplus.cli.progress import progress_bars
from messplus.errors import SettingError, require_extra, unknown

if TYPE_CHECKING:
    from messplus.capture.job import Result
    from messplus.capture.upstreams import Upstream

_MODULES = ("aiohttp", "filelock", "jsonschema", "polars", "psutil", "yaml")


def capture(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            help="Questions: a file (.jsonl, .csv, .parquet), `standard`, `bank:FAMILY` or"
            " `gym:FAMILY,size=100,seed=0,...`. None: `standard`.",
            metavar="SOURCE",
            show_default=False,
        ),
    ] = None,
    zoo: Annotated[
        Path | None,
        typer.Option(
            "--zoo",
            "-z",
            help="YAML file with `providers` and `models`. None: what `messplus zoo up` serves.",
            show_default=False,
        ),
    ] = None,
    to: Annotated[Path, typer.Option("--to", help="Folder of the capture.")] = Path("capture"),
    name: Annotated[str, typer.Option("--name", help="Of the data set.")] = "capture",
    only: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="Only these models of the zoo.", show_default=False),
    ] = None,
    judge: Annotated[
        str,
        typer.Option(
            "--judge",
            help="The model of the zoo that grades what no program can; it is not captured itself"
            " unless --model names it.",
            show_default=False,
        ),
    ] = "",
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="Ask only the first N of the plan; 0: all.")
    ] = 0,
    grader: Annotated[
        str,
        typer.Option("--grader", help="For rows of a file that name none.", show_default="exact"),
    ] = "",
    max_tokens: Annotated[
        int,
        typer.Option(
            "--max-tokens",
            min=0,
            help="Where answers are cut off if the question sets no limit; 0: at 256.",
        ),
    ] = 0,
    temperature: Annotated[
        float, typer.Option("--temperature", min=0.0, max=2.0, help="Sent to the models.")
    ] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="Sent to the models.")] = 0,
    attempts: Annotated[
        int, typer.Option("--attempts", min=1, max=100, help="At most this many for a question.")
    ] = 6,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask again what failed in an earlier run.")
    ] = False,
    grade_only: Annotated[
        bool,
        typer.Option("--grade-only", help="Make the table of what is recorded; ask nothing."),
    ] = False,
    energy: Annotated[
        str,
        typer.Option(
            "--energy",
            help="Joules of models on this machine: gpu, rapl, cpu (an estimate), none, or auto"
            " for the first that can be read.",
        ),
    ] = "auto",
    watts: Annotated[
        float, typer.Option("--watts", help="Of one busy core, for the estimate.")
    ] = 5.0,
    alpha: Annotated[
        float | None,
        typer.Option(
            "--alpha", "-a", help="The promise that comes with the data set.", show_default=False
        ),
    ] = None,
    licence: Annotated[str, typer.Option("--licence", help="Of the data set.")] = "",
) -> None:
    """Ask every model of a zoo every question, grade the answers, write an outcome table.

    The folder keeps every call as it ends: stopped, even killed, the same command goes on where it
    was and asks nothing twice. The table is what `messplus replay` reads.

    Example: `messplus capture my-questions.jsonl --zoo zoo.yaml --to my-capture`
    """
    require_extra("capture", _MODULES, "messplus capture")
    from messplus.capture import Pace, Request
    from messplus.capture.energy import METHODS, meters
    from messplus.capture.folder import CaptureFolder
    from messplus.capture.job import Job, carry_out
    from messplus.capture.sources import label, questions
    from messplus.capture.table import About

    if energy not in METHODS:
        raise unknown("energy method", energy, METHODS)
    every = _upstreams(zoo)
    captured = [_named(every, one) for one in dict.fromkeys(only or ())]
    captured = captured or [one for one in every if one.name != judge]
    shares = {} if grade_only else meters(captured, energy, watts)
    wanted = sources or ["standard"]
    job = Job(
        sources={
            label(source): partial(questions, source, grader=grader, max_tokens=max_tokens)
            for source in wanted
        },
        upstreams=captured,
        judge=_named(every, judge) if judge else None,
        request=Request(temperature=temperature, seed=seed),
        pace=Pace(attempts=attempts, retry_failed=retry_failed),
        energy=shares,
        limit=limit,
        ask=not grade_only,
        about=About(
            name=name,
            # A file by its name: what is published should not tell where it lay.
            source=f"messplus capture {' '.join(map(_bare, wanted))}",
            licence=licence,
            alpha=alpha,
        ),
    )
    try:
        with progress_bars() as report:
            result = carry_out(
                job,
                CaptureFolder(to),
                rng=Random(),  # only spreads waiting times
                on_progress=lambda at: report(
                    at.model, at.done, at.total, f"{at.failed} failed" if at.failed else ""
                ),
            )
    except KeyboardInterrupt:
        kept = f"what was answered is kept in {to}: the same command goes on from there"
        Console(stderr=True).print(f"interrupted; {kept}", highlight=False)
        raise
    _show(result, captured)


def _upstreams(zoo: Path | None) -> "list[Upstream]":
    """The models of a file; without one, those of the local zoo that is up."""
    from messplus.capture.upstreams import Upstream, read_upstreams

    if zoo is not None:
        return read_upstreams(zoo)
    require_extra("local", ["psutil", "xllamacpp"], "the local zoo")
    from messplus.zoo.serve import running, zoo_folder

    state = running(zoo_folder(cache_folder(os.environ, Path.home())))
    if state is None:
        raise SettingError(
            "no zoo: name its file with --zoo, or start the local one with `messplus zoo up`"
        )
    return [
        Upstream(
            name=model.name,
            base_url=model.base_url,
            model=model.name,
            input_usd_per_mtok=model.input_usd_per_mtok,
            output_usd_per_mtok=model.output_usd_per_mtok,
        )
        for model in state.served
    ]


def _bare(source: str) -> str:
    return Path(source).name if Path(source).exists() else source


def _named(upstreams: "Sequence[Upstream]", name: str) -> "Upstream":
    found = {one.name: one for one in upstreams}
    if name not in found:
        raise unknown("model", name, found)
    return found[name]


def _show(result: "Result", upstreams: "Sequence[Upstream]") -> None:
    console = Console()
    console.print(
        f"{result.requests} requests x {len(upstreams)} models in {result.table}", highlight=False
    )
    if result.failed:
        console.print(
            f"{result.failed} calls failed and count as not satisfied; --retry-failed asks again",
            highlight=False,
        )
    if result.left_out:
        console.print(
            f"{result.left_out} questions are left out: not asked of every model yet, or without a"
            " verdict that can be read",
            highlight=False,
        )
    console.print(f"next: messplus replay {result.table}", markup=False, highlight=False)
