"""Outcomes for a command: the tables that the user names, else the one that ships."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from messplus.cli.progress import progress_bar
from messplus.datasets.shipped import shipped_table
from messplus.encoders import Encoder
from messplus.errors import require_extra
from messplus.replay.outcomes import OutcomeTable
from messplus.replay.streams import Stream, make_streams

_MAX_WARNINGS = 20


def load_streams(
    paths: Sequence[Path],
    encoder: Encoder,
    *,
    tasks: Sequence[str],
    cache: Path | None,
    alpha: float | None = None,
) -> list[Stream]:
    """Read each table and encode its prompts, with progress; arguments as in `make_streams`.

    Args:
        paths: Of tables. None: the table that ships.
        encoder: Makes features of prompts.
        tasks: Only these.
        cache: The command's cache folder; encodings are kept in a part of it. None: keep none.
        alpha: The promise.
    """
    streams: list[Stream] = []
    for table in load_tables(paths):
        with progress_bar(f"encoding {table.name}") as step:
            streams += make_streams(
                table,
                encoder,
                tasks=tasks,
                alpha=alpha,
                cache=cache and cache / "encodings",
                on_progress=step,
            )
    return streams


def load_tables(paths: Sequence[Path]) -> Iterator[OutcomeTable]:
    """Read each table and show its warnings on stderr.

    Raises:
        DataError: A table is not there, or breaks the data contract.
    """
    if not paths:
        yield shipped_table()
        return
    require_extra("replay", ["polars"], "reading outcome tables")
    from messplus.replay.readers import read_outcomes

    console = Console(file=sys.stderr)
    for path in paths:
        found = read_outcomes(path)
        for warning in found.warnings[:_MAX_WARNINGS]:
            console.print("[yellow]warning:[/]", end=" ")
            console.print(f"{path.name}: {warning}", markup=False, highlight=False)
        if len(found.warnings) > _MAX_WARNINGS:
            console.print(f"... and {len(found.warnings) - _MAX_WARNINGS} more warnings")
        yield found.table
