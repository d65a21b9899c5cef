"""AlpacaEval's annotations: a JSON list per model, one record per instruction.

A record has `instruction`, `dataset` (the task), `output_2` (the model's answer) and `preference`: 1
if the judge prefers the reference's answer, 2 if the model's, 0 or 1.5 for a draw, null for none.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from messplus.datasets.entry import DataSet, Model
from messplus.datasets.readers.fields import number, records, text
from messplus.datasets.readers.join import Outcome, estimated, side_by_side
from messplus.errors import DataError


def read(entry: DataSet, paths: Mapping[str, Path]) -> pl.DataFrame:
    """Native columns, of the instructions that were marked for every model.

    Args:
        entry: What the catalog knows.
        paths: By model.

    Raises:
        DataError: A file is not of this layout.
    """
    runs = {model.name: _outcomes(entry, model, paths[model.name]) for model in entry.models}
    frame = side_by_side(runs, entry.name)
    # An instruction is its own id in the files; ours are short.
    row = pl.int_range(pl.len()).cast(pl.String)
    return frame.with_columns(prompt_id=pl.format("alpacaeval-{}", row))


def score(preference: float, where: str) -> float:
    """A preference as satisfaction: 0, 0.5 for a draw, or 1; NaN for none.

    Raises:
        DataError: It is no preference.
    """
    if math.isnan(preference):
        return preference
    if preference in (0.0, 1.5):  # 0 is how older files write a draw
        return 0.5
    if not 1.0 <= preference <= 2.0:
        raise DataError(f"{where}: 'preference' must be 0, 1, 1.5 or 2, got {preference!r}")
    return preference - 1.0


def _outcomes(entry: DataSet, model: Model, path: Path) -> list[Outcome]:
    outcomes = []
    for i, record in enumerate(records(path.read_bytes(), str(path)), 1):
        where = f"{path}, record {i}"
        instruction = text(record, "instruction", where)
        cost, tokens = estimated(entry, model, instruction, text(record, "output_2", where))
        outcomes.append(
            Outcome(
                prompt_id=instruction,
                task=text(record, "dataset", where),
                prompt=instruction,
                score=score(number(record, "preference", where), where),
                cost=cost,
                output_tokens=tokens,
            )
        )
    return outcomes
