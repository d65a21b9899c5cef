"""SPROUT's Parquet: one row per request, and per model a struct of score and tokens.

Columns `key`, `dataset` (the task), `prompt`, and per model a struct with `score` in [0, 1],
`num_input_tokens` and `num_output_tokens` beside the answer and the judge's text.
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from messplus.datasets.entry import DataSet, Model
from messplus.datasets.readers.join import cost_usd
from messplus.errors import DataError
from messplus.replay.readers.frames import columns_of
from messplus.replay.validate import nearest

_FIELDS = ("score", "num_input_tokens", "num_output_tokens")


def read(entry: DataSet, paths: Mapping[str, Path]) -> pl.DataFrame:
    """Native columns, of the requests that every model has a score and tokens for.

    Args:
        entry: What the catalog knows.
        paths: By part, in the order of the stream.

    Raises:
        DataError: A file is not of this layout.
    """
    return pl.concat([_part(entry, part, path) for part, path in paths.items()])


def _part(entry: DataSet, part: str, path: Path) -> pl.DataFrame:
    names = columns_of(path)
    for name in ("dataset", "prompt", *(model.source for model in entry.models)):
        if name not in names:
            raise DataError(f"{path}: column {name!r} is missing{nearest(name, names)}")
    lazy = pl.scan_parquet(path)
    schema = lazy.collect_schema()
    for model in entry.models:
        kind = schema[model.source]
        fields = [field.name for field in kind.fields] if isinstance(kind, pl.Struct) else []
        for name in _FIELDS:
            if name not in fields:
                raise DataError(
                    f"{path}: column {model.source!r} must be a struct with {name!r}, it has: "
                    f"{', '.join(fields) or kind}"
                )
    row = pl.int_range(pl.len()).cast(pl.String)
    try:
        frame = lazy.select(
            pl.format("{}-{}", pl.lit(part), row).alias("prompt_id"),
            pl.col("dataset").cast(pl.String).alias("task"),
            pl.col("prompt").cast(pl.String),
            *(column for model in entry.models for column in _columns(model)),
        ).collect()
    except pl.exceptions.PolarsError as cause:
        raise DataError(f"cannot read {path}: {cause}") from cause
    needed = [name for name in frame.columns if name.startswith(("score__", "cost__"))]
    return frame.drop_nulls(needed)


def _columns(model: Model) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """Score, cost and tokens of one model, null where the source has none."""
    score, read_tokens, written_tokens = (
        pl.col(model.source).struct.field(name).cast(pl.Float64) for name in _FIELDS
    )
    cost = read_tokens * cost_usd(model, 1, 0) + written_tokens * cost_usd(model, 0, 1)
    return (
        score.alias(f"score__{model.name}"),
        cost.alias(f"cost__{model.name}"),
        written_tokens.alias(f"output_tokens__{model.name}"),
    )
