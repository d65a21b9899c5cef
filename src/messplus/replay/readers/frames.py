"""Reading Parquet and CSV with polars, and turning columns into numbers."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from messplus.core.types import Floats
from messplus.errors import DataError
from messplus.replay.validate import Problem, error

PARQUET = frozenset({".parquet", ".pq"})
CSV = frozenset({".csv"})


def columns_of(path: Path) -> tuple[str, ...]:
    """The column names of a Parquet or CSV file; () for folders and anything else.

    Raises:
        DataError: The file cannot be read, or a column comes twice.
    """
    suffix = path.suffix.lower()
    if path.is_dir() or suffix not in PARQUET | CSV:
        return ()
    try:
        if suffix in PARQUET:
            return tuple(pl.read_parquet_schema(path))
        with path.open(newline="", encoding="utf-8-sig") as lines:
            names = tuple(next(csv.reader(lines), ()))
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError, csv.Error) as cause:
        raise _unreadable(path, cause) from cause
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{path}: column {twice[0]!r} comes twice; rename or remove one of them")
    return names


def read_frame(path: Path, columns: Sequence[str], texts: Sequence[str]) -> pl.DataFrame:
    """Read some columns of a Parquet or CSV file.

    Args:
        path: Of the file.
        columns: The columns to read, all of which exist; others, such as answers, stay on disk.
        texts: Those of them that are text even where a CSV's values look like numbers.

    Raises:
        DataError: The file cannot be read.
    """
    try:
        if path.suffix.lower() in PARQUET:
            return pl.read_parquet(path, columns=list(columns))
        return pl.read_csv(
            path,
            columns=list(columns),
            schema_overrides={name: pl.String for name in texts if name in columns},
            infer_schema_length=None,  # a score column may begin with a thousand 0s, then 0.5
        )
    except (pl.exceptions.PolarsError, OSError) as cause:
        raise _unreadable(path, cause) from cause


def numbers(series: pl.Series, label: str) -> tuple[Floats, list[Problem]]:
    """A column as numbers, truth values as 0 and 1, null as NaN, shape (T,).

    Args:
        series: The column.
        label: What the user calls it.

    Returns:
        The numbers, and an error for the first text in the column that is not a number.
    """
    if series.dtype != pl.String:
        if not (series.dtype.is_numeric() or series.dtype in (pl.Boolean, pl.Null)):
            nothing = np.full(len(series), np.nan)
            message = f"holds {series.dtype}; it must hold numbers or true/false"
            return nothing, [error(f"column {label!r}", message)]
        return _floats(series.cast(pl.Float64)), []
    # pandas writes True and False, which polars does not take for truth values in a CSV.
    plain = series.str.strip_chars().str.to_lowercase()
    plain = plain.replace({"true": "1", "false": "0", "": None})
    values = plain.cast(pl.Float64, strict=False)
    wrong = np.flatnonzero((values.is_null() & plain.is_not_null()).to_numpy())
    if not wrong.size:
        return _floats(values), []
    row = int(wrong[0])
    message = f"{series[row]!r} is not a number, in {wrong.size} row(s)"
    # Where the text stands the value is not "missing" on top of being wrong: one error is enough.
    clean = _floats(values)
    clean[wrong] = 0.0
    return clean, [error(f"row {row + 1}, column {label!r}", message)]


def _floats(series: pl.Series) -> Floats:
    return np.array(series.fill_null(float("nan")).to_numpy(), dtype=np.float64)


def _unreadable(path: Path, cause: Exception) -> DataError:
    return DataError(f"cannot read {path} as {path.suffix.lstrip('.') or 'a table'}: {cause}")
