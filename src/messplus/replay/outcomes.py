"""The outcome table: what every model of a zoo did with every request of a stream.

It is what replay runs on. Nothing is redrawn: the table says what each answer was worth and what it
cost, for every model, and every policy sees the same. Readers (`messplus.replay.readers`) make it
from files; `messplus.datasets.shipped` has one that comes with the package.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from messplus.core.types import Bools, Floats
from messplus.errors import DataError

Rows = Sequence[int] | NDArray[np.integer] | Bools


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OutcomeTable:
    """Outcomes of T requests, in stream order, on M models, in ascending order of cost.

    Tables are told apart by `digest`, not by `==`. Arrays are read-only float64. The shapes are
    checked here, the values by `messplus.replay.validate`, which every reader calls.

    Attributes:
        name: Of the data set.
        models: Names of the M models in ascending cost: the zoo's order.
        prompt_ids: One per request, unique, shape (T,).
        tasks: The task of each request; "" throughout if the data has no tasks. Shape (T,).
        prompts: The text of each request, shape (T,).
        score: Satisfaction s_{m,t} in [0, 1], shape (T, M).
        cost: What model m charged for request t, >= 0, in `cost_unit`, shape (T, M).
        cost_unit: "usd", "joule" or any other unit.
        latency_s: Seconds until the answer was complete, shape (T, M). None: nowhere recorded. NaN:
            not recorded for this model and request. The next two are alike.
        energy_j: Joules for the answer, shape (T, M).
        output_tokens: Tokens that the answer has, shape (T, M).
        alpha: The promise that comes with the data, in (0, 1]: one for the whole stream, or one per
            task, and then each task is a stream of its own. None: the data makes no promise.
        source: Where the outcomes come from.
        licence: Under which they may be used.
        synthetic: Made up, not recorded.
    """

    name: str
    models: tuple[str, ...]
    prompt_ids: tuple[str, ...]
    tasks: tuple[str, ...]
    prompts: tuple[str, ...]
    score: Floats
    cost: Floats
    cost_unit: str = "usd"
    latency_s: Floats | None = None
    energy_j: Floats | None = None
    output_tokens: Floats | None = None
    alpha: float | Mapping[str, float] | None = None
    source: str = ""
    licence: str = ""
    synthetic: bool = False
    _digest: list[str] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        """Freeze the arrays and check that the shapes agree.

        Raises:
            DataError: A column is longer or shorter than the others.
        """
        t, m = len(self.prompt_ids), len(self.models)
        for column in ("tasks", "prompts"):
            if len(getattr(self, column)) != t:
                raise DataError(f"{column} must have {t} entries, got {len(getattr(self, column))}")
        for column in ("score", "cost", "latency_s", "energy_j", "output_tokens"):
            values = getattr(self, column)
            if values is None:
                continue
            # A read-only view of float64 data, which stays writable for whoever made it.
            frozen = np.ascontiguousarray(values, dtype=np.float64).view()
            if frozen.shape != (t, m):
                raise DataError(f"{column} must have shape {(t, m)}, got {frozen.shape}")
            frozen.flags.writeable = False
            object.__setattr__(self, column, frozen)

    @property
    def n_requests(self) -> int:
        """T, the number of requests."""
        return len(self.prompt_ids)

    @property
    def n_models(self) -> int:
        """M, the number of models."""
        return len(self.models)

    @property
    def task_names(self) -> tuple[str, ...]:
        """The tasks in order of appearance; ("",) for data without tasks."""
        return tuple(dict.fromkeys(self.tasks))

    @property
    def digest(self) -> str:
        """SHA-256 over models, tasks, prompts, scores, costs and unit, as hex: a cache key.

        Name, ids, alpha, source and what is measured beside the cost do not count.
        """
        if not self._digest:
            sha = hashlib.sha256()
            for texts in (self.models, self.tasks, self.prompts, (self.cost_unit,)):
                _add_texts(sha, texts)
            for values in (self.score, self.cost):
                sha.update(values.astype("<f8").tobytes())
            self._digest.append(sha.hexdigest())
        return self._digest[0]

    def select(self, rows: Rows) -> "OutcomeTable":
        """The requests of these rows, in this order.

        Args:
            rows: 0-based row numbers, or one truth value per row, shape (T,). A per-task alpha keeps
                the tasks that are left.
        """
        index = np.asarray(rows)
        index = np.flatnonzero(index) if index.dtype == np.bool_ else index.astype(np.intp)
        picked = index.tolist()
        tasks = tuple(self.tasks[i] for i in picked)
        alpha = self.alpha
        if isinstance(alpha, Mapping):
            alpha = {task: alpha[task] for task in dict.fromkeys(tasks) if task in alpha}
        return replace(
            self,
            prompt_ids=tuple(self.prompt_ids[i] for i in picked),
            tasks=tasks,
            prompts=tuple(self.prompts[i] for i in picked),
            score=self.score[index],
            cost=self.cost[index],
            latency_s=None if self.latency_s is None else self.latency_s[index],
            energy_j=None if self.energy_j is None else self.energy_j[index],
            output_tokens=None if self.output_tokens is None else self.output_tokens[index],
            alpha=alpha,
        )

    def of_task(self, name: str) -> "OutcomeTable":
        """One task as a stream of its own, with its own alpha if there is one per task.

        Raises:
            DataError: There is no such task.
        """
        rows = [row for row, task in enumerate(self.tasks) if task == name]
        if not rows:
            known = self.task_names
            close = get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise DataError(
                f"{self.name} has no task {name!r}{hint} (tasks: {', '.join(map(repr, known))})"
            )
        table = self.select(rows)
        if isinstance(table.alpha, Mapping):
            return replace(table, alpha=table.alpha.get(name))
        return table


def _add_texts(sha: "hashlib._Hash", texts: Iterable[str]) -> None:
    """Hash a run of texts so that no two different runs look alike: lengths go in first."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    sha.update(np.array([len(encoded), *map(len, encoded)], dtype="<u8").tobytes())
    sha.update(b"".join(encoded))
