"""MMLU-Pro's outputs: a zip per model, with JSON lists of one record per question in it.

A record has `question_id`, `category`, `question`, `options`, `answer` (a letter), `model_outputs`
and `pred`, the letter that was read from the output; null where none was found.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from messplus.datasets.archives import members
from messplus.datasets.entry import DataSet, Model
from messplus.datasets.readers.fields import Record, records, text
from messplus.datasets.readers.join import Outcome, estimated, side_by_side
from messplus.errors import DataError

_LETTERS = "ABCDEFGHIJ"
# The first two of the source's three readings, without the `.*` that makes its second one take time
# with the square of a line. Its third takes any last capital letter, and where that fails too it
# guesses: neither says that the model knew.
_STATED = (
    re.compile(r"answer is \(?([A-J])\)?"),
    re.compile(r"[aA]nswer:\s*\(?([A-J])\b"),
)


def read(entry: DataSet, paths: Mapping[str, Path]) -> pl.DataFrame:
    """Native columns, of the questions whose reference answer is the same in every run.

    Args:
        entry: What the catalog knows.
        paths: By model.

    Raises:
        DataError: A file is not of this layout.
    """
    runs: dict[str, list[Outcome]] = {}
    references: dict[str, set[str]] = {}
    for model in entry.models:
        runs[model.name] = []
        path = paths[model.name]
        for name, content in members(path, ".json"):
            for i, record in enumerate(records(content, f"{path}, {name}"), 1):
                where = f"{path}, {name}, record {i}"
                outcome = _outcome(entry, model, record, where)
                runs[model.name].append(outcome)
                reference = text(record, "answer", where)
                references.setdefault(outcome.prompt_id, set()).add(reference)
    frame = side_by_side(runs, entry.name)
    agreed = [prompt_id for prompt_id, letters in references.items() if len(letters) == 1]
    return frame.filter(pl.col("prompt_id").is_in(agreed))


def is_right(record: Record, where: str) -> bool:
    """Whether the letter that the model states is the reference's; no letter is wrong.

    Raises:
        DataError: A field is missing.
    """
    said = record.get("pred")
    if not isinstance(said, str) or not said:
        output = text(record, "model_outputs", where)
        found = (pattern.search(output) for pattern in _STATED)
        said = next((one.group(1) for one in found if one), "")
    return said == text(record, "answer", where)


def _outcome(entry: DataSet, model: Model, record: Record, where: str) -> Outcome:
    prompt = _prompt(record, where)
    cost, tokens = estimated(entry, model, prompt, text(record, "model_outputs", where))
    question_id = record.get("question_id")
    if not isinstance(question_id, int | str):
        raise DataError(f"{where}: 'question_id' must be a number or text, got {question_id!r:.60}")
    return Outcome(
        prompt_id=f"mmlupro-{question_id}",
        task=text(record, "category", where),
        prompt=prompt,
        score=float(is_right(record, where)),
        cost=cost,
        output_tokens=tokens,
    )


def _prompt(record: Record, where: str) -> str:
    """The question with its options; the few-shot examples before it are the same for everybody."""
    options = record.get("options")
    if not isinstance(options, list) or not 1 <= len(options) <= len(_LETTERS):
        raise DataError(
            f"{where}: 'options' must be 1 to {len(_LETTERS)} texts, got {options!r:.60}"
        )
    lines = [f"{letter}. {option}" for letter, option in zip(_LETTERS, options, strict=False)]
    return "\n".join([text(record, "question", where), *lines])
