"""A grid of runs, in parallel: every policy on every stream with every seed."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from time import perf_counter

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from messplus.errors import SettingError, require_range
from messplus.replay.feedback import Feedback
from messplus.replay.metrics import WINDOW, curves, measure
from messplus.replay.policies import policy_from_spec
from messplus.replay.references import (
    Reference,
    references,
    segmented,
    segmented_references,
    static_mix,
)
from messplus.replay.results import Cell, Results, Run
from messplus.replay.run import replay
from messplus.replay.run_cache import RunCache
from messplus.replay.scenarios import scenario_from_spec, serve
from messplus.replay.serving import Served
from messplus.replay.streams import Stream

_LOG = logging.getLogger(__name__)

OnStep = Callable[[int, int], None]  # (runs and references done, all of them)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """What is to be run.

    Attributes:
        policies: Specs, each run on every stream with every seed.
        seeds: Number of seeds: 0 .. seeds - 1. Policies with one seed see the same order.
        shuffle: Serve each stream in random order; else as recorded.
        feedback: How verdicts come back.
        scenarios: Specs of what happens to each stream while it is served, all in the same run.
        window: Requests of a contract window, >= 1.
        encoder: Identity of the encoder that made the streams' features.
    """

    policies: tuple[str, ...]
    seeds: int = 3
    shuffle: bool = True
    feedback: Feedback = field(default_factory=Feedback)
    scenarios: tuple[str, ...] = ()
    window: int = WINDOW
    encoder: str = ""

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        require_range("seeds", self.seeds, "at least 1", ok=self.seeds >= 1)
        require_range("window", self.window, "at least 1", ok=self.window >= 1)
        if not self.policies:
            raise SettingError("a grid needs at least one policy")

    def cells(self, stream: Stream) -> Iterator[Cell]:
        """The runs to be made on one stream."""
        for policy, seed in product(dict.fromkeys(self.policies), range(self.seeds)):
            yield Cell(
                data=stream.data,
                task=stream.task,
                alpha=stream.alpha,
                cost_unit=stream.cost_unit,
                policy=policy,
                seed=seed,
                shuffle=self.shuffle,
                feedback=self.feedback.share,
                feedback_delay=self.feedback.delay,
                encoder=self.encoder,
                feedback_satisfied=self.feedback.satisfied_share,
                feedback_dissatisfied=self.feedback.dissatisfied_share,
                audits=self.feedback.audits,
                audit_delay=self.feedback.audit_delay,
                judge=self.feedback.judge,
                scenarios=self.scenarios,
                window=self.window,
            )

    def serve(self, stream: Stream, seed: int) -> Served:
        """A stream as it is served with one seed; raises `SettingError`."""
        scenarios = [scenario_from_spec(text) for text in self.scenarios]
        return serve(stream, seed=seed, shuffle=self.shuffle, scenarios=scenarios)


def run_grid(
    streams: Sequence[Stream],
    grid: Grid,
    *,
    jobs: int = -1,
    cache: Path | None = None,
    on_step: OnStep | None = None,
) -> Results:
    """Make every run of a grid, and the reference lines of every stream.

    Interrupting it loses no finished run if there is a cache: the next call goes on from there.

    Args:
        streams: Recorded outcomes with their promises.
        grid: What is to be run.
        jobs: Processes (joblib); -1 for one per core. Under a `joblib.parallel_config` with another
            backend (dask, ray) the runs go there.
        cache: Folder of finished runs. None: keep none.
        on_step: Called after each run and each stream's references.

    Raises:
        SettingError: A policy or a scenario is unknown or does not fit a stream, or two streams
            share a name; before anything is run.
    """
    for label, count in Counter(stream.label for stream in streams).items():
        if count > 1:
            raise SettingError(
                f"{count} streams are called {label!r}: give each table a name of its own in its "
                "sidecar, and each task once"
            )
    for stream, policy in product(streams, grid.policies):
        policy_from_spec(policy)(stream)
    for stream in streams:
        grid.serve(stream, seed=0)
    store = RunCache(cache) if cache is not None else None
    cells = [(index, cell) for index, s in enumerate(streams) for cell in grid.cells(s)]
    total, done = len(cells) + len(streams), 0
    parallel = Parallel(n_jobs=jobs, return_as="generator")

    found: list[Reference] = []
    for lines in parallel(delayed(_references)(stream, grid) for stream in streams):
        found.extend(lines)
        done += 1
        if on_step is not None:
            on_step(done, total)
    static = {(r.data, r.task): r.cost_total for r in found if r.reference == "static_mix"}

    runs: list[Run] = []
    for run in parallel(
        delayed(run_cell)(streams[index], cell, grid, static[cell.data, cell.task], store)
        for index, cell in cells
    ):
        runs.append(run)
        done += 1
        if on_step is not None:
            on_step(done, total)
    return Results(
        runs=tuple(runs),
        references=tuple(found),
        synthetic=any(stream.synthetic for stream in streams),
    )


def _references(stream: Stream, grid: Grid) -> list[Reference]:
    """The lines of a stream; where scenarios change it, of the order of seed 0."""
    with threadpool_limits(1):
        if not grid.scenarios:
            return references(stream)
        return segmented_references(grid.serve(stream, seed=0))


def run_cell(
    stream: Stream, cell: Cell, grid: Grid, static_mix_cost: float | None, store: RunCache | None
) -> Run:
    """One run, read from the store if it was made before, else made and stored.

    Args:
        stream: What is served.
        cell: The run to be made: one of the grid's `cells(stream)`.
        grid: What it is part of.
        static_mix_cost: Total cost of the stream's static mix, in its unit; None if alpha is out of
            that mix's reach. Not read where a scenario changes the stream.
        store: Finished runs. None: keep none.
    """
    if store is not None and (stored := store.load(stream, cell)) is not None:
        return stored
    policy = policy_from_spec(cell.policy)(stream)
    scenarios = [scenario_from_spec(text) for text in cell.scenarios]
    with threadpool_limits(1):
        started = perf_counter()
        trace = replay(
            stream,
            policy,
            seed=cell.seed,
            shuffle=cell.shuffle,
            feedback=grid.feedback,
            scenarios=scenarios,
        )
        wall_s = perf_counter() - started + stream.encoding_s
        if scenarios:
            static_mix_cost = segmented(grid.serve(stream, cell.seed), static_mix).cost_total
    metrics = measure(stream, trace, window=cell.window)
    run = Run(
        cell=cell,
        metrics=metrics,
        curves=curves(stream, trace),
        cost_over_static_mix=metrics.cost_total / static_mix_cost if static_mix_cost else None,
        wall_s=wall_s,
        warnings=trace.warnings,
    )
    if store is not None:
        try:
            store.store(stream, run)
        except OSError as error:
            # A full disk must not cost a finished run: the caller has it, only a restart has not.
            _LOG.warning("run not kept in %s: %s", store.folder, error)
    return run
