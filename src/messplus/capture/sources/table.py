"""Questions from a file of the user's: JSON lines, CSV or Parquet."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import polars as pl

from messplus.capture.graders import Grader
from messplus.capture.graders.notation import from_json, grader_class
from messplus.capture.question import DEFAULT_MAX_TOKENS, Question
from messplus.errors import DataError, SettingError, require_extra, unknown

Row = Mapping[str, object]

_OURS = ("prompt_id", "task", "prompt", "grader", "max_tokens")
_SUFFIXES = (".jsonl", ".ndjson", ".csv", ".parquet")


def table_questions(path: Path, *, grader: str = "", max_tokens: int = 0) -> Iterator[Question]:
    """Read questions, one per row.

    A row has a `prompt`, and if it likes `prompt_id`, `task`, `max_tokens`, `grader` (a kind) and
    the fields of that grader: `answer`, `choices`, `pattern`, `schema`, `reference`, `rubric`.

    Args:
        path: Of the file; what it is is told by its ending.
        grader: The kind for rows that name none; "": exact.
        max_tokens: For rows that set none; 0: as `Question` has it.

    Raises:
        DataError: The file cannot be read, has no prompts, or a row has no proper grader.
        SettingError: A kind of grader is unknown, or a value is out of its range.
    """
    rows = _read(path)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    if "prompt" not in columns:
        raise DataError(f"{path} has no column 'prompt' (columns: {', '.join(columns)})")
    ours = (*_OURS, *_grader_fields(rows, grader))
    for column in columns:
        if column not in ours:
            raise unknown(f"column of {path.name}:", column, ours)
    for number, row in enumerate(rows, 1):
        given = {key: value for key, value in row.items() if value is not None}
        try:
            yield Question(
                prompt_id=str(given.get("prompt_id") or f"{path.stem}-{number:05d}"),
                task=str(given.get("task", "")),
                prompt=str(given.get("prompt", "")),
                grader=_grader(given, grader),
                max_tokens=_whole(given, "max_tokens", max_tokens or DEFAULT_MAX_TOKENS),
            )
        except (DataError, SettingError) as error:
            raise type(error)(f"{path.name}, row {number}: {error}") from error


def _grader(row: Row, default: str) -> Grader:
    """The grader of a row, from those of its columns that this kind of grader has."""
    kind = str(row.get("grader") or default or "exact")
    values: dict[str, object] = {"kind": kind}
    for field in fields(grader_class(kind)):  # type: ignore[arg-type]  # a dataclass
        if field.name in row:
            as_given = row[field.name]
            values[field.name] = _number(as_given) if field.type is float else _text(as_given)
    return from_json(values)


def _grader_fields(rows: Sequence[Row], default: str) -> list[str]:
    """The columns that some grader of the file can use."""
    kinds = {str(row.get("grader") or default or "exact") for row in rows}
    return sorted(
        {one.name for kind in kinds for one in fields(grader_class(kind))}  # type: ignore[arg-type]
    )


def _text(value: object) -> str:
    """Graders take texts: an answer 42 is "42", a nested value is JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _number(value: object) -> object:
    """The number that a text of a CSV is; anything else as it is, for `from_json` to judge."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _whole(row: Row, column: str, default: int) -> int:
    value = row.get(column, default)
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not number.is_integer():
        raise DataError(f"{column} must be a whole number, got {value!r}")
    return int(number)


def _read(path: Path) -> Sequence[Row]:
    """The rows; a column that one has not may be missing in it, or None.

    Nothing is inferred: a CSV's 3.10 and 007 stay as they are, and the objects of a JSON line do
    not get the keys of another line's.
    """
    require_extra("capture", ["polars"], "reading questions from a file")
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise DataError(f"{path}: questions are read from {', '.join(_SUFFIXES)}")
    try:
        match suffix:
            case ".parquet":
                return pl.read_parquet(path).to_dicts()
            case ".csv":
                return pl.read_csv(path, infer_schema=False).to_dicts()
            case _:
                lines = enumerate(path.read_bytes().splitlines(), 1)
                return [_object(line, number) for number, line in lines if line.strip()]
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise DataError(f"cannot read {path}: {error}") from error


def _object(line: bytes, number: int) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"line {number} is not JSON: {error}") from error
    if not isinstance(row, dict):
        raise ValueError(f"line {number} is no JSON object")  # noqa: TRY004  # a wrong file
    return row
