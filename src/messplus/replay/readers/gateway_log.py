"""A router's own log: as a table of what is known, and, where that is all, as outcomes to replay."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import polars as pl

from messplus.errors import DataError
from messplus.offpolicy.gather import Told, all_models, tell
from messplus.replay.readers.assemble import ReadResult, assemble
from messplus.replay.readers.frames import PARQUET, columns_of, read_frame
from messplus.replay.readers.sidecar import Sidecar, read_sidecar, sidecar_path
from messplus.replay.validate import Problem
from messplus.stores import open_to_read

KIND: Final = "gateway-log"
"""What the sidecar of an exported log has as its `kind`."""

_SQLITE: Final = b"SQLite format 3\0"
_OURS: Final = frozenset({"prompt_id", "chosen", "propensity"})


class GatewayLogReader:
    """Reads the requests of which a log knows everything, and says why there are no others."""

    format = "the log of a router (SQLite), or what `messplus log export` made of it"

    def can_read(self, path: Path, columns: Sequence[str]) -> bool:
        """A database of SQLite, or a table with our columns."""
        if path.is_file() and path.suffix.lower() not in PARQUET:
            with path.open("rb") as file:
                return file.read(len(_SQLITE)) == _SQLITE
        return set(columns) >= _OURS

    def read(self, path: Path) -> ReadResult:
        """Read and check the requests on which the outcome of every model is known.

        Raises:
            StoreError: The log cannot be read.
            DataError: There is no such request, or it breaks the data contract.
        """
        if path.suffix.lower() in PARQUET:
            sidecar = read_sidecar(sidecar_path(path))
            frame = read_frame(path, columns_of(path), ("prompt_id", "task", "prompt"))
            models: tuple[str, ...] = sidecar.models
        else:
            with closing(open_to_read(str(path))) as log:
                told = tell((one.event for one in log.events()), lambda decided: True)
            frame, models = log_frame(told), all_models(told)
            sidecar = Sidecar(file=f"{path.stem}.json", models=models)
        whole = frame.drop_nulls([f"{kind}__{m}" for m in models for kind in ("score", "cost")])
        if whole.is_empty():
            raise _nothing_to_replay(path, frame.height)
        left_out = frame.height - whole.height
        problems = [_left_out(left_out, frame.height)] if left_out else []
        return assemble(whole, sidecar, path, problems=problems)


def log_frame(told: Sequence[Told]) -> pl.DataFrame:
    """One row per decision; a null is what is not known.

    Args:
        told: Decisions in order, at least one.

    Returns:
        `prompt_id` (the decision's id), `task`, `prompt`, `route`, `alpha`, `at_s`, `chosen`,
        `delivered`, `propensity`, `explored`, `queue`, `price`, `features` (a list), `feedback`,
        `feedback_source`, and for each model `score__M` (0 for a failed call), `cost__M`,
        `latency__M` (s), `prompt_tokens__M`, `output_tokens__M`, `p_sat__M`, `expected_cost__M`,
        `available__M`.
    """
    decided = [one.decided for one in told]
    verdicts = [one.verdict for one in told]
    columns: dict[str, Iterable[object]] = {
        "prompt_id": [one.decision_id for one in decided],
        "task": [one.attributes.get("task", "") for one in decided],
        "prompt": [one.prompt for one in decided],
        "route": [one.route for one in decided],
        "alpha": [one.alpha for one in decided],
        "at_s": [one.at_s for one in decided],
        "chosen": [one.model for one in decided],
        "delivered": [one.delivered for one in told],
        "propensity": [one.propensity for one in decided],
        "explored": [one.explored for one in decided],
        "queue": [one.queue for one in decided],
        "price": [one.price for one in decided],
        "features": [one.features.astype("<f4").tolist() for one in decided],
        "feedback": [value for _, value in verdicts],
        "feedback_source": [source for source, _ in verdicts],
    }
    types = {name: pl.String for name in ("prompt", "delivered", "feedback_source")}
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        **types, "feedback": pl.Float64, "features": pl.List(pl.Float32),
    }  # fmt: skip
    for model in all_models(told):
        for name, kind in _PER_MODEL:
            schema[f"{name}__{model}"] = kind
        for name, values in zip(
            (name for name, _ in _PER_MODEL),
            zip(*(_of_model(one, model) for one in told), strict=True),
            strict=True,
        ):
            columns[f"{name}__{model}"] = values
    return pl.DataFrame(columns, schema_overrides=schema, strict=False)


_PER_MODEL: Final[tuple[tuple[str, type[pl.DataType]], ...]] = (
    ("score", pl.Float64),
    ("cost", pl.Float64),
    ("latency", pl.Float64),
    ("prompt_tokens", pl.Int64),
    ("output_tokens", pl.Int64),
    ("p_sat", pl.Float64),
    ("expected_cost", pl.Float64),
    ("available", pl.Boolean),
)


def _of_model(one: Told, model: str) -> tuple[float | int | bool | None, ...]:
    """What is known of one model on one request, in the order of `_PER_MODEL`."""
    decided = one.decided
    place = decided.models.index(model) if model in decided.models else None
    calls = [call for call in one.outcomes if call.model == model]
    last = calls[-1] if calls else None
    score = one.verdict[1] if one.delivered == model else None
    if last is not None and last.error:
        score = 0.0
    return (
        score,
        sum(call.cost for call in calls) if calls else None,
        None if last is None else last.latency_s,
        None if last is None else last.prompt_tokens,
        None if last is None else last.output_tokens,
        None if place is None else float(decided.p_sat[place]),
        None if place is None else float(decided.cost[place]),
        False if place is None else bool(decided.available[place]),
    )


def _left_out(left_out: int, rows: int) -> Problem:
    message = (
        f"{left_out} of {rows} are left out: the outcome of some model is not known. The rest is a"
        " fair sample only if chance decided on which requests all models were asked"
    )
    return Problem("warning", "requests", message)


def _nothing_to_replay(path: Path, rows: int) -> DataError:
    return DataError(
        f"{path} is the log of a router: of each of its {rows} requests it knows the outcome of the"
        " model that answered, and a replay needs that of every model. What it tells of other"
        f" policies: messplus log what-if {path}. To replay it, export it with its prompts and ask"
        " every model: messplus log export, then messplus capture"
    )
