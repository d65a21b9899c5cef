"""The data set that ships, as a playback needs it: every answer by its prompt and its model."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from messplus.datasets.shipped import SHIPPED_NAME, shipped_frame, shipped_table
from messplus.replay.outcomes import OutcomeTable


@dataclass(frozen=True, slots=True)
class Price:
    """What a model's tokens cost.

    Attributes:
        input_usd_per_mtok: USD per million prompt tokens, >= 0.
        output_usd_per_mtok: USD per million output tokens, >= 0.
    """

    input_usd_per_mtok: float
    output_usd_per_mtok: float


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded answer.

    Attributes:
        text: What the model said.
        prompt_tokens: As the model counted them.
        output_tokens: Likewise.
        latency_s: Seconds until the answer was complete, >= 0.
        score: What it was worth, in [0, 1].
    """

    text: str
    prompt_tokens: int
    output_tokens: int
    latency_s: float
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What every model of a zoo said to every prompt.

    Attributes:
        outcomes: The same as a table, models in ascending cost.
        prices: By model.
        answers: By prompt and model.
    """

    outcomes: OutcomeTable
    prices: Mapping[str, Price]
    answers: Mapping[tuple[str, str], Recorded]


def shipped_recording() -> Recording:
    """The recording that comes with the package.

    Raises:
        MissingExtraError: polars is not installed, and so no Parquet file can be read.
    """
    table, frame = shipped_table(), shipped_frame()
    prompts = frame["prompt"].to_list()
    answers: dict[tuple[str, str], Recorded] = {}
    for model in table.models:
        columns = [
            frame[f"{kind}__{model}"].to_list()
            for kind in ("response", "prompt_tokens", "output_tokens", "latency", "score")
        ]
        for prompt, *answer in zip(prompts, *columns, strict=True):
            answers[prompt, model] = Recorded(*answer)
    return Recording(table, _shipped_prices(), answers)


def _shipped_prices() -> dict[str, Price]:
    """The prices that the recorded costs were made with; the sidecar has them."""
    sidecar = files("messplus.datasets") / "local_zoo" / f"{SHIPPED_NAME}.json"
    models = json.loads(sidecar.read_bytes())["models"]
    return {
        name: Price(entry["input_usd_per_mtok"], entry["output_usd_per_mtok"])
        for name, entry in models.items()
    }
