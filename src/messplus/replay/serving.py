"""What is served: the requests of a stream in the order of one seed, as scenarios may change them.

Features stay where they are, in the recorded stream: they are large, and no scenario changes them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from messplus.core.types import Bools, Floats, Request
from messplus.replay.streams import Stream

Rows = NDArray[np.intp]


class Randomness(NamedTuple):
    """The random numbers of one run: a generator for each thing that is left to chance.

    So two runs with one seed meet the same order, draws and users, whatever else differs. Append
    new generators at the end: those before keep their numbers.
    """

    order: np.random.Generator
    draws: np.random.Generator
    users: np.random.Generator
    scenarios: np.random.Generator
    audits: np.random.Generator
    judge: np.random.Generator
    checks: np.random.Generator

    @classmethod
    def of(cls, seed: int) -> "Randomness":
        """Independent generators, all from one seed."""
        return cls(*np.random.default_rng(seed).spawn(len(cls._fields)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Served:
    """T requests on M models, in the order served.

    Attributes:
        recorded: The stream that they come from, as recorded.
        row: Its row that is served at each position, shape (T,).
        score: Satisfaction of each model's answer at each position, shape (T, M), in [0, 1].
        cost: What each answer costs, shape (T, M), >= 0, in the stream's unit.
        available: Which models can be asked, shape (T, M), at least one for each request. None: all.
        changes: Positions in 1 .. T - 1 from which the world is another, ascending.
    """

    recorded: Stream
    row: Rows
    score: Floats
    cost: Floats
    available: Bools | None = None
    changes: tuple[int, ...] = ()

    @classmethod
    def of(cls, stream: Stream, row: Rows) -> "Served":
        """A stream in the order of these rows, unchanged."""
        return cls(recorded=stream, row=row, score=stream.score[row], cost=stream.cost[row])

    @property
    def n_requests(self) -> int:
        """T."""
        return len(self.row)

    @property
    def n_models(self) -> int:
        """M."""
        return self.recorded.n_models

    def requests(self) -> Iterator[Request]:
        """The requests, as a policy sees them on arrival."""
        for t, row in enumerate(self.row):
            yield Request(
                features=self.recorded.features[row],
                cost=self.cost[t],
                available=None if self.available is None else self.available[t],
            )

    def reordered(self, position: Rows) -> "Served":
        """The same requests in another order: position[t] is where request t has been so far."""
        return replace(
            self,
            row=self.row[position],
            score=self.score[position],
            cost=self.cost[position],
            available=None if self.available is None else self.available[position],
        )

    def segments(self) -> list[Stream]:
        """The stretches between two changes, each a stream of the models that are there throughout."""
        found = []
        for start, end in pairwise((0, *self.changes, self.n_requests)):
            part = slice(start, end)
            zoo = np.arange(self.n_models)
            if self.available is not None:
                zoo = np.flatnonzero(self.available[part].all(axis=0))
            found.append(
                replace(
                    self.recorded,
                    models=tuple(self.recorded.models[m] for m in zoo),
                    score=self.score[part][:, zoo],
                    cost=self.cost[part][:, zoo],
                    features=self.recorded.features[self.row[part]],
                    tasks=tuple(self.recorded.tasks[r] for r in self.row[part])
                    if self.recorded.tasks
                    else (),
                )
            )
        return found
