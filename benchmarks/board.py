"""What a comparison of routers amounts to: runs, looked up and reduced."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from benchmarks.roster import ADAPTIVE, SWEEP
from benchmarks.streams import RECORDING

from messplus.core.types import Floats
from messplus.replay.compare import cost_at, geometric_interval
from messplus.replay.equal import Account
from messplus.replay.metrics import Metrics
from messplus.replay.references import Reference

ENOUGH_PP = -0.3
"""Mean margin in points from which a setting of MESS+ counts as keeping the promise in hindsight."""


class Outcome(NamedTuple):
    """One run, without its curves.

    Attributes:
        data: Name of the data set.
        task: Stream of it.
        alpha: The promise that is asked for.
        shift: By how much the run's own promise was moved; see `messplus.replay.equal`.
        policy: Spec.
        seed: Of the run.
        metrics: Its figures.
    """

    data: str
    task: str
    alpha: float
    shift: float
    policy: str
    seed: int
    metrics: Metrics


class Where(NamedTuple):
    """One stream."""

    data: str
    task: str


class Ratio(NamedTuple):
    """A geometric mean over data sets with its 95 % interval, and the share of runs behind it."""

    mean: float
    low: float
    high: float
    read: float

    def __str__(self) -> str:
        """As a cell of a table; bracketed where less than half of the runs could be read."""
        if np.isnan(self.mean):
            return "–"
        text = f"{self.mean:.2f} [{self.low:.2f}, {self.high:.2f}]"
        return text if self.read >= 0.5 else f"({text})"


class Board:
    """All outcomes and reference lines of a comparison.

    Args:
        outcomes: Every run.
        references: Of every stream at its own promise.
        seeds: Runs 0 .. seeds - 1 of each policy and stream.
    """

    def __init__(
        self, outcomes: Iterable[Outcome], references: Iterable[Reference], seeds: int
    ) -> None:
        """Index everything."""
        self.seeds = seeds
        self.alpha: dict[Where, float] = {}
        self._runs: dict[tuple[str, Where], dict[tuple[int, float], Metrics]] = {}
        for one in outcomes:
            where = Where(one.data, one.task)
            self.alpha[where] = one.alpha
            self._runs.setdefault((one.policy, where), {})[one.seed, one.shift] = one.metrics
        self.reference = {(Where(r.data, r.task), r.reference): r for r in references}
        self.streams = sorted(self.alpha)
        self._equal = cache(self._equal_cost)

    @property
    def recording(self) -> list[Where]:
        """The streams of the MESS+ recording."""
        return [where for where in self.streams if where.data == RECORDING]

    @property
    def others(self) -> list[Where]:
        """All other streams."""
        return [where for where in self.streams if where.data != RECORDING]

    def runs(self, policy: str, where: Where) -> list[Metrics]:
        """A policy's runs at the promise itself, by seed."""
        return [self._runs[policy, where][seed, 0.0] for seed in range(self.seeds)]

    def static_mix(self, where: Where) -> float:
        """Cost per request of a stream's static mix; NaN if it cannot keep the promise."""
        cost = self.reference[where, "static_mix"].cost_mean
        return np.nan if cost is None else cost

    def best_single(self, where: Where) -> float:
        """Cost per request of the cheapest single model that keeps the promise; NaN if none does."""
        cost = self.reference[where, "best_single"].cost_mean
        return np.nan if cost is None else cost

    def equal(self, policy: str, account: Account, where: Where) -> Floats:
        """Cost over static mix at equal realised satisfaction, by seed; NaN where it is not reached.

        The policy `""` is MESS+ at its best V and c in hindsight.
        """
        return self._equal(policy, account, where)

    def ratio(
        self, policy: str, account: Account, streams: Sequence[Where], *, over: str = ""
    ) -> Ratio:
        """Geometric mean over data sets of `equal`, or of its ratio to another policy's."""
        logs = {}
        for where in streams:
            log = np.log(self.equal(policy, account, where))
            logs[where] = log - np.log(self.equal(over, account, where)) if over else log
        by_data: dict[str, list[Floats]] = {}
        for where, log in logs.items():
            by_data.setdefault(where.data, []).append(log)
        table = np.array([_mean_of_known(np.array(rows)) for rows in by_data.values()])
        read = np.isfinite(np.array(list(logs.values()))).mean()
        return Ratio(*geometric_interval(table, np.random.default_rng(0)), float(read))

    def as_run(self, policy: str, account: Account, streams: Sequence[Where]) -> Floats:
        """Cost over static mix and margin in points at the promise itself, shape (runs, 2)."""
        found = []
        for where in streams:
            for metrics in self._at_promise(policy, where):
                over = account.cost(metrics) / self.static_mix(where)
                margin = 100 * (account.satisfaction(metrics) - self.alpha[where])
                found.append((over, margin))
        return np.array(found)

    def figures(self, policy: str, streams: Sequence[Where]) -> list[Metrics]:
        """The metrics of a policy's runs at the promise itself."""
        return [metrics for where in streams for metrics in self._at_promise(policy, where)]

    def best_setting(self, where: Where) -> str:
        """MESS+ at its best V and c in hindsight, on one stream.

        The cheapest among those that fall short by no more than 0.3 points on average; if none does,
        the one that falls short least.
        """
        cost, margin = {}, {}
        for spec in SWEEP:
            runs = self.runs(spec, where)
            cost[spec] = np.mean([m.cost_mean for m in runs])
            margin[spec] = 100 * np.mean([m.satisfaction - self.alpha[where] for m in runs])
        enough = [spec for spec in SWEEP if margin[spec] >= ENOUGH_PP]
        return min(enough, key=cost.__getitem__) if enough else max(SWEEP, key=margin.__getitem__)

    def _at_promise(self, policy: str, where: Where) -> list[Metrics]:
        return self.runs(policy or self.best_setting(where), where)

    def _equal_cost(self, policy: str, account: Account, where: Where) -> Floats:
        if not policy:
            return self._best_of_sweep(account, where)
        runs = self._runs[policy, where]
        found = []
        for seed in range(self.seeds):
            points = [metrics for (of, _), metrics in runs.items() if of == seed]
            found.append(self._cost_at(account, points, where))
        return np.array(found) / self.static_mix(where)

    def _best_of_sweep(self, account: Account, where: Where) -> Floats:
        """With the V and c that are the cheapest at equal satisfaction, if most seeds reach it."""
        costs = np.array([self._equal(spec, account, where) for spec in SWEEP])
        known = np.isfinite(costs)
        logs = np.where(known, np.log(np.where(known, costs, 1.0)), 0.0).sum(axis=1)
        count = known.sum(axis=1)
        mean = np.where(2 * count >= self.seeds, logs / np.maximum(count, 1), np.inf)
        return np.asarray(costs[int(np.argmin(mean))])

    def _cost_at(self, account: Account, points: Iterable[Metrics], where: Where) -> float:
        satisfaction, cost = np.array(
            [(account.satisfaction(m), account.cost(m)) for m in points]
        ).T
        return cost_at(self.alpha[where], satisfaction, cost)


def winners(
    board: Board, policies: Mapping[str, str], account: Account
) -> dict[Where, tuple[str, float]]:
    """The cheapest policy at equal satisfaction on each stream, and its cost over static mix.

    Only those count that were read at half of the seeds at least.
    """
    best: dict[Where, tuple[str, float]] = {}
    for where in board.streams:
        for name, policy in policies.items():
            log = np.log(board.equal(policy, account, where))
            if np.isfinite(log).mean() < 0.5:
                continue
            cost = float(np.exp(np.nanmean(log)))
            if where not in best or cost < best[where][1]:
                best[where] = name, cost
    return best


def over_adaptive(board: Board, policy: str, account: Account, streams: Sequence[Where]) -> Ratio:
    """Cost over adaptive's at equal satisfaction, on the runs where both can be read."""
    return board.ratio(policy, account, streams, over=ADAPTIVE.spec)


def _mean_of_known(rows: Floats) -> Floats:
    """Mean over axis 0 of what is not NaN; NaN where nothing is."""
    known = np.isfinite(rows)
    count = known.sum(axis=0)
    total = np.where(known, rows, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
