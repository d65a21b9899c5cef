"""`messplus fit`: learn from outcome tables what the adaptive policy can start from."""

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
from messplus.priors import save
from messplus.replay.fitting import fit_streams


def fit(
    data: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Outcome tables, as for replay. None: the recorded data set that ships.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")] = Path(
        "prior.npz"
    ),
    task: Annotated[
        list[str] | None, typer.Option("--task", "-t", help="Only this task. Repeatable.")
    ] = None,
    encoder: Annotated[
        str,
        typer.Option(help="What makes features of a prompt; the policy needs the same in replay."),
    ] = "hashed",
    rows: Annotated[
        float, typer.Option(help="Share of each stream's requests to learn from, in (0, 1].")
    ] = 1.0,
    shuffle: Annotated[
        bool,
        typer.Option(
            "--shuffle/--stream-order", help="Random requests in random order, or the first ones."
        ),
    ] = True,
    seed: Annotated[int, typer.Option(min=0, help="Drives the random order.")] = 0,
    cache: Annotated[
        Path | None, typer.Option(help="Folder of encodings. Default: $MESSPLUS_CACHE.")
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither read nor keep encodings.")
    ] = False,
) -> None:
    """Learn from recorded outcomes what `adaptive` can start from, and write it to a file.

    For example:

    - `messplus fit past.parquet -o prior.npz` : learn from what was recorded

    - `messplus replay new.parquet -p adaptive -p adaptive:prior=prior.npz` : what does it save?

    Requests that it learned from must not be those that it is judged on.
    """
    require_extra("replay", ["polars"], "messplus fit")
    from messplus.report.inspection import prior_table
    from messplus.report.tables import to_rich

    folder = None if no_cache else cache or cache_folder(os.environ, Path.home())
    streams = load_streams(data or (), encoder_from_spec(encoder), tasks=task or (), cache=folder)
    with progress_bar("learning") as step:
        prior = fit_streams(streams, share=rows, shuffle=shuffle, seed=seed, on_step=step)
    save(prior, out)
    console = Console()
    if any(stream.synthetic for stream in streams):
        console.print("[bold]SYNTHETIC[/] outcomes: made up, not recorded\n")
    console.print(to_rich(prior_table(prior)))
    console.print(f"prior: {out}", markup=False, highlight=False)
