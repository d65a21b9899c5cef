"""From one list of outcomes per model to one row per request."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import polars as pl

from messplus.datasets.entry import DataSet, Model
from messplus.errors import DataError


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one model did with one request; NaN for what the source does not say.

    Attributes:
        prompt_id: The same for every model, unique within one model.
        task: Of the request.
        prompt: Its text, as the first model of the zoo has it.
        score: Satisfaction, in [0, 1].
        cost: In the data set's unit.
        output_tokens: Of the answer; recorded or estimated.
        latency_s: Seconds until the answer was complete.
    """

    prompt_id: str
    task: str
    prompt: str
    score: float
    cost: float
    output_tokens: float = math.nan
    latency_s: float = math.nan


def side_by_side(runs: Mapping[str, Sequence[Outcome]], where: str) -> pl.DataFrame:
    """One row per request that every model has a score and a cost for, in the first run's order.

    Args:
        runs: Outcomes by model.
        where: The data set, for messages.

    Returns:
        Columns in the native layout: `prompt_id`, `task`, `prompt`, `score__MODEL`, ...

    Raises:
        DataError: A model has a request twice, or no request has an outcome of every model.
    """
    by_id: dict[str, dict[str, Outcome]] = {}
    for model, outcomes in runs.items():
        known = by_id[model] = {outcome.prompt_id: outcome for outcome in outcomes}
        if len(known) < len(outcomes):
            raise DataError(
                f"{where}: {model!r} has {len(outcomes)} outcomes for {len(known)} requests; each "
                "request must come once"
            )
    rows: list[list[Outcome]] = []
    for prompt_id in next(iter(by_id.values())):
        row = [known[prompt_id] for known in by_id.values() if prompt_id in known]
        known_all = len(row) == len(by_id)
        if known_all and not any(math.isnan(one.score) or math.isnan(one.cost) for one in row):
            rows.append(row)
    if not rows:
        counts = ", ".join(f"{model!r} has {len(known)}" for model, known in by_id.items())
        raise DataError(f"{where}: no request has a score and a cost of every model ({counts})")
    columns: dict[str, list[str] | list[float]] = {
        "prompt_id": [row[0].prompt_id for row in rows],
        "task": [row[0].task for row in rows],
        "prompt": [row[0].prompt for row in rows],
    }
    for kind, field in (
        ("score", "score"),
        ("cost", "cost"),
        ("output_tokens", "output_tokens"),
        ("latency", "latency_s"),
    ):
        for m, model in enumerate(by_id):
            values = [float(getattr(row[m], field)) for row in rows]
            if not np.isnan(values).all():
                columns[f"{kind}__{model}"] = values
    return pl.DataFrame(columns)


def estimated_tokens(text: str, letters_per_token: float) -> int:
    """About how many tokens a text has, at least 1."""
    return max(1, ceil(len(text) / letters_per_token))


def cost_usd(model: Model, prompt_tokens: float, answer_tokens: float) -> float:
    """What a request costs at the model's list price, in USD.

    Raises:
        DataError: The catalog has no price for this model.
    """
    if model.price is None:
        raise DataError(f"there is no list price for {model.name!r}; the catalog must have one")
    return (prompt_tokens * model.price.prompt + answer_tokens * model.price.answer) / 1e6


def estimated(entry: DataSet, model: Model, prompt: str, answer: str) -> tuple[float, float]:
    """Cost in USD and tokens of the answer, for a source that records neither.

    Raises:
        DataError: The catalog does not say how to estimate them.
    """
    if entry.letters is None:
        raise DataError(f"{entry.name}: the catalog does not say how to estimate tokens")
    answer_tokens = estimated_tokens(answer, entry.letters.answer)
    prompt_tokens = estimated_tokens(prompt, entry.letters.prompt)
    return cost_usd(model, prompt_tokens, answer_tokens), answer_tokens
