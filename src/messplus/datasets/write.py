"""An outcome table as Parquet with its JSON sidecar, each file whole or not at all."""

import json
from pathlib import Path

import polars as pl

from messplus.files import write_whole
from messplus.replay.outcomes import OutcomeTable


def write_table(table: OutcomeTable, folder: Path, stem: str, **more: object) -> Path:
    """Write `STEM.json`, then `STEM.parquet`, such that `read_outcomes` gives the same table.

    The sidecar comes first: a table without it would be read with another unit of cost.

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
    text = json.dumps(sidecar | more, indent=1, ensure_ascii=False)
    path = folder / f"{stem}.parquet"
    beside = path.with_suffix(".json")
    write_whole(beside, lambda file: file.write(text.encode()))
    try:
        write_whole(path, lambda file: frame.write_parquet(file))
    except BaseException:
        if not path.exists():
            beside.unlink()  # of a table that is not there
        raise
    return path
