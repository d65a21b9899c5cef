"""From a native-looking frame and a sidecar to a checked table: the last step of every reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import numpy as np
import polars as pl

from messplus.core.types import Floats
from messplus.replay.outcomes import OutcomeTable
from messplus.replay.readers.columns import column_problems, model_list_problems, with_prefix
from messplus.replay.readers.frames import numbers
from messplus.replay.readers.sidecar import Sidecar
from messplus.replay.validate import (
    Problem,
    alpha_problems,
    error,
    missing_text,
    raise_errors,
    table_problems,
)

TEXTS = ("prompt_id", "task", "prompt")
KINDS = ("score", "cost", "latency", "energy", "output_tokens")
_NO_LABELS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ReadResult:
    """A table that keeps the data contract, and what its user should know about it."""

    table: OutcomeTable
    warnings: tuple[Problem, ...] = ()


class Reader(Protocol):
    """Reads one format of recorded outcomes."""

    @property
    def format(self) -> str:
        """The format in a few words, for messages."""
        ...

    def can_read(self, path: Path, columns: Sequence[str]) -> bool:
        """Whether this file (with these columns) or folder is of this format, at a glance."""
        ...

    def read(self, path: Path) -> ReadResult:
        """Read and check it.

        Raises:
            DataError: It breaks the data contract.
        """
        ...


def assemble(
    frame: pl.DataFrame,
    sidecar: Sidecar,
    path: Path,
    *,
    columns: Sequence[str] | None = None,
    labels: Mapping[str, str] = _NO_LABELS,
    problems: Sequence[Problem] = (),
) -> ReadResult:
    """Check a frame in the native layout and make the table of it.

    Args:
        frame: Columns `prompt_id`, `task`, `prompt` and `KIND__MODEL`.
        sidecar: What is known beside the frame.
        path: Where it was read, for messages.
        columns: All columns of the file, where the frame has only those that are needed.
        labels: What the user calls a column, where that is not its native name.
        problems: What the reader found.

    Raises:
        DataError: Errors were found, here or before; all of them are in the message.
    """
    found = [*sidecar.problems, *problems, *column_problems(columns or frame.columns)]
    scored, priced = with_prefix("score__", frame.columns), with_prefix("cost__", frame.columns)
    models = [model for model in scored if model in priced]
    if sidecar.models:
        every = dict.fromkeys((*scored, *priced))
        found += model_list_problems(sidecar.models, tuple(every), sidecar.models_label)
        models = [model for model in sidecar.models if model in models]
    if (
        not models
    ):  # then a column or an entry of the sidecar is wrong, and there is nothing to check
        raise_errors(found, str(path))
    rows = [f"row {row}" for row in range(1, frame.height + 1)]
    ids = _texts(frame, "prompt_id", rows, rows, labels, found)
    values = {kind: _matrix(frame, kind, models, labels, found) for kind in KINDS}
    if not sidecar.models:
        with np.errstate(invalid="ignore"):  # infinite costs are found below
            order = values["cost"].sum(axis=0).argsort(kind="stable")
        models = [models[m] for m in order]
        values = {kind: matrix[:, order] for kind, matrix in values.items()}
    table = OutcomeTable(
        name=sidecar.name or Path(sidecar.file).stem,
        models=tuple(models),
        prompt_ids=ids,
        tasks=_texts(frame, "task", [""] * frame.height, ids, labels, found),
        prompts=_texts(frame, "prompt", [""] * frame.height, ids, labels, found),
        score=values["score"],
        cost=values["cost"],
        cost_unit=sidecar.cost_unit,
        latency_s=_measured(values["latency"]),
        energy_j=_measured(values["energy"]),
        output_tokens=_measured(values["output_tokens"]),
        alpha=sidecar.alpha,
        source=sidecar.source,
        licence=sidecar.licence,
        synthetic=sidecar.synthetic,
    )
    found += table_problems(table, {"models": sidecar.models_label, **labels})
    found += alpha_problems(table, sidecar.alpha_label)
    return ReadResult(table, raise_errors(found, str(path)))


def _texts(
    frame: pl.DataFrame,
    column: str,
    default: Sequence[str],
    ids: Sequence[str],
    labels: Mapping[str, str],
    found: list[Problem],
) -> tuple[str, ...]:
    """A text column; the default where it is missing, which is a problem only within a column."""
    if column not in frame.columns:
        return tuple(default)
    label = labels.get(column, column)
    if frame.schema[column].is_nested():
        found.append(error(f"column {label!r}", f"holds {frame.schema[column]}; it must hold text"))
        return tuple(default)
    texts = frame[column].cast(pl.String)
    found += missing_text(label, texts.is_null().to_numpy(), ids)
    return tuple(
        other if text is None else text for text, other in zip(texts, default, strict=True)
    )


def _matrix(
    frame: pl.DataFrame,
    kind: str,
    models: Sequence[str],
    labels: Mapping[str, str],
    found: list[Problem],
) -> Floats:
    """The columns of one kind side by side, shape (T, M); NaN for a model without this column."""
    matrix = np.full((frame.height, len(models)), np.nan)
    for m, model in enumerate(models):
        column = f"{kind}__{model}"
        if column in frame.columns:
            matrix[:, m], problems = numbers(frame[column], labels.get(column, column))
            found += problems
    return matrix


def _measured(matrix: Floats) -> Floats | None:
    """None for what was nowhere measured."""
    return None if np.isnan(matrix).all() else matrix
