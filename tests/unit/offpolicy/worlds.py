"""Logs whose truth is known: requests of the data set that ships, on which every model was asked."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from messplus.core.types import Floats
from messplus.datasets.shipped import shipped_table
from messplus.offpolicy import Logged, priced
from messplus.offpolicy.logged import Ints, Verdicts


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Requests, what every model makes of them, and what was predicted; each of shape (T, M)."""

    models: tuple[str, ...]
    score: Floats
    cost: Floats
    p_sat: Floats
    expected: Floats

    @property
    def price(self) -> float:
        """A price at which the cheap models serve most requests and the largest some."""
        return float(4.0 * self.cost.mean(axis=0)[1])

    def whole(self, rows: Ints) -> Logged:
        """These requests, each given to the cheapest model for sure."""
        n, m = len(rows), len(self.models)
        return Logged(
            models=self.models,
            available=np.ones((n, m), dtype=np.bool_),
            chosen=np.zeros(n, dtype=np.int64),
            propensity=np.ones(n),
            p_sat=self.p_sat[rows],
            cost=self.expected[rows],
            alpha=np.full(n, 0.5),
            satisfied=self.score[rows, 0],
            certain=np.zeros(n, dtype=np.bool_),
            spent=self.cost[rows, 0],
            verdicts="audit",
        )

    def logged(
        self,
        n: int,
        spread: float,
        rng: np.random.Generator,
        *,
        share: float = 1.0,
        verdicts: Verdicts = "audit",
    ) -> Logged:
        """A log of n requests, drawn anew, by the policy at one price with some spread."""
        rows = rng.integers(0, len(self.score), n)
        log = self.whole(rows)
        best = priced(log, self.price)
        m = len(self.models)
        chosen = np.where(rng.random(n) < spread, rng.integers(0, m, n), best)
        satisfied = self.score[rows, chosen]
        return replace(
            log,
            chosen=chosen,
            propensity=spread / m + (1.0 - spread) * (chosen == best),
            satisfied=np.where(rng.random(n) < share, satisfied, np.nan),
            spent=self.cost[rows, chosen],
            verdicts=verdicts,
        )

    def truth(self, plan: Floats) -> tuple[float, float]:
        """Mean satisfaction and cost of a plan for all requests of this world, shape (T, M)."""
        return float((plan * self.score).sum(axis=1).mean()), float(
            (plan * self.cost).sum(axis=1).mean()
        )


@cache
def world() -> World:
    """The data set that ships, with predictions that know the task and are off by noise."""
    table = shipped_table()
    rng = np.random.default_rng(0)
    tasks = np.array(table.tasks)
    level = np.zeros_like(table.score)
    for task in table.task_names:
        level[tasks == task] = table.score[tasks == task].mean(axis=0)
    noise = rng.normal(0.0, 0.5, table.score.shape)
    p_sat = 1.0 / (1.0 + np.exp(-(np.log((level + 0.05) / (1.05 - level)) + noise)))
    expected = table.cost.mean(axis=0) * np.exp(rng.normal(0.0, 0.2, table.cost.shape))
    return World(table.models, table.score, table.cost, p_sat, expected)
