"""An outcome table as a file: Parquet, and beside it its JSON sidecar."""

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from messplus.files import write_whole


def write_outcomes(path: Path, frame: pl.DataFrame, sidecar: Mapping[str, object]) -> None:
    """Write a table in the native layout and its sidecar, each whole or not at all.

    The sidecar comes first: a table without it would be read with another unit of cost.

    Args:
        path: Of the Parquet file.
        frame: Its columns; see docs/reference/outcome-tables.md.
        sidecar: What the JSON file says.

    Raises:
        OSError: The disk is full, or the folder cannot be written. A sidecar of a table that is not
            there is not left behind.
    """
    text = json.dumps(sidecar, indent=2, ensure_ascii=False) + "\n"
    beside = path.with_suffix(".json")
    write_whole(beside, lambda file: file.write(text.encode()))
    try:
        write_whole(
            path, lambda file: frame.write_parquet(file, compression="zstd", compression_level=19)
        )
    except BaseException:
        if not path.exists():
            beside.unlink()
        raise
