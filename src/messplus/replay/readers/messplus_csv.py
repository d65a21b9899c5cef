"""What the MESS+ authors' capture writes: a CSV per benchmark, energy as cost.

Columns: `doc_id`, `input_text`, `benchmark_name`, and per model X (small, medium, large, ...)
`label_X` with 0 or 1, `acc_X` or `acc_norm_X`, `energy_consumption_X` in joules and
`inference_time_X` in seconds.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from messplus.errors import DataError
from messplus.replay.readers.assemble import ReadResult, assemble
from messplus.replay.readers.columns import with_prefix
from messplus.replay.readers.frames import columns_of, read_frame
from messplus.replay.readers.sidecar import read_sidecar, sidecar_path

_ENERGY = "energy_consumption_"
# Where the satisfaction is, best first. The labels are what the authors' simulator scores by.
_SCORES = ("label_", "acc_norm_", "acc_")
_TEXTS = ("doc_id", "input_text", "benchmark_name")


class MessPlusCsvReader:
    """Reads one such CSV, or a folder of them: each benchmark becomes a task."""

    format = "the MESS+ authors' CSV (input_text, energy_consumption_X), or a folder of them"

    def can_read(self, path: Path, columns: Sequence[str]) -> bool:
        """A CSV with their columns, or a folder with such a CSV in it."""
        if path.is_dir():
            return any(_is_theirs(columns_of(file)) for file in _csvs(path))
        return _is_theirs(columns)

    def read(self, path: Path) -> ReadResult:
        """Read and check it. Repeated documents stay: their ids get `#2`, `#3`, ...

        Raises:
            DataError: A file lacks a column or breaks the data contract.
        """
        files = [file for file in _csvs(path) if _is_theirs(columns_of(file))]
        labels: dict[str, str] = {}
        frame = pl.concat([_native(file, labels) for file in files], how="diagonal_relaxed")
        repeat = pl.int_range(1, pl.len() + 1).over("prompt_id")
        unique = pl.when(repeat > 1).then(pl.format("{}#{}", "prompt_id", repeat))
        frame = frame.with_columns(prompt_id=unique.otherwise("prompt_id"))
        sidecar = read_sidecar(sidecar_path(path), default_unit="joule")
        return assemble(frame, sidecar, path, labels=labels)


def _csvs(path: Path) -> list[Path]:
    return sorted(path.glob("*.csv")) if path.is_dir() else [path]


def _is_theirs(columns: Sequence[str]) -> bool:
    return "input_text" in columns and any(name.startswith(_ENERGY) for name in columns)


def _native(file: Path, labels: dict[str, str]) -> pl.DataFrame:
    """One CSV with our column names; adds to `labels` what they are called in the file."""
    columns = columns_of(file)
    renamed = _columns(file, columns)
    labels |= {ours: theirs for theirs, ours in renamed.items()}
    texts = [name for name in _TEXTS if name in columns]
    frame = read_frame(file, [*texts, *renamed], _TEXTS)
    row = pl.int_range(1, pl.len() + 1).cast(pl.String)
    task = pl.lit(file.stem)
    if "benchmark_name" in columns:
        task = pl.col("benchmark_name").fill_null(task)
    document = pl.col("doc_id").fill_null(row) if "doc_id" in columns else row
    return frame.with_columns(
        prompt_id=pl.format("{}/{}", task, document), task=task, prompt="input_text"
    ).select(
        "prompt_id",
        "task",
        "prompt",
        *[pl.col(theirs).alias(ours) for theirs, ours in renamed.items()],
    )


def _columns(file: Path, columns: Sequence[str]) -> Mapping[str, str]:
    """Their name to our name, for every column of every model.

    Raises:
        DataError: A model has energies but no score.
    """
    renamed: dict[str, str] = {}
    for model in with_prefix(_ENERGY, columns):
        score = next((name + model for name in _SCORES if name + model in columns), None)
        if score is None:
            raise DataError(
                f"{file}: there is {_ENERGY + model!r} but no score of {model!r}; add one of "
                + ", ".join(repr(name + model) for name in _SCORES)
            )
        renamed |= {score: f"score__{model}", f"{_ENERGY}{model}": f"cost__{model}"}
        if f"inference_time_{model}" in columns:
            renamed[f"inference_time_{model}"] = f"latency__{model}"
    return renamed
