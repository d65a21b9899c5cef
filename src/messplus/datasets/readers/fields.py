"""Typed fields out of published JSON and CSV; what is missing or wrong is named."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from messplus.errors import DataError
from messplus.replay.readers.frames import columns_of, read_frame
from messplus.replay.validate import nearest

Record = Mapping[str, object]


def records(content: bytes, where: str) -> list[Record]:
    """A JSON list of objects.

    Raises:
        DataError: It is something else.
    """
    return _objects(_parsed(content, where), where)


def json_lines(path: Path) -> list[Record]:
    """A file with one JSON object per line.

    Raises:
        DataError: It is something else.
    """
    # Not splitlines(): a text may hold a line separator that is no line break in JSON.
    lines = path.read_bytes().split(b"\n")
    parsed = [_parsed(line, f"{path}, line {i}") for i, line in enumerate(lines, 1) if line.strip()]
    return _objects(parsed, str(path))


def text(record: Record, key: str, where: str) -> str:
    """A field that is text.

    Raises:
        DataError: It is missing, or something else.
    """
    value = _value(record, key, where)
    if not isinstance(value, str):
        raise DataError(f"{where}: {key!r} must be text, got {value!r:.60}")
    return value


def first_text(record: Record, key: str, where: str) -> str:
    """The first of a field that is a list of texts.

    Raises:
        DataError: It is missing, empty, or something else.
    """
    value = _value(record, key, where)
    if not isinstance(value, list) or not value or not isinstance(value[0], str):
        raise DataError(
            f"{where}: {key!r} must be a list that begins with a text, got {value!r:.60}"
        )
    return value[0]


def number(record: Record, key: str, where: str) -> float:
    """A field that is a number; NaN where it is null.

    Raises:
        DataError: It is missing, or something else.
    """
    value = _value(record, key, where)
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError(f"{where}: {key!r} must be a number, got {value!r:.60}")
    return float(value)


def table(path: Path, columns: Sequence[str], texts: Sequence[str]) -> pl.DataFrame:
    """Some columns of a CSV or Parquet file.

    Args:
        path: Of the file.
        columns: All of them must be there; others are not read.
        texts: Those that are text whatever they look like.

    Raises:
        DataError: The file cannot be read, or a column is missing.
    """
    found = columns_of(path)
    missing = [name for name in columns if name not in found]
    if missing:
        raise DataError(
            f"{path}: column {missing[0]!r} is missing{nearest(missing[0], found)} "
            f"(columns: {', '.join(found[:12])}{', ...' if len(found) > 12 else ''})"
        )
    return read_frame(path, columns, texts)


def _parsed(content: bytes, where: str) -> object:
    try:
        return json.loads(content)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{where} is not JSON: {error}") from error


def _objects(parsed: object, where: str) -> list[Record]:
    if not isinstance(parsed, list):
        raise DataError(f"{where} must hold a list of records, got {type(parsed).__name__}")
    for i, entry in enumerate(parsed, 1):
        if not isinstance(entry, dict):
            raise DataError(f"{where}, record {i}: must be a JSON object, got {entry!r:.60}")
    return parsed


def _value(record: Record, key: str, where: str) -> object:
    if key not in record:
        raise DataError(f"{where}: {key!r} is missing{nearest(key, list(record))}")
    return record[key]
