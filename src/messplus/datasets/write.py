"""An outcome table in memory as the files that replay reads."""

from pathlib import Path

import polars as pl

from messplus.replay.outcomes import OutcomeTable
from messplus.replay.writing import write_outcomes


def write_table(table: OutcomeTable, folder: Path, stem: str, **more: object) -> Path:
    """Write `STEM.json` and `STEM.parquet` such that `read_outcomes` gives the same table.

    Args:
        table: What is written.
        folder: Where; it is made if need be.
        stem: Of both files' names.
        more: Further entries of the sidecar, which readers ignore.

    Returns:
        The path of the Parquet file.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
    """
    measured = {
        "score": table.score,
        "cost": table.cost,
        "output_tokens": table.output_tokens,
        "latency": table.latency_s,
        "energy": table.energy_j,
    }
    frame = pl.DataFrame(
        {"prompt_id": table.prompt_ids, "task": table.tasks, "prompt": table.prompts}
        | {
            f"{kind}__{model}": values[:, m]
            for kind, values in measured.items()
            if values is not None
            for m, model in enumerate(table.models)
        }
    )
    sidecar: dict[str, object] = {
        "name": table.name,
        "cost_unit": table.cost_unit,
        "models_ascending_cost": table.models,
        "source": table.source,
        "licence": table.licence,
        "synthetic": table.synthetic,
    }
    if table.alpha is not None:
        sidecar["alpha"] = table.alpha if isinstance(table.alpha, float) else dict(table.alpha)
    path = folder / f"{stem}.parquet"
    write_outcomes(path, frame, sidecar | more)
    return path
