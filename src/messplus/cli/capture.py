"""`messplus capture`: run a zoo over questions and record what happens."""

from functools import partial
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from rich.console import Console

from messplus.cli.progress import progress_bars
from messplus.errors import SettingError, require_extra


def capture(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            help="Questions: a file (.jsonl, .csv, .parquet), `standard`, `bank:FAMILY` or"
            " `gym:FAMILY,size=100,seed=0,...`. None: `standard`.",
            metavar="[SOURCE]...",
            show_default=False,
        ),
    ] = None,
    zoo: Annotated[
        Path | None,
        typer.Option("--zoo", "-z", help="YAML file with `providers` and `models`."),
    ] = None,
    to: Annotated[Path, typer.Option("--to", help="Folder of the capture.")] = Path("capture"),
    name: Annotated[str, typer.Option("--name", help="Of the data set.")] = "capture",
    only: Annotated[
        list[str] | None, typer.Option("--model", "-m", help="Only these models of the zoo.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="Ask only the first N of the plan; 0: all.")
    ] = 0,
    grader: Annotated[
        str, typer.Option("--grader", help="For rows of a file that name none; else exact.")
    ] = "",
    max_tokens: Annotated[
        int, typer.Option("--max-tokens", min=0, help="Where answers are cut off; 0: as asked.")
    ] = 0,
    temperature: Annotated[float, typer.Option("--temperature", min=0.0, max=2.0)] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="Sent to the models.")] = 0,
    attempts: Annotated[
        int, typer.Option("--attempts", min=1, max=100, help="For one question at most.")
    ] = 5,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask again what failed in an earlier run.")
    ] = False,
    energy: Annotated[
        str, typer.Option("--energy", help="auto, gpu, rapl, cpu (an estimate) or none.")
    ] = "auto",
    watts: Annotated[
        float, typer.Option("--watts", help="Of one busy core, for --energy cpu.")
    ] = 5.0,
    licence: Annotated[str, typer.Option("--licence", help="Of the data set.")] = "",
) -> None:
    """Ask every model of a zoo every question, grade the answers, write an outcome table.

    The folder keeps every call as it ends: stopped, even killed, the same command goes on where it
    was and asks nothing twice. The table is what `messplus replay` reads.
    """
    require_extra(
        "capture",
        ["aiohttp", "filelock", "jsonschema", "polars", "psutil", "yaml"],
        "messplus capture",
    )
    from messplus.capture import Pace, Request, read_upstreams
    from messplus.capture import capture as run
    from messplus.capture.energy import METHODS, meters
    from messplus.capture.folder import CaptureFolder
    from messplus.capture.ledger import last_calls
    from messplus.capture.sources import label, questions
    from messplus.capture.table import About, outcome_frame, write_outcomes
    from messplus.errors import unknown

    if energy not in METHODS:
        raise unknown("energy method", energy, METHODS)
    if zoo is None:
        raise SettingError("name the zoo with --zoo FILE")
    upstreams = read_upstreams(zoo)
    if only:
        names = [one.name for one in upstreams]
        for wanted in only:
            if wanted not in names:
                raise unknown("model", wanted, names)
        upstreams = [one for one in upstreams if one.name in only]
    folder = CaptureFolder(to)
    request = Request(temperature=temperature, seed=seed)
    with folder.alone():
        plan = folder.begin(
            {
                label(source): partial(questions, source, grader=grader, max_tokens=max_tokens)
                for source in sources or ["standard"]
            },
            request,
        )
        plan = plan[: limit or None]
        shares = meters(upstreams, energy, watts)
        with progress_bars() as report:
            run(
                plan,
                upstreams,
                folder.ledger,
                request=request,
                pace=Pace(attempts=attempts, retry_failed=retry_failed),
                energy=shares,
                rng=Random(),
                on_progress=lambda at: report(
                    at.model, at.done, at.total, f"{at.failed} failed" if at.failed else ""
                ),
            )
        frame = outcome_frame(plan, upstreams, last_calls(folder.ledger))
        about = About(
            name=name,
            source="messplus capture " + " ".join(sources or ["standard"]),
            licence=licence,
            energy=next((share.method for share in shares.values()), ""),
        )
        write_outcomes(folder.table(name), frame, upstreams, about)
    Console().print(f"{frame.height} requests x {len(upstreams)} models: {folder.table(name)}")
