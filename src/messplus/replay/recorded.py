"""Results that were written as JSON, read again: the figures of runs, without their course."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar, cast

import numpy as np

from messplus.errors import DataError
from messplus.replay.feedback import Judge
from messplus.replay.metrics import Curves, Metrics
from messplus.replay.references import Reference
from messplus.replay.results import Cell, Results, Run

T = TypeVar("T")


def results_of(content: object, name: str) -> Results:
    """The results in what `Results.as_json` gave.

    Args:
        content: Parsed JSON.
        name: Of where it is from, for messages.

    Raises:
        DataError: It is something else, and what is missing.
    """
    if not isinstance(content, dict) or not {"runs", "references"} <= content.keys():
        raise DataError(
            f"{name} has no `runs` and `references`: write it with messplus replay --json"
        )
    try:
        runs = tuple(_run(one) for one in content["runs"])
        references = tuple(_made(Reference, one) for one in content["references"])
    except (AttributeError, KeyError, TypeError) as error:
        raise DataError(f"{name} cannot be read as results of a replay: {error!r}") from error
    if not runs:
        raise DataError(f"{name} has no runs")
    return Results(runs=runs, references=references)


def _run(flat: Mapping[str, Any]) -> Run:
    judge = flat.get("judge")
    cell = dict(flat) | {
        "judge": None if judge is None else Judge(**judge),
        "scenarios": tuple(flat.get("scenarios", ())),
    }
    return Run(
        cell=_made(Cell, cell),
        metrics=_made(Metrics, flat),
        curves=_NO_CURVES,
        cost_over_static_mix=flat["cost_over_static_mix"],
        wall_s=flat["wall_s"],
        warnings=tuple(flat.get("warnings", ())),
    )


def _made(cls: type[T], flat: Mapping[str, Any]) -> T:
    """A record of those values that are its fields."""
    names = {one.name for one in fields(cast(Any, cls))}
    return cls(**{name: value for name, value in flat.items() if name in names})


_NOTHING = np.empty(0)
_NO_CURVES = Curves(
    t=np.empty(0, dtype=np.int64),
    satisfaction=_NOTHING,
    queue=_NOTHING,
    cost=_NOTHING,
    model_share=np.empty((0, 0)),
)
