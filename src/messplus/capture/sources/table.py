"""Questions from a file of the user's: JSON lines, CSV or Parquet."""

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import polars as pl

from messplus.capture.graders.notation import from_json, grader_class
from messplus.capture.question import DEFAULT_MAX_TOKENS, Question
from messplus.errors import DataError, SettingError, require_extra, unknown

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
    frame = _read(path)
    if "prompt" not in frame.columns:
        raise DataError(f"{path} has no column 'prompt' (columns: {', '.join(frame.columns)})")
    for column in frame.columns:
        if column not in _OURS and column not in _grader_fields(frame, grader):
            raise unknown(
                f"column of {path.name}:", column, (*_OURS, *_grader_fields(frame, grader))
            )
    for number, row in enumerate(frame.iter_rows(named=True), 1):
        entry = {
            key: _text(value)
            for key, value in row.items()
            if value is not None and key not in _OURS
        }
        kind = str(row.get("grader") or grader or "exact")
        wanted = {one.name for one in fields(grader_class(kind))}  # type: ignore[arg-type]
        try:
            yield Question(
                prompt_id=str(row.get("prompt_id") or f"{path.stem}-{number:05d}"),
                task=str(row.get("task") or ""),
                prompt=str(row["prompt"] or ""),
                grader=from_json(
                    {"kind": kind, **{key: entry[key] for key in entry if key in wanted}}
                ),
                max_tokens=int(row.get("max_tokens") or max_tokens or DEFAULT_MAX_TOKENS),
            )
        except (DataError, SettingError) as error:
            raise type(error)(f"{path.name}, row {number}: {error}") from error


def _grader_fields(frame: pl.DataFrame, default: str) -> list[str]:
    """The columns that some grader of the file can use."""
    named = frame["grader"].drop_nulls().unique().to_list() if "grader" in frame.columns else []
    kinds = {*map(str, named), default or "exact"}
    return sorted(
        {one.name for kind in kinds for one in fields(grader_class(kind))}  # type: ignore[arg-type]
    )


def _text(value: object) -> object:
    """Graders take texts and numbers: a CSV's 42 is the answer "42"; a nested value is JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _read(path: Path) -> pl.DataFrame:
    require_extra("capture", ["polars"], "reading questions from a file")
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise DataError(f"{path}: questions are read from {', '.join(_SUFFIXES)}")
    try:
        match suffix:
            case ".parquet":
                return pl.read_parquet(path)
            case ".csv":
                return pl.read_csv(path, infer_schema_length=None)
            case _:
                return pl.read_ndjson(path, infer_schema_length=None)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
