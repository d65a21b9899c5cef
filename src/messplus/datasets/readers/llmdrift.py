"""LLMDrift's generations: a CSV per task with one row per request and model.

Columns `model`, `id`, `query`, `ref_answer`, `answer`, `latency` in seconds, `cost` in USD and
`answer_token`; others are not read.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from messplus.datasets.entry import DataSet
from messplus.datasets.readers.fields import table
from messplus.datasets.readers.join import Outcome, side_by_side
from messplus.errors import DataError
from messplus.replay.readers.frames import numbers
from messplus.replay.validate import raise_errors

_TEXTS = ("model", "id", "query", "ref_answer", "answer")
_NUMBERS = ("latency", "cost", "answer_token")
# What an answer ends in, most telling first. The reference of a happy-number question is boxed,
# that of a prime question is a plain yes or no.
_VERDICTS = (
    re.compile(r"boxed\{\s*(\d+)\s*\}"),
    re.compile(r"\[\s*(yes|no)\s*\]", re.IGNORECASE),
    re.compile(r"\b(yes|no)\b", re.IGNORECASE),
)


def read(entry: DataSet, paths: Mapping[str, Path]) -> pl.DataFrame:
    """Native columns, marked by the last verdict of each answer.

    Args:
        entry: What the catalog knows.
        paths: By task.

    Raises:
        DataError: A file is not of this layout.
    """
    runs: dict[str, list[Outcome]] = {model.name: [] for model in entry.models}
    for task, path in paths.items():
        frame = table(path, [*_TEXTS, *_NUMBERS], _TEXTS).with_columns(
            pl.col("answer").fill_null("")
        )
        for model in entry.models:
            rows = frame.filter(pl.col("model") == model.source)
            if rows.is_empty():
                found = ", ".join(map(repr, frame["model"].unique().sort()))
                raise DataError(f"{path}: there is no model {model.source!r} (models: {found})")
            runs[model.name] += _outcomes(task, rows, path)
    return side_by_side(runs, entry.name)


def is_right(answer: str, reference: str) -> bool:
    """Whether the last verdict of an answer is the reference's; no verdict is wrong."""
    wanted = _verdict(reference)
    return wanted is not None and _verdict(answer) == wanted


def _verdict(answer: str) -> str | None:
    for pattern in _VERDICTS:
        if found := pattern.findall(answer):
            return str(found[-1]).lower()
    return None


def _outcomes(task: str, rows: pl.DataFrame, path: Path) -> list[Outcome]:
    """The outcomes of one model on one task."""
    values = {}
    for column in _NUMBERS:
        values[column], problems = numbers(rows[column], column)
        raise_errors(problems, str(path))
    texts = rows.select(_TEXTS).fill_null("").rows(named=True)
    return [
        Outcome(
            prompt_id=f"{task}-{row['id']}",
            task=task,
            prompt=row["query"],
            score=float(is_right(row["answer"], row["ref_answer"])),
            cost=float(values["cost"][t]),
            output_tokens=float(values["answer_token"][t]),
            latency_s=float(values["latency"][t]),
        )
        for t, row in enumerate(texts)
    ]
