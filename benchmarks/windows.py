"""Promises over windows of 500 requests: what the shield of a contract keeps, and what it costs.

    python -m benchmarks.windows --out docs/results

Needs the tables of ../shared/data (see --data). Writes windows.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from benchmarks.grids import run_all
from benchmarks.machine import describe
from benchmarks.options import options
from benchmarks.pages import write_page
from benchmarks.past import PAST, parted, prior_of
from benchmarks.score import Score, geometric, runs_of
from benchmarks.streams import MOST, ONE_PROMISE, all_streams, named
from joblib import Parallel, delayed

from messplus.cli.progress import progress_bar
from messplus.core.contract import Contract
from messplus.core.types import Floats
from messplus.encoders import encoder_from_spec
from messplus.replay.grid import Grid, run_grid
from messplus.replay.metrics import windows_below
from messplus.replay.results import Run
from messplus.replay.streams import Stream

CONTRACT = Contract(window=500, delta=0.05)

FREE = "adaptive"
SHIELDED = f"adaptive:contract={CONTRACT.window},risk={CONTRACT.delta:g}"
POLICIES: Mapping[str, str] = {
    "adaptive": FREE,
    "**adaptive with the shield**": SHIELDED,
    "MESS+, paper's V": "messplus:v_spread=0.15",
}
WARM: Mapping[str, str] = {
    "adaptive, started warm": FREE,
    "**adaptive with the shield, started warm**": SHIELDED,
}

SAFE = 0.02
"""How far above alpha a model's mean has to be to count as safe here."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The runs of all policies on one stream, and what its best model alone would do.

    Attributes:
        stream: As recorded.
        spare: How far its best model's mean is above alpha.
        needed: How far above alpha the contract needs it to be.
        best_alone: Share of windows violated if the best model answers everything, over seeds.
        runs: Of all policies.
    """

    stream: Stream
    spare: float
    needed: float
    best_alone: float
    runs: tuple[Run, ...]

    @property
    def kind(self) -> str:
        """Whether it has a safe model, and one that is good enough for the contract."""
        if self.spare < SAFE:
            return NONE
        return ENOUGH if self.spare >= self.needed else LITTLE


ENOUGH = "a model that the contract can rely on"
LITTLE = f"a model {100 * SAFE:.0f} points above α, but less than the contract needs"
NONE = "no safe model"


def measured(stream: Stream, served: Iterable[Floats], runs: Sequence[Run]) -> Measured:
    """A stream with its runs, and what hindsight says of it.

    Args:
        stream: As recorded.
        served: What each model's answers were worth in the order of each run, each (T, M).
        runs: Of all policies.
    """
    best = int(stream.score.mean(axis=0).argmax())
    alone = [windows_below(score[:, best], stream.alpha, CONTRACT.window) for score in served]
    return Measured(
        stream=stream,
        spare=float(stream.score.mean(axis=0)[best]) - stream.alpha,
        needed=CONTRACT.rate_needed(stream.alpha) - stream.alpha,
        best_alone=float(np.concatenate(alone).mean()),
        runs=tuple(runs),
    )


def run_cold(
    streams: Sequence[Stream], grid: Grid, *, jobs: int, cache: Path | None
) -> list[Measured]:
    """Every policy on every stream, from nothing."""
    grids = [(stream, grid) for stream in streams]
    results = run_all(grids, "with and without the shield", jobs=jobs, cache=cache)
    return [
        measured(s, (grid.serve(s, seed).score for seed in range(grid.seeds)), r.runs)
        for s, r in zip(streams, results, strict=True)
    ]


def run_warm(
    streams: Sequence[Stream], grid: Grid, *, jobs: int, cache: Path | None
) -> list[Measured]:
    """With and without the shield on the rest of every stream, started from a prior of its past."""
    with TemporaryDirectory() as temporary, progress_bar("started warm") as step:
        folder = ((cache or Path(temporary)) / "priors").resolve()
        pairs = [(stream, seed) for stream in streams for seed in range(grid.seeds)]
        tasks = (delayed(_warm)(stream, seed, grid, folder, cache) for stream, seed in pairs)
        runs: list[Run] = []
        for done, found in enumerate(Parallel(n_jobs=jobs, return_as="generator")(tasks), 1):
            runs += found
            step(done, len(pairs))
    return [
        measured(
            stream,
            (parted(stream, seed)[1].score for seed in range(grid.seeds)),
            [r for r in runs if (r.cell.data, r.cell.task) == (stream.data, stream.task)],
        )
        for stream in streams
    ]


def _warm(stream: Stream, seed: int, grid: Grid, folder: Path, cache: Path | None) -> list[Run]:
    """One order; the runs bear the names of their policies without the prior's file."""
    past, rest = parted(stream, seed)
    prior = prior_of(past, folder)
    names = {f"{FREE}:prior={prior}": FREE, f"{SHIELDED},prior={prior}": SHIELDED}
    one = replace(grid, policies=tuple(names), seeds=1, shuffle=False)
    results = run_grid([rest], one, jobs=1, cache=cache)
    return [replace(r, cell=replace(r.cell, policy=names[r.cell.policy])) for r in results.runs]


def violated(runs: Iterable[Run]) -> float:
    """Percentage of windows violated, every window weighing the same."""
    pairs = [
        (run.metrics.windows * run.metrics.windows_violated, run.metrics.windows)
        for run in runs
        if run.metrics.windows_violated is not None
    ]
    broken, full = np.sum(pairs, axis=0)
    return 100 * float(broken / full)


def shield_ratio(found: Iterable[Measured]) -> float:
    """Cost with the shield over cost without, run by run; a geometric mean."""
    ratios = [
        shielded.metrics.cost_total / free.metrics.cost_total
        for one in found
        for free, shielded in zip(runs_of(one.runs, FREE), runs_of(one.runs, SHIELDED), strict=True)
    ]
    return geometric(ratios)


def overall_table(found: Sequence[Measured], policies: Mapping[str, str]) -> str:
    """One row per kind of stream and policy."""
    lines = [
        (
            "| streams with | how many | policy | windows violated, % | above α, pp "
            "| cost / static mix | cost of the shield |"
        ),
        "|---|--:|---|" + "--:|" * 4,
    ]
    for kind in (ENOUGH, LITTLE, NONE):
        group = [one for one in found if one.kind == kind]
        if not group:
            continue
        for name, policy in policies.items():
            runs = [run for one in group for run in runs_of(one.runs, policy)]
            score = Score.of(runs)
            ratio = f"{shield_ratio(group):.2f}" if policy == SHIELDED else "–"
            lines.append(
                f"| {kind} | {len(group)} | {name} | {violated(runs):.1f} "
                f"| {score.margin_pp.mean():+.2f} | {score.geometric:.2f} | {ratio} |"
            )
        alone = 100 * np.mean([one.best_alone for one in group])
        lines.append(f"| {kind} | {len(group)} | *best model alone* | {alone:.1f} | – | – | – |")
    return "\n".join(lines)


def stream_table(found: Sequence[Measured], kinds: Sequence[str]) -> str:
    """One row per stream of these kinds; "None." if there are none."""
    lines = [
        (
            "| stream | best model above α (needed), pp | windows a run "
            "| violated, %: without / with the shield / MESS+ / best model alone "
            "| cost / static mix: without / with | cost of the shield |"
        ),
        "|---|" + "--:|" * 5,
    ]
    for one in found:
        if one.kind not in kinds:
            continue
        broken = [f"{violated(runs_of(one.runs, policy)):.0f}" for policy in POLICIES.values()]
        cost = [f"{Score.of(runs_of(one.runs, p)).geometric:.2f}" for p in (FREE, SHIELDED)]
        lines.append(
            f"| {named(one.stream)} | {100 * one.spare:+.1f} ({100 * one.needed:.1f}) "
            f"| {one.runs[0].metrics.windows} "
            f"| {' / '.join([*broken, f'{100 * one.best_alone:.0f}'])} "
            f"| {' / '.join(cost)} | {shield_ratio([one]):.2f} |"
        )
    return "\n".join(lines) if len(lines) > 2 else "None."


def main() -> None:
    """Run everything and write the page."""
    args = options(__doc__, seeds=3)
    encoder = encoder_from_spec("hashed")
    streams = all_streams(args.data, encoder, most=MOST)
    grid = Grid(
        policies=tuple(POLICIES.values()),
        seeds=args.seeds,
        window=CONTRACT.window,
        encoder=encoder.identity,
    )
    found = run_cold(streams, grid, jobs=args.jobs, cache=args.cache)
    fewer = all_streams(args.data, encoder, promises=ONE_PROMISE, most=MOST)
    warm = run_warm(fewer, grid, jobs=args.jobs, cache=args.cache)
    write_page(
        args.out / "windows.md",
        "windows.md.in",
        {
            "machine": describe(),
            "seeds": str(args.seeds),
            "most": f"{MOST:,}",
            "window": str(CONTRACT.window),
            "delta": f"{100 * CONTRACT.delta:g} %",
            "spec": SHIELDED,
            "overall": overall_table(found, POLICIES),
            "past": f"{100 * PAST:.0f} %",
            "warm": overall_table(warm, WARM),
            "safe": stream_table(found, (ENOUGH, LITTLE)),
            "without": stream_table(found, (NONE,)),
        },
    )


if __name__ == "__main__":
    main()
