"""The MESS+ authors' recording: a tar of CSV files in the layout that replay reads anyway."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from messplus.core.types import Floats
from messplus.datasets.archives import members
from messplus.datasets.entry import DataSet
from messplus.errors import DataError
from messplus.replay.outcomes import OutcomeTable
from messplus.replay.readers.messplus_csv import MessPlusCsvReader


def read(entry: DataSet, paths: Mapping[str, Path]) -> pl.DataFrame:
    """Native columns, of the benchmarks that the catalog names, in the catalog's order.

    Args:
        entry: What the catalog knows.
        paths: One, the archive.

    Raises:
        DataError: The archive is damaged, or a CSV in it is not of the authors' layout.
    """
    (archive,) = paths.values()
    with TemporaryDirectory() as name:
        folder = Path(name)
        for i, (_, content) in enumerate(members(archive, ".csv")):
            # Names of our own: those in the archive are never used as paths.
            (folder / f"{i:05}.csv").write_bytes(content)
        reader = MessPlusCsvReader()
        if not reader.can_read(folder, ()):
            raise DataError(f"{archive}: no CSV in it has the authors' columns (input_text, ...)")
        table = reader.read(folder).table
    frame = pl.DataFrame(
        {"prompt_id": table.prompt_ids, "task": table.tasks, "prompt": table.prompts}
        | _columns(entry, table, archive)
    )
    missing = [task for task in entry.tasks if task not in table.task_names]
    if missing:
        raise DataError(f"{archive}: benchmark {missing[0]!r} is missing, got {table.task_names}")
    return pl.concat([frame.filter(pl.col("task") == task) for task in entry.tasks])


def _columns(entry: DataSet, table: OutcomeTable, archive: Path) -> dict[str, Floats]:
    """Score, cost and latency of every model, under the names of ours."""
    columns: dict[str, Floats] = {}
    for model in entry.models:
        if model.source not in table.models:
            raise DataError(f"{archive}: model {model.source!r} is missing, got {table.models}")
        m = table.models.index(model.source)
        columns[f"score__{model.name}"] = table.score[:, m]
        columns[f"cost__{model.name}"] = table.cost[:, m]
        if table.latency_s is not None:
            columns[f"latency__{model.name}"] = table.latency_s[:, m]
    return columns
