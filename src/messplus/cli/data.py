"""Outcome tables for a command: what the user names, else the stream that ships."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from messplus.errors import require_extra
from messplus.replay.outcomes import OutcomeTable
from messplus.replay.synthetic import synthetic_llama3

_MAX_WARNINGS = 20


def load_tables(paths: Sequence[Path]) -> Iterator[OutcomeTable]:
    """Read each table and show its warnings on stderr.

    Raises:
        DataError: A table is not there, or breaks the data contract.
    """
    if not paths:
        yield synthetic_llama3()
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
