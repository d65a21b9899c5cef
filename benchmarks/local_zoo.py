"""The data set that ships: what three small models did, family by family, and what routing saves.

    python -m benchmarks.local_zoo --out docs/results --readme README.md

Needs nothing but the package. Writes local-zoo.md, its figures, and the table in the README.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from benchmarks.local_zoo_figure import families_figure
from benchmarks.machine import describe
from benchmarks.pages import save_figure, write_between, write_page
from benchmarks.score import Score, runs_of
from benchmarks.streams import LADDER, promising

from messplus.core.types import Floats
from messplus.datasets.shipped import shipped_frame, shipped_table
from messplus.encoders import HashedNgrams
from messplus.replay.grid import Grid, run_grid
from messplus.replay.outcomes import OutcomeTable
from messplus.replay.references import NAMES
from messplus.replay.results import Results
from messplus.replay.streams import Stream, make_streams
from messplus.report.plane import plane
from messplus.report.plots import PolicyRuns
from messplus.report.text import reference_title

POLICIES = {
    "**adaptive**": "adaptive",
    "MESS+, paper's V": "messplus:v_spread=0.15",
    "Thompson sampling": "thompson",
    "educated guessing": "random-constrained",
    "always the largest": "largest",
}
README_PART = 0.75
MICRO = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """The data set as arrays, each of shape (T, M).

    Attributes:
        table: Scores, costs, seconds, joules, output tokens.
        prompt_tokens: Tokens that were read.
    """

    table: OutcomeTable
    prompt_tokens: Floats

    def measures(self) -> dict[str, Floats]:
        """What a model's row shows, by heading."""
        table = self.table
        if table.latency_s is None or table.energy_j is None or table.output_tokens is None:
            raise ValueError("the data set that ships has seconds, joules and tokens")
        return {
            "satisfied, %": 100 * table.score,
            "seconds": table.latency_s,
            "tokens read": self.prompt_tokens,
            "tokens written": table.output_tokens,
            "µUSD": MICRO * table.cost,
            "joules (estimate)": table.energy_j,
        }


def recorded() -> Recorded:
    """Read the data set."""
    table = shipped_table()
    frame = shipped_frame()
    tokens = [
        frame[f"prompt_tokens__{model}"].cast(pl.Float64).to_numpy() for model in table.models
    ]
    return Recorded(table, np.stack(tokens, axis=1))


def models_table(found: Recorded) -> str:
    """A row per model: means over all requests."""
    measures = found.measures()
    lines = [f"| model | {' | '.join(measures)} |", "|---" + "|--:" * len(measures) + "|"]
    for m, model in enumerate(found.table.models):
        cells = [_number(values[:, m].mean()) for values in measures.values()]
        lines.append(f"| {model} | {' | '.join(cells)} |")
    best = 100 * found.table.score.max(axis=1).mean()
    lines.append(f"| *whichever is right* | {_number(best)}" + " |" * len(measures))
    return "\n".join(lines)


def families_table(found: Recorded) -> str:
    """A row per family; three figures per cell, one per model, the best score in bold."""
    measures = found.measures()
    del measures["joules (estimate)"]
    lines = [
        f"| family | requests | {' | '.join(measures)} | whichever is right, % |",
        "|---|--:" + "|--:" * len(measures) + "|--:|",
    ]
    tasks = np.array(found.table.tasks)
    for task in sorted(found.table.task_names):
        rows = tasks == task
        cells = []
        for name, values in measures.items():
            means = values[rows].mean(axis=0)
            shown = [_number(value) for value in means]
            if name == "satisfied, %":
                shown = [
                    f"**{text}**" if value == means.max() else text
                    for text, value in zip(shown, means, strict=True)
                ]
            cells.append(" / ".join(shown))
        best = 100 * found.table.score[rows].max(axis=1).mean()
        lines.append(f"| {task} | {rows.sum()} | {' | '.join(cells)} | {_number(best)} |")
    return "\n".join(lines)


def winners(found: Recorded) -> str:
    """How many families each model is best in, ties counted for all."""
    tasks = np.array(found.table.tasks)
    means = np.stack(
        [found.table.score[tasks == task].mean(axis=0) for task in found.table.task_names]
    )
    best = (means == means.max(axis=1, keepdims=True)).sum(axis=0)
    alone = ((means == means.max(axis=1, keepdims=True)).sum(axis=1) == 1)[:, None]
    only = (alone & (means == means.max(axis=1, keepdims=True))).sum(axis=0)
    return ", ".join(
        f"{model} in {count} (alone in {single})"
        for model, count, single in zip(found.table.models, best, only, strict=True)
    )


def routing_table(streams: Sequence[Stream], results: Results) -> str:
    """Policies and reference lines at each promise."""
    lines = [
        "| promise | | µUSD per request | cost / static mix | cost / largest | satisfied − α, pp | kept |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for stream in streams:
        largest = float(stream.cost[:, int(stream.cost.mean(axis=0).argmax())].sum())
        static = next(
            line.cost_total
            for line in results.references
            if line.task == stream.task and line.reference == "static_mix"
        )
        name = f"α = {100 * stream.alpha:.1f} %"
        for title, policy in POLICIES.items():
            runs = runs_of(results.runs, policy, task=stream.task)
            score = Score.of(runs)
            cost = float(score.cost.mean())
            lines.append(
                f"| {name} | {title} | {MICRO * cost / stream.n_requests:.2f} | {score.geometric:.2f} "
                f"| {cost / largest:.2f} | {score.margin_pp.mean():+.2f} "
                f"| {(score.margin_pp >= 0).sum()} of {len(runs)} |"
            )
            name = ""
        for reference in NAMES:
            line = next(
                one
                for one in results.references
                if one.task == stream.task and one.reference == reference
            )
            if line.cost_total is None or static is None:
                continue
            lines.append(
                f"| | *{reference_title(reference)}, in hindsight* "
                f"| {MICRO * line.cost_total / stream.n_requests:.2f} | {line.cost_total / static:.2f} "
                f"| {line.cost_total / largest:.2f} | {100 * (line.satisfaction - stream.alpha):+.2f} | |"
            )
    return "\n".join(lines)


def hidden_family(table: OutcomeTable, seeds: int, jobs: int) -> str:
    """The same promises where the router sees words and length alone."""
    nameless = replace(table, tasks=("",) * table.n_requests)
    (whole,) = make_streams(nameless, HashedNgrams(), alpha=1.0)
    streams = [promising(whole, part) for part in LADDER]
    results = run_grid(streams, Grid(policies=("adaptive",), seeds=seeds), jobs=jobs, cache=None)
    lines = [
        "| promise | adaptive: cost / static mix | satisfied − α, pp | kept | text router, in hindsight |",
        "|---|--:|--:|--:|--:|",
    ]
    for stream in streams:
        score = Score.of(runs_of(results.runs, "adaptive", task=stream.task))
        line = {
            one.reference: one.cost_total for one in results.references if one.task == stream.task
        }
        text = (line["text_router"] or np.nan) / (line["static_mix"] or np.nan)
        lines.append(
            f"| α = {100 * stream.alpha:.1f} % | {score.geometric:.2f} | {score.margin_pp.mean():+.2f} "
            f"| {(score.margin_pp >= 0).sum()} of {seeds} | {text:.2f} |"
        )
    return "\n".join(lines)


def readme_table(stream: Stream, results: Results) -> str:
    """The README's few rows."""
    rows = routing_table([stream], results).splitlines()
    return "\n".join(
        "| " + " | ".join(cell.strip() for cell in row.split("|")[2:-1]) + " |" for row in rows
    )


def _number(value: float) -> str:
    """Three figures or so."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def main() -> None:
    """Replay, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, default=Path("docs/results"), help="folder of the page")
    parser.add_argument("--seeds", type=int, default=20, help="orders of the stream")
    parser.add_argument("--jobs", type=int, default=-1, help="processes; -1 is one per core")
    parser.add_argument("--readme", type=Path, help="file whose table is replaced")
    args = parser.parse_args()

    found = recorded()
    (whole,) = make_streams(found.table, HashedNgrams(), alpha=1.0)
    streams = [promising(whole, part) for part in LADDER]
    grid = Grid(policies=tuple(POLICIES.values()), seeds=args.seeds)
    results = run_grid(streams, grid, jobs=args.jobs, cache=None)
    figures = args.out / "figures"
    save_figure(figures / "local-zoo-families", families_figure(found.table))
    middle = streams[LADDER.index(README_PART)]
    shown = [
        PolicyRuns(policy, index, tuple(runs_of(results.runs, policy, task=middle.task)))
        for index, policy in enumerate(POLICIES.values())
        if policy != "largest"
    ]
    lines = [line for line in results.references if line.task == middle.task]
    save_figure(figures / "local-zoo-plane", plane(replace(middle, task="all"), shown, lines))
    write_page(
        args.out / "local-zoo.md",
        "local-zoo.md.in",
        {
            "requests": f"{found.table.n_requests:,}",
            "families": str(len(found.table.task_names)),
            "models": models_table(found),
            "by_family": families_table(found),
            "winners": winners(found),
            "routing": routing_table(streams, results),
            "hidden": hidden_family(found.table, args.seeds, args.jobs),
            "seeds": str(args.seeds),
            "machine": describe(),
        },
    )
    if args.readme:
        write_between(args.readme, "local-zoo", readme_table(middle, results))


if __name__ == "__main__":
    main()
