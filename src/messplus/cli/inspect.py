"""`messplus inspect`: check outcome tables, and see what there is to gain on them."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from messplus.cli.data import load_tables
from messplus.encoders import HashedNgrams
from messplus.errors import require_extra
from messplus.replay.references import references
from messplus.replay.streams import make_streams


def inspect(
    data: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Outcome tables to check. None: the recorded data set that ships.",
            show_default=False,
        ),
    ] = None,
    alpha: Annotated[
        float | None,
        typer.Option("--alpha", "-a", help="Promised share of satisfied requests, in (0, 1]."),
    ] = None,
) -> None:
    """Check outcome tables and show models and reference lines: what is there to gain?

    Every problem of a table is named with its row and column. For a table without problems, each
    model's mean score and cost, and what keeping the promise would cost with hindsight.
    """
    require_extra("replay", ["polars"], "messplus inspect")
    from messplus.report.inspection import models_table, references_table
    from messplus.report.tables import to_rich

    console = Console()
    encoder = HashedNgrams()
    for table in load_tables(data or ()):
        streams = make_streams(table, encoder, alpha=alpha)
        console.print(to_rich(models_table(streams)))
        found = [line for stream in streams for line in references(stream)]
        console.print(to_rich(references_table(found, streams)))
