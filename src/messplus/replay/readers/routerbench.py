"""RouterBench's table as Parquet or CSV: scores, dollars and answers of eleven models.

Columns: `sample_id`, `prompt`, `eval_name`, per model M the score in `M`, `M|total_cost` in USD and
`M|model_response`, and `oracle_model_to_route_to`. Prompts are kept as published.
"""

from collections.abc import Sequence
from pathlib import Path

from messplus.errors import DataError
from messplus.replay.readers.assemble import ReadResult, assemble
from messplus.replay.readers.frames import columns_of, read_frame
from messplus.replay.readers.sidecar import read_sidecar, sidecar_path
from messplus.replay.validate import nearest

_COST = "|total_cost"
_TEXTS = {"sample_id": "prompt_id", "eval_name": "task", "prompt": "prompt"}


class RouterBenchReader:
    """Reads it, without the answers and the oracle column; `eval_name` becomes the task."""

    format = "RouterBench's table as Parquet or CSV (sample_id, prompt, eval_name, M, M|total_cost)"

    def can_read(self, path: Path, columns: Sequence[str]) -> bool:
        """A table with dollars per model in their notation."""
        return any(name.endswith(_COST) for name in columns)

    def read(self, path: Path) -> ReadResult:
        """Read and check it.

        Raises:
            DataError: A column is missing, or the table breaks the data contract.
        """
        columns = columns_of(path)
        models = [name.removesuffix(_COST) for name in columns if name.endswith(_COST)]
        renamed = {**_TEXTS, **{model: f"score__{model}" for model in models}}
        for column in renamed:
            if column not in columns:
                others = [name for name in columns if "|" not in name and name not in renamed]
                what = f"the score of each answer, beside {column + _COST!r}"
                raise DataError(
                    f"{path}: column {column!r} is missing"
                    f"{f' ({what})' if column in models else ''}{nearest(column, others)}"
                )
        renamed |= {model + _COST: f"cost__{model}" for model in models}
        frame = read_frame(path, list(renamed), tuple(_TEXTS)).rename(renamed)
        labels = {ours: theirs for theirs, ours in renamed.items()}
        return assemble(frame, read_sidecar(sidecar_path(path)), path, labels=labels)
