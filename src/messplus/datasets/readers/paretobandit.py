"""ParetoBandit's rewards: a JSON object per line and request, with all models in it.

`{"prompt": ..., "source": TASK, "arms": {MODEL: {"reward": 0..1, "cost": USD}}}`.
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from messplus.datasets.entry import DataSet
from messplus.datasets.readers.fields import Record, json_lines, number, text
from messplus.datasets.readers.join import Outcome, side_by_side
from messplus.errors import DataError


def read(entry: DataSet, paths: Mapping[str, Path]) -> pl.DataFrame:
    """Native columns, the files one after the other.

    Args:
        entry: What the catalog knows.
        paths: By part: "val", "test".

    Raises:
        DataError: A file is not of this layout.
    """
    runs: dict[str, list[Outcome]] = {model.name: [] for model in entry.models}
    for part, path in paths.items():
        for i, record in enumerate(json_lines(path)):
            where = f"{path}, record {i + 1}"
            arms = _arms(record, where)
            for model in entry.models:
                arm = arms.get(model.source)
                if not isinstance(arm, dict):
                    raise DataError(f"{where}: 'arms' has no {model.source!r}: {sorted(arms)}")
                runs[model.name].append(
                    Outcome(
                        prompt_id=f"{part}-{i}",
                        task=text(record, "source", where),
                        prompt=text(record, "prompt", where),
                        score=number(arm, "reward", f"{where}, {model.source}"),
                        cost=number(arm, "cost", f"{where}, {model.source}"),
                    )
                )
    return side_by_side(runs, entry.name)


def _arms(record: Record, where: str) -> Record:
    arms = record.get("arms")
    if not isinstance(arms, dict):
        raise DataError(f"{where}: 'arms' must be an object of models, got {arms!r:.60}")
    return arms
