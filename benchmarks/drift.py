"""What is kept when the world changes: models get worse or dearer, join and leave; traffic in blocks.

    python -m benchmarks.drift --out docs/results

Needs the tables of ../shared/data (see --data). Writes drift.md and a figure. Every changed stream is
set beside the same stream, in the same order, without the change.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from benchmarks.drift_figure import around_change
from benchmarks.grids import run_all
from benchmarks.machine import describe
from benchmarks.options import options
from benchmarks.pages import save_figure, write_page
from benchmarks.score import geometric, runs_of
from benchmarks.streams import MOST, ONE_PROMISE, RECORDING, all_streams, named

from messplus.core.types import Floats
from messplus.encoders import encoder_from_spec
from messplus.replay.grid import Grid
from messplus.replay.references import segmented, static_mix
from messplus.replay.results import Run
from messplus.replay.streams import Stream

TASKS = ("arc_easy", "boolq", "piqa", "social_iqa")
OTHERS = (
    "routellm_mmlu",
    "mmlupro_llama",
    "zeroeval_llama31_energy",
    "paretobandit",
    "routerbench_arc_mbpp_winogrande",
)
POLICIES = {"adaptive": "adaptive", "MESS+": "messplus:v_spread=0.15"}

UNCHANGED = "nothing changes"
LOSS, FACTOR, BLOCK = 0.4, 3.0, 250
CHANGES: Mapping[str, str] = {
    "worsen": "the busiest model loses 40 % of its successes",
    "reprice": "the busiest model gets three times as dear",
    "join": "the cheapest adequate model joins",
    "leave": "the cheapest adequate model leaves",
    "blocks": "task after task",
}
SPAN = 500
"""Requests of the worst run of requests, about: curves have 400 points."""

SHOWN = ("boolq", "worsen")


@dataclass(frozen=True, slots=True, eq=False)
class Changed:
    """The runs of both policies on one stream, with and without one change.

    Attributes:
        stream: As recorded.
        change: Key of `CHANGES`, or `UNCHANGED`.
        detail: Which model it is about; "" if none.
        within_reach: Whether the static mix keeps the promise on both sides of the change.
        runs: Of both policies.
    """

    stream: Stream
    change: str
    detail: str
    within_reach: bool
    runs: tuple[Run, ...]


def scenarios(stream: Stream, busiest: str) -> dict[str, tuple[str, str]]:
    """Spec and model of every change, for one stream."""
    adequate = _cheapest_adequate(stream)
    tasks = len(set(stream.tasks)) > 1
    return {
        "worsen": (f"worsen:model={busiest},loss={LOSS:g}", busiest),
        "reprice": (f"reprice:model={busiest},factor={FACTOR:g}", busiest),
        "join": (f"join:model={adequate}", adequate),
        "leave": (f"leave:model={adequate}", adequate),
        "blocks": ("blocks", "") if tasks else (f"blocks:length={BLOCK}", ""),
    }


def _cheapest_adequate(stream: Stream) -> str:
    score, cost = stream.score.mean(axis=0), stream.cost.mean(axis=0)
    adequate = score >= min(stream.alpha, score.max())
    return stream.models[int(np.argmin(np.where(adequate, cost, np.inf)))]


def busiest_model(runs: Sequence[Run]) -> str:
    """The model that gave most of the adaptive policy's answers while nothing changed."""
    calls: Counter[str] = Counter()
    for run in runs_of(runs, POLICIES["adaptive"]):
        calls.update(run.metrics.calls)
    return calls.most_common(1)[0][0]


def run_changes(
    streams: Sequence[Stream], grid: Grid, *, jobs: int, cache: Path | None
) -> list[Changed]:
    """Every stream without a change and with each of them."""
    plain = run_all([(stream, grid) for stream in streams], "unchanged", jobs=jobs, cache=cache)
    found = [
        Changed(stream, UNCHANGED, "", True, results.runs)
        for stream, results in zip(streams, plain, strict=True)
    ]
    wanted = [
        (one.stream, change, detail, replace(grid, scenarios=(spec,)))
        for one in found
        for change, (spec, detail) in scenarios(one.stream, busiest_model(one.runs)).items()
    ]
    grids = [(stream, grid) for stream, _, _, grid in wanted]
    changed = run_all(grids, "changed", jobs=jobs, cache=cache)
    for (stream, change, detail, scene), results in zip(wanted, changed, strict=True):
        reach = all(
            segmented(scene.serve(stream, seed), static_mix).cost_total is not None
            for seed in range(grid.seeds)
        )
        found.append(Changed(stream, change, detail, reach, results.runs))
    return found


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of a promise; each attribute has one value per run."""

    margin_pp: Floats
    second_half_pp: Floats
    worst_pp: Floats
    over_static_mix: Floats

    @classmethod
    def of(cls, runs: Sequence[Run]) -> "Kept":
        """Read off metrics and curves."""
        return cls(
            np.array([100 * (r.metrics.satisfaction - r.cell.alpha) for r in runs]),
            np.array([100 * second_half(r) for r in runs]),
            np.array([100 * worst_run(r) for r in runs]),
            np.array([r.cost_over_static_mix for r in runs if r.cost_over_static_mix is not None]),
        )

    def cells(self) -> str:
        """The common columns; dashes if there are no runs."""
        if not len(self.margin_pp):
            return "– | – | – | –"
        cost = f"{geometric(self.over_static_mix):.2f}" if len(self.over_static_mix) else "–"
        return (
            f"{self.margin_pp.mean():+.2f} | {self.second_half_pp.mean():+.2f} "
            f"| {self.worst_pp.mean():+.1f} | {cost}"
        )


def second_half(run: Run) -> float:
    """Satisfaction above alpha in the second half: from the first point of the curve in it."""
    t, satisfied = run.curves.t, run.curves.satisfaction * run.curves.t
    at = int(np.searchsorted(t, run.metrics.requests // 2))
    return float((satisfied[-1] - satisfied[at]) / (t[-1] - t[at])) - run.cell.alpha


def worst_run(run: Run) -> float:
    """Satisfaction above alpha in the worst run of about `SPAN` requests that ends in the second half.

    What a cold start falls short by in the first half is another page's.
    """
    t = np.concatenate(([0], run.curves.t))
    satisfied = t * np.concatenate(([0.0], run.curves.satisfaction))
    start = np.flatnonzero((t + SPAN > t[-1] // 2) & (t + SPAN <= t[-1]))
    end = np.searchsorted(t, t[start] + SPAN)
    if not len(start):
        return second_half(run)
    means = (satisfied[end] - satisfied[start]) / (t[end] - t[start])
    return float(means.min()) - run.cell.alpha


COLUMNS = "above α, pp | second half, pp | worst 500, pp | cost / static mix"


def overall_table(found: Sequence[Changed]) -> str:
    """One row per change and policy, beside the same streams unchanged."""
    lines = [
        f"| what changes | policy | streams | {COLUMNS} | *unchanged:* {COLUMNS} |",
        "|---|---|--:|" + "--:|" * 8,
    ]
    for change, title in CHANGES.items():
        of_change = [one for one in found if one.change == change and one.within_reach]
        for name, policy in POLICIES.items():
            beside = [_unchanged(found, one) for one in of_change]
            changed = Kept.of([r for one in of_change for r in runs_of(one.runs, policy)])
            same = Kept.of([r for one in beside for r in runs_of(one.runs, policy)])
            lines.append(
                f"| {title} | {name} | {len(of_change)} | {changed.cells()} | {same.cells()} |"
            )
    return "\n".join(lines)


def stream_table(found: Sequence[Changed], change: str) -> str:
    """One row per stream for one change, both policies."""
    heads = " | ".join(f"{name}: {COLUMNS}" for name in POLICIES)
    lines = [f"| stream | {heads} |", "|---|" + "--:|" * 8]
    for one in found:
        if one.change == change:
            cells = [Kept.of(runs_of(one.runs, policy)).cells() for policy in POLICIES.values()]
            lines.append(f"| {named(one.stream)}{_remarks(one)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _remarks(one: Changed) -> str:
    reach = "" if one.within_reach else ", *out of reach*"
    return f": {one.detail}{reach}" if one.detail else reach


def out_of_reach(found: Sequence[Changed]) -> str:
    """The changes after which no static mix keeps the promise any more."""
    lines = []
    for change, title in CHANGES.items():
        lost = [o for o in found if o.change == change and not o.within_reach]
        if lost:
            lines.append(f"- {title}: {'; '.join(named(o.stream) for o in lost)}")
    return "\n".join(lines) or "None."


def _unchanged(found: Sequence[Changed], one: Changed) -> Changed:
    return next(o for o in found if o.change == UNCHANGED and o.stream is one.stream)


def chosen(data: Path, encoder: str) -> list[Stream]:
    """The streams of this page."""
    streams = all_streams(
        data, encoder_from_spec(encoder), promises=ONE_PROMISE, most=MOST, only=OTHERS
    )
    return [s for s in streams if s.data != RECORDING or s.task in TASKS]


def main() -> None:
    """Run everything and write the page."""
    args = options(__doc__, seeds=5)
    streams = chosen(args.data, "hashed")
    grid = Grid(
        policies=tuple(POLICIES.values()),
        seeds=args.seeds,
        encoder=encoder_from_spec("hashed").identity,
    )
    found = run_changes(streams, grid, jobs=args.jobs, cache=args.cache)
    task, change = SHOWN
    shown = next(o for o in found if (o.stream.task, o.change) == SHOWN)
    figure = around_change(
        shown.stream, {name: runs_of(shown.runs, policy) for name, policy in POLICIES.items()}, 0.5
    )
    save_figure(args.out / "figures" / "drift", figure)
    write_page(
        args.out / "drift.md",
        "drift.md.in",
        {
            "machine": describe(),
            "seeds": str(args.seeds),
            "most": f"{MOST:,}",
            "block": str(BLOCK),
            "overall": overall_table(found),
            "out_of_reach": out_of_reach(found),
            "shown": f"{task}: {CHANGES[change]}",
            "unchanged": stream_table(found, UNCHANGED),
            **{change: stream_table(found, change) for change in CHANGES},
        },
    )


if __name__ == "__main__":
    main()
