"""ZeroEval's outputs: a JSON list per model and task, one record per question.

A record has `id`, `question`, `chat_history` (what was sent), `output` (a list of one text) and
`answer` (the reference, as in "# 18"). The text is asked to be `{"reasoning": ..., "answer": ...}`.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from messplus.datasets.entry import DataSet, Model
from messplus.datasets.readers.fields import first_text, records, text
from messplus.datasets.readers.join import Outcome, estimated, side_by_side

_JSON = json.JSONDecoder(strict=False)  # models write line breaks into their strings
_STATED = re.compile(r'"?answer"?\s*:\s*"?([^",\n}]*)')
_BOXED = re.compile(r"boxed\{([^}]*)\}")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_FRACTION = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)\s*")


def read(entry: DataSet, paths: Mapping[str, Path]) -> pl.DataFrame:
    """Native columns, marked by ZeroEval's rule: the first number of the stated answer.

    Args:
        entry: What the catalog knows.
        paths: By model.

    Raises:
        DataError: A file is not of this layout.
    """
    runs = {model.name: _outcomes(entry, model, paths[model.name]) for model in entry.models}
    return side_by_side(runs, entry.name)


def is_right(output: str, reference: str) -> bool:
    """Whether the first number of the stated answer is that of the reference."""
    said, wanted = _first_number(_stated(output)), _first_number(reference)
    return said is not None and said == wanted


def _outcomes(entry: DataSet, model: Model, path: Path) -> list[Outcome]:
    outcomes = []
    for i, record in enumerate(records(path.read_bytes(), str(path)), 1):
        where = f"{path}, record {i}"
        output = first_text(record, "output", where)
        sent = first_text(record, "chat_history", where)
        cost, tokens = estimated(entry, model, sent, output)
        outcomes.append(
            Outcome(
                prompt_id=text(record, "id", where),
                task="gsm8k",
                prompt=text(record, "question", where),
                score=float(is_right(output, text(record, "answer", where))),
                cost=cost,
                output_tokens=tokens,
            )
        )
    return outcomes


def _stated(output: str) -> str:
    """What the output says its answer is; "" if it does not say."""
    start = output.find("{")
    if start >= 0:
        try:
            said, _ = _JSON.raw_decode(output, start)
        except json.JSONDecodeError:
            said = None  # broken JSON is common; the field is looked for as text below
        if isinstance(said, dict) and "answer" in said:
            return str(said["answer"])
    for pattern in (_STATED, _BOXED):
        if found := pattern.search(output):
            return found.group(1)
    return ""


def _first_number(answer: str) -> float | None:
    plain = answer.replace("$", "").replace(",", "").replace("#", "")
    fraction = _FRACTION.fullmatch(plain)
    if fraction and float(fraction.group(2)):
        return float(fraction.group(1)) / float(fraction.group(2))
    found = _NUMBER.search(plain)
    return float(found.group()) if found else None
