"""A stream: one promise over one sequence of recorded requests, ready to be replayed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from messplus.core.types import Floats
from messplus.encoders import Encoder, Features, Progress, encode_cached
from messplus.errors import DataError, require_range
from messplus.replay.outcomes import OutcomeTable
from messplus.replay.validate import default_alpha

ALL_TASKS = "all"
"""Task of a stream whose one promise covers every task of its data set."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stream:
    """Recorded outcomes of T requests on M models, with the promise to be kept over them.

    Attributes:
        data: Name of the data set.
        task: Name of the task, or "all" if one promise covers every task of the data set.
        alpha: Promised share of satisfied requests, in (0, 1].
        models: Names, in ascending cost.
        cost_unit: Unit of every cost: "usd", "joule", ...
        score: Satisfaction of each model's answer, shape (T, M), in [0, 1].
        cost: What each answer cost, shape (T, M), >= 0.
        features: What predictors see of each request, shape (T, d).
        tasks: The task of each request, shape (T,). Empty: not known.
        encoding: Identity of the features; "" if it is not known.
        encoding_s: CPU time that the encoder took for these requests, in seconds.
        digest: Content hash of outcomes and features.
        synthetic: Whether the outcomes are made up.
    """

    data: str
    task: str
    alpha: float
    models: tuple[str, ...]
    cost_unit: str
    score: Floats
    cost: Floats
    features: Floats
    tasks: tuple[str, ...] = ()
    encoding: str = ""
    encoding_s: float = 0.0
    digest: str = ""
    synthetic: bool = False

    @property
    def n_requests(self) -> int:
        """T."""
        return len(self.score)

    @property
    def n_models(self) -> int:
        """M."""
        return len(self.models)

    @property
    def label(self) -> str:
        """Data set and task, as shown to people."""
        return self.data if self.task == ALL_TASKS else f"{self.data}/{self.task}"


def split(table: OutcomeTable, tasks: Sequence[str] = ()) -> list[tuple[str, OutcomeTable]]:
    """The streams that a table holds, as (task, its rows).

    A table whose alpha is per task holds one stream per task; any other table is one stream. Named
    tasks are always streams of their own.

    Raises:
        DataError: A named task does not exist.
    """
    if tasks:
        return [(task, table.of_task(task)) for task in tasks]
    if isinstance(table.alpha, Mapping):
        return [(task, table.of_task(task)) for task in table.task_names]
    return [(ALL_TASKS, table)]


def make_streams(
    table: OutcomeTable,
    encoder: Encoder,
    *,
    tasks: Sequence[str] = (),
    alpha: float | None = None,
    cache: Path | None = None,
    on_progress: Progress | None = None,
) -> list[Stream]:
    """Encode a table's prompts and put a promise on each of its streams.

    Args:
        table: Recorded outcomes.
        encoder: Request text to features.
        tasks: Only these, each a stream of its own. Empty: all that `split` finds.
        alpha: The promise, in (0, 1]. None: the table's own, else 3/4 of the way from the cheapest
            to the best model's mean score.
        cache: Folder for encodings. None: encode anew.
        on_progress: Called with (texts encoded, all texts).

    Raises:
        DataError: A named task does not exist.
        SettingError: alpha is out of range.
        EncoderError: The encoder failed.
    """
    if alpha is not None:
        require_range("alpha", alpha, "in (0, 1]", ok=0.0 < alpha <= 1.0)
    parts = split(table, tasks)
    prompts = [prompt for _, part in parts for prompt in part.prompts]
    encoded = encode_cached(encoder, prompts, cache, on_progress)

    streams, start = [], 0
    for task, part in parts:
        rows = encoded.vectors[start : start + part.n_requests]
        start += part.n_requests
        # A task that never varies tells a predictor nothing that its intercept does not know.
        keys = ("task",) if len(part.task_names) > 1 else ()
        features = Features(encoder, attribute_keys=keys)
        attributes = [{"task": task} for task in part.tasks] if keys else ()
        digest = sha256(f"{part.digest} {features.identity}".encode()).hexdigest()
        streams.append(
            Stream(
                data=table.name,
                task=task,
                alpha=_alpha(part, alpha),
                models=part.models,
                cost_unit=part.cost_unit,
                score=part.score,
                cost=part.cost,
                features=features.assemble(rows, part.prompts, attributes),
                tasks=part.tasks,
                encoding=features.identity,
                encoding_s=encoded.seconds * part.n_requests / max(len(prompts), 1),
                digest=digest,
                synthetic=part.synthetic,
            )
        )
    return streams


def _alpha(table: OutcomeTable, given: float | None) -> float:
    """The promise on one stream: the user's, else the table's, else the default."""
    if given is not None:
        return given
    if isinstance(table.alpha, Mapping):
        # One promise per task cannot be turned into one promise over all of them.
        raise DataError(f"{table.name} has one alpha per task: name one task, or give --alpha")
    return table.alpha if table.alpha is not None else default_alpha(table)
