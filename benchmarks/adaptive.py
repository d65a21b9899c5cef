"""The adaptive policy beside MESS+ on every recorded table, and what each of its parts is worth.

    python -m benchmarks.adaptive --out docs/results

Needs the tables of ../shared/data (see --data). Writes adaptive.md and its figures. Every table but the
MESS+ recording, which has promises of its own, is replayed at alpha 1/2, 3/4 and 0.9 of the way from its
cheapest to its best model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from benchmarks.grids import run_all
from benchmarks.machine import describe
from benchmarks.options import options
from benchmarks.pages import save_figure, write_page
from benchmarks.score import ALIGNED, COLUMNS, MJ, Score, in_group, runs_of
from benchmarks.streams import MOST, ONE_PROMISE, RECORDING, all_streams, named

from messplus.cli.progress import progress_bar
from messplus.encoders import encoder_from_spec
from messplus.replay.grid import Grid, run_grid
from messplus.replay.results import Results, Run
from messplus.replay.streams import Stream
from messplus.report import plots

V_SPREADS = (0.015, 0.05, 0.15, 0.5, 1.5)
ADAPTIVE = "adaptive"
MESSPLUS = "messplus:v_spread=0.15"

PARTS: Mapping[str, str] = {
    "all parts": ADAPTIVE,
    "debt does not correct the price": "adaptive:softness=1e9,urgency=1e9",
    "no extra pull where more is owed than promised": "adaptive:urgency=1e9",
    "no hope, but in debt": "adaptive:optimism=0",
    "no ladder: any model may be asked": "adaptive:patience=1e-9",
    "all credit counts, however old": "adaptive:credit=1e9",
    "price solved over 20 requests, not 200": "adaptive:window=20",
    "price solved every 200 requests, not 5": "adaptive:resolve_every=200",
}
"""The policy without one of its parts: what it lacks, and the spec that takes it away."""

PART_SEEDS = 3
"""At most so many seeds for each part: there are many, and differences are means over 21 streams."""


def best_v(results: Results, policies: Sequence[str], data: str, task: str) -> tuple[str, Score]:
    """MESS+ at its best V in hindsight.

    The cheapest among those that fall short by no more than 0.3 points on average; if none does, the
    one that falls short least.
    """
    found = [(p, Score.of(runs_of(results.runs, p, data, task))) for p in policies]
    enough = [one for one in found if one[1].margin_pp.mean() >= -0.3]
    if enough:
        return min(enough, key=lambda one: one[1].geometric)
    return max(found, key=lambda one: float(one[1].margin_pp.mean()))


def recording_table(results: Results, streams: Sequence[Stream], v_policies: Sequence[str]) -> str:
    """The eight streams of the MESS+ recording: cost in MJ and margin, three policies."""
    lines = [
        (
            "| stream | adaptive: MJ / pp | MESS+, paper's V: MJ / pp "
            "| MESS+, best V in hindsight: MJ / pp | static mix, MJ |"
        ),
        "|---|--:|--:|--:|--:|",
    ]
    static = {
        r.task: (r.cost_total or np.nan) / MJ
        for r in results.references
        if (r.data, r.reference) == (RECORDING, "static_mix")
    }
    totals: list[list[float]] = []
    for stream in streams:
        if stream.data != RECORDING:
            continue
        scores = [
            Score.of(runs_of(results.runs, ADAPTIVE, RECORDING, stream.task)),
            Score.of(runs_of(results.runs, MESSPLUS, RECORDING, stream.task)),
            best_v(results, v_policies, RECORDING, stream.task)[1],
        ]
        cells = [f"{s.cost.mean() / MJ:.3f} / {s.margin_pp.mean():+.2f}" for s in scores]
        lines.append(f"| {stream.task} | {' | '.join(cells)} | {static[stream.task]:.3f} |")
        totals.append([x for s in scores for x in (s.cost.mean() / MJ, float(s.margin_pp.mean()))])
    mean = np.mean(totals, axis=0)
    cells = [f"**{mean[i]:.3f} / {mean[i + 1]:+.2f}**" for i in (0, 2, 4)]
    lines.append(f"| **mean** | {' | '.join(cells)} | **{np.mean(list(static.values())):.3f}** |")
    return "\n".join(lines)


def overall_table(results: Results, policies: Mapping[str, str]) -> str:
    """One row per policy: on the recording, and on all other tables."""
    lines = [f"| policy | streams | {COLUMNS}", f"|---|---|{ALIGNED}"]
    for recording in (True, False):
        where = "the recording's 8" if recording else "the other tables, 3 promises each"
        for name, policy in policies.items():
            runs = in_group(runs_of(results.runs, policy), recording=recording)
            lines.append(f"| {name} | {where} | {Score.of(runs).cells()} |")
    return "\n".join(lines)


def stream_table(results: Results, streams: Sequence[Stream], v_policies: Sequence[str]) -> str:
    """One row per stream of the other tables: nothing hidden."""
    lines = [
        f"| table, promise | {COLUMNS} MESS+, paper's V | MESS+, best V | text router |",
        f"|---|{ALIGNED}" + "--:|" * 3,
    ]
    total = {(r.data, r.task, r.reference): r.cost_total for r in results.references}
    for stream in streams:
        if stream.data == RECORDING:
            continue
        where = (stream.data, stream.task)
        ours = Score.of(runs_of(results.runs, ADAPTIVE, *where))
        theirs = Score.of(runs_of(results.runs, MESSPLUS, *where))
        _, best = best_v(results, v_policies, *where)
        text, static = total[*where, "text_router"], total[*where, "static_mix"]
        ratio = f"{text / static:.2f}" if text and static else "–"
        lines.append(
            f"| {named(stream)} | {ours.cells()} "
            f"| {theirs.geometric:.2f} ({theirs.margin_pp.mean():+.1f}) "
            f"| {best.geometric:.2f} ({best.margin_pp.mean():+.1f}) | {ratio} |"
        )
    return "\n".join(lines)


def parts_table(runs: Sequence[Run], *, recording: bool) -> str:
    """One row per part that is taken away, on the recording or on the other tables."""
    lines = [f"| | {COLUMNS}", f"|---|{ALIGNED}"]
    for name, policy in PARTS.items():
        found = in_group(runs_of(runs, policy), recording=recording)
        lines.append(f"| {name} | {Score.of(found).cells()} |")
    return "\n".join(lines)


def lost(results: Results, streams: Sequence[Stream]) -> str:
    """The streams on which the adaptive policy costs clearly more than the static mix."""
    named = []
    for stream in streams:
        score = Score.of(runs_of(results.runs, ADAPTIVE, stream.data, stream.task))
        if score.geometric > 1.1:
            named.append((score.geometric, f"{stream.data} {stream.task} ({score.geometric:.2f})"))
    return ", ".join(name for _, name in sorted(named, reverse=True))


def figures(results: Results, stream: Stream, folder: Path) -> None:
    """Satisfaction and cost over time, adaptive beside MESS+, on one stream."""
    shown = {"adaptive": ADAPTIVE, "MESS+, paper's V": MESSPLUS}
    policies = [
        plots.PolicyRuns(
            name, index, tuple(runs_of(results.runs, policy, stream.data, stream.task))
        )
        for index, (name, policy) in enumerate(shown.items())
    ]
    lines = [r for r in results.references if (r.data, r.task) == (stream.data, stream.task)]
    save_figure(folder / "adaptive-satisfaction", plots.satisfaction(stream, policies))
    save_figure(folder / "adaptive-cost", plots.cost(stream, policies, lines))


def main() -> None:
    """Run everything and write the page."""
    args = options(__doc__, seeds=5)
    encoder = encoder_from_spec("hashed")
    streams = all_streams(args.data, encoder)
    v_policies = [f"messplus:v_spread={v:g}" for v in V_SPREADS]
    grid = Grid(
        policies=tuple(dict.fromkeys((ADAPTIVE, MESSPLUS, *v_policies, "random-constrained"))),
        seeds=args.seeds,
        encoder=encoder.identity,
    )
    with progress_bar("all policies") as step:
        results = run_grid(streams, grid, jobs=args.jobs, cache=args.cache, on_step=step)

    fewer = all_streams(args.data, encoder, promises=ONE_PROMISE, most=MOST)
    seeds = min(args.seeds, PART_SEEDS)
    by_part = replace(grid, policies=tuple(PARTS.values()), seeds=seeds)
    grids = [(stream, by_part) for stream in fewer]
    found = run_all(grids, "part by part", jobs=args.jobs, cache=args.cache)
    parts = [run for one in found for run in one.runs]

    figures(
        results,
        next(s for s in streams if (s.data, s.task) == (RECORDING, "boolq")),
        args.out / "figures",
    )
    policies = {
        "adaptive": ADAPTIVE,
        "MESS+, paper's V": MESSPLUS,
        "educated guessing": "random-constrained",
    }
    write_page(
        args.out / "adaptive.md",
        "adaptive.md.in",
        {
            "machine": describe(),
            "seeds": str(args.seeds),
            "overall": overall_table(results, policies),
            "recording": recording_table(results, streams, v_policies),
            "streams": stream_table(results, streams, v_policies),
            "lost": lost(results, streams),
            "part_seeds": str(seeds),
            "most": f"{MOST:,}",
            "parts_recording": parts_table(parts, recording=True),
            "parts_others": parts_table(parts, recording=False),
            "v_spreads": ", ".join(f"{v:g}" for v in V_SPREADS),
        },
    )


if __name__ == "__main__":
    main()
