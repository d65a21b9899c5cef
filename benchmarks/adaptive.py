"""The adaptive policy beside MESS+ on every recorded table.

    python -m benchmarks.adaptive --out docs/results

Needs the tables of ../shared/data (see --data). Writes adaptive.md and its figures. Every table but the
MESS+ recording, which has promises of its own, is replayed at alpha 1/2, 3/4 and 0.9 of the way from its
cheapest to its best model.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from benchmarks.machine import SHARED_DATA, describe
from benchmarks.pages import save_figure, write_page

from messplus.core.types import Floats
from messplus.encoders import Encoder, encoder_from_spec
from messplus.replay.feedback import Feedback
from messplus.replay.grid import Grid, run_grid
from messplus.replay.readers import read_outcomes
from messplus.replay.results import Results, Run
from messplus.replay.streams import Stream, make_streams
from messplus.report import plots

RECORDING = "messplus_llama3"
LADDER = (0.5, 0.75, 0.9)
V_SPREADS = (0.015, 0.05, 0.15, 0.5, 1.5)
ADAPTIVE = "adaptive"
MESSPLUS = "messplus:v_spread=0.15"
SETTINGS = {
    "defaults": ADAPTIVE,
    "softness 15": "adaptive:softness=15",
    "softness 40": "adaptive:softness=40",
    "softness 100": "adaptive:softness=100",
    "urgency 1000 (no extra pull in debt)": "adaptive:urgency=1000",
    "optimism 0, 1 in debt": "adaptive:optimism=0",
    "optimism 1": "adaptive:optimism=1",
    "patience 0.01 (no ladder)": "adaptive:patience=0.01",
    "patience 60": "adaptive:patience=60",
    "window 50": "adaptive:window=50",
    "resolve_every 20": "adaptive:resolve_every=20",
}
MJ = 1e6


@dataclass(frozen=True, slots=True)
class Score:
    """What a policy did on a set of runs."""

    over_static_mix: Floats  # one per run
    margin_pp: Floats
    below_1pp: Floats
    cost: Floats

    @classmethod
    def of(cls, runs: Sequence[Run]) -> "Score":
        """Collect the runs whose promise is within reach of a static mix."""
        kept = [run for run in runs if run.cost_over_static_mix is not None]
        return cls(
            np.array([run.cost_over_static_mix for run in kept], dtype=np.float64),
            np.array([100 * (run.metrics.satisfaction - run.cell.alpha) for run in kept]),
            np.array([100 * run.metrics.share_below_1pp for run in kept]),
            np.array([run.metrics.cost_total for run in kept]),
        )

    @property
    def geometric(self) -> float:
        """Geometric mean of cost over static mix."""
        return float(np.exp(np.log(self.over_static_mix).mean()))

    def cells(self) -> str:
        """The common columns of every table here."""
        return (
            f"{self.geometric:.2f} | {self.margin_pp.mean():+.2f} | {self.margin_pp.min():+.2f} "
            f"| {100 * (self.margin_pp >= 0).mean():.0f} | {100 * (self.margin_pp >= -0.5).mean():.0f} "
            f"| {self.below_1pp.mean():.1f}"
        )


COLUMNS = "cost / static mix | above α, pp | worst, pp | kept, % | within 0.5 pp, % | > 1 pp short, % of time |"


def all_streams(data: Path, encoder: Encoder) -> list[Stream]:
    """The recording's eight streams, and every other table at three promises."""
    streams: list[Stream] = []
    for path in sorted(data.glob("*.parquet")):
        table = read_outcomes(path).table
        if table.name == RECORDING:
            streams += make_streams(table, encoder)
            continue
        score = table.score.mean(axis=0)
        for part in LADDER:
            alpha = float(score[0] + part * (score.max() - score[0]))
            (stream,) = make_streams(table, encoder, alpha=alpha)
            streams.append(replace(stream, task=f"{part:g}"))
    return streams


def runs_of(results: Results, policy: str, data: str = "", task: str = "") -> list[Run]:
    """The runs of a policy, on one data set or stream or on all."""
    return [
        run
        for run in results.runs
        if run.cell.policy == policy and data in ("", run.cell.data) and task in ("", run.cell.task)
    ]


def best_v(results: Results, policies: Sequence[str], data: str, task: str) -> tuple[str, Score]:
    """MESS+ at its best V in hindsight.

    The cheapest among those that fall short by no more than 0.3 points on average; if none does, the
    one that falls short least.
    """
    found = [(p, Score.of(runs_of(results, p, data, task))) for p in policies]
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
            Score.of(runs_of(results, ADAPTIVE, RECORDING, stream.task)),
            Score.of(runs_of(results, MESSPLUS, RECORDING, stream.task)),
            best_v(results, v_policies, RECORDING, stream.task)[1],
        ]
        cells = [f"{s.cost.mean() / MJ:.3f} / {s.margin_pp.mean():+.2f}" for s in scores]
        lines.append(f"| {stream.task} | {' | '.join(cells)} | {static[stream.task]:.3f} |")
        totals.append([x for s in scores for x in (s.cost.mean() / MJ, float(s.margin_pp.mean()))])
    mean = np.mean(totals, axis=0)
    cells = [f"**{mean[i]:.3f} / {mean[i + 1]:+.2f}**" for i in (0, 2, 4)]
    lines.append(f"| **mean** | {' | '.join(cells)} | **{np.mean(list(static.values())):.3f}** |")
    return "\n".join(lines)


def overall_table(results: Results, named: Sequence[tuple[str, str, bool]]) -> str:
    """One row per policy: on the recording, and on all other tables."""
    lines = [f"| policy | streams | {COLUMNS}", "|---|---|" + "--:|" * 6]
    for name, policy, recording in named:
        runs = [r for r in runs_of(results, policy) if (r.cell.data == RECORDING) == recording]
        where = "the recording's 8" if recording else "the other tables, 3 promises each"
        lines.append(f"| {name} | {where} | {Score.of(runs).cells()} |")
    return "\n".join(lines)


def stream_table(results: Results, streams: Sequence[Stream], v_policies: Sequence[str]) -> str:
    """One row per stream of the other tables: nothing hidden."""
    lines = [
        f"| table, promise | {COLUMNS} MESS+, paper's V | MESS+, best V | text router |",
        "|---|" + "--:|" * 9,
    ]
    total = {(r.data, r.task, r.reference): r.cost_total for r in results.references}
    for stream in streams:
        if stream.data == RECORDING:
            continue
        where = (stream.data, stream.task)
        ours = Score.of(runs_of(results, ADAPTIVE, *where))
        theirs = Score.of(runs_of(results, MESSPLUS, *where))
        _, best = best_v(results, v_policies, *where)
        text, static = total[*where, "text_router"], total[*where, "static_mix"]
        ratio = f"{text / static:.2f}" if text and static else "–"
        lines.append(
            f"| {stream.data}, {stream.task} (α = {stream.alpha:.3f}) | {ours.cells()} "
            f"| {theirs.geometric:.2f} ({theirs.margin_pp.mean():+.1f}) "
            f"| {best.geometric:.2f} ({best.margin_pp.mean():+.1f}) | {ratio} |"
        )
    return "\n".join(lines)


def settings_table(results: Results) -> str:
    """One row per setting of the adaptive policy, on the recording's streams."""
    lines = [f"| setting | MJ | {COLUMNS}", "|---|--:|" + "--:|" * 6]
    for name, policy in SETTINGS.items():
        score = Score.of(runs_of(results, policy))
        lines.append(f"| {name} | {score.cost.mean() / MJ:.3f} | {score.cells()} |")
    return "\n".join(lines)


def lost(results: Results, streams: Sequence[Stream]) -> str:
    """The streams on which the adaptive policy costs clearly more than the static mix."""
    named = []
    for stream in streams:
        score = Score.of(runs_of(results, ADAPTIVE, stream.data, stream.task))
        if score.geometric > 1.1:
            named.append((score.geometric, f"{stream.data} {stream.task} ({score.geometric:.2f})"))
    return ", ".join(name for _, name in sorted(named, reverse=True))


def figures(results: Results, stream: Stream, folder: Path) -> None:
    """Satisfaction and cost over time, adaptive beside MESS+, on one stream."""
    shown = {"adaptive": ADAPTIVE, "MESS+, paper's V": MESSPLUS}
    policies = [
        plots.PolicyRuns(name, index, tuple(runs_of(results, policy, stream.data, stream.task)))
        for index, (name, policy) in enumerate(shown.items())
    ]
    lines = [r for r in results.references if (r.data, r.task) == (stream.data, stream.task)]
    save_figure(folder / "adaptive-satisfaction", plots.satisfaction(stream, policies))
    save_figure(folder / "adaptive-cost", plots.cost(stream, policies, lines))


def main() -> None:
    """Run everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=SHARED_DATA)
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cache", type=Path, help="keep finished runs here")
    args = parser.parse_args()
    if not args.data.is_dir():
        sys.exit(f"{args.data} is absent: without recorded tables there is nothing to replay")

    encoder = encoder_from_spec("hashed")
    streams = all_streams(args.data, encoder)
    v_policies = [f"messplus:v_spread={v:g}" for v in V_SPREADS]
    grid = Grid(
        policies=tuple(dict.fromkeys((ADAPTIVE, MESSPLUS, *v_policies, "random-constrained"))),
        seeds=args.seeds,
        encoder=encoder.identity,
    )
    results = run_grid(streams, grid, cache=args.cache)
    recording = [stream for stream in streams if stream.data == RECORDING]
    figures(results, next(s for s in recording if s.task == "boolq"), args.out / "figures")
    sparse = "\n".join(
        f"| {100 * share:g} % | {delay} | {Score.of(found.runs).cells()} |"
        for share, delay in ((1.0, 0), (1.0, 100), (0.2, 0), (0.05, 0))
        for found in [
            run_grid(
                recording,
                replace(grid, policies=(ADAPTIVE,), feedback=Feedback(share=share, delay=delay)),
                cache=args.cache,
            )
        ]
    )
    studied = run_grid(
        recording, replace(grid, policies=tuple(SETTINGS.values())), cache=args.cache
    )
    named = [
        (name, policy, of_recording)
        for of_recording in (True, False)
        for name, policy in (
            ("adaptive", ADAPTIVE),
            ("MESS+, paper's V", MESSPLUS),
            ("educated guessing", "random-constrained"),
        )
    ]
    write_page(
        args.out / "adaptive.md",
        "adaptive.md.in",
        {
            "machine": describe(),
            "seeds": str(args.seeds),
            "overall": overall_table(results, named),
            "recording": recording_table(results, streams, v_policies),
            "streams": stream_table(results, streams, v_policies),
            "lost": lost(results, streams),
            "columns": COLUMNS,
            "settings": settings_table(studied),
            "sparse": sparse,
            "v_spreads": ", ".join(f"{v:g}" for v in V_SPREADS),
        },
    )


if __name__ == "__main__":
    main()
