"""Replay Algorithm 1 over the MESS+ authors' own recording and set it beside the paper's Table 2.

    python -m benchmarks.reproduce_paper --out docs/results

Needs messplus_llama3.parquet, beside the checkout in ../shared/data (see --data). Writes
messplus-llama3.md and its figures, and the results table of the README. With the torch extra, `--mlp`
adds the paper's own head (on hashed features: the paper's frozen ModernBERT must be fetched from a hub;
where it can be, add `--encoder modernbert`).
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.machine import SHARED_DATA, describe
from benchmarks.pages import save_figure, write_between, write_page
from benchmarks.published import MEAN_MJ, MEAN_PERCENT, TABLE_2

from messplus.core.types import Floats
from messplus.encoders import encoder_from_spec
from messplus.replay.feedback import Feedback
from messplus.replay.grid import Grid, run_grid
from messplus.replay.readers import read_outcomes
from messplus.replay.results import Results, Run
from messplus.replay.streams import Stream, make_streams
from messplus.report import plots
from messplus.report.plane import plane
from messplus.report.sweeps import Panel, sweep

V_SWEEP = (1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
C_SWEEP = (0.01, 0.1, 1.0)
MJ = 1e6

VARIANTS = {
    "cost=request": "messplus:cost=request",
    "deliver=best": "messplus:deliver=best",
    "explore_first=no": "messplus:explore_first=no",
    "learn_from=served": "messplus:learn_from=served",
}
PAPER_SGD = {"mlp, lr=0.06, clip=1 (the paper's)": "messplus:predictor=mlp:lr=0.06;clip=1"}
BASELINES = {
    "educated guessing (the paper's baseline)": "random-constrained",
    "always the 8B model": "always:Llama-3.1-8B-Instruct",
    "always the 70B model": "largest",
}
SPARSE = ("messplus", "messplus:silence=predicted", "messplus:learn_from=served")


@dataclass(frozen=True, slots=True)
class Mean:
    """What a set of runs amounts to, each stream weighing the same."""

    total_mj: float
    serving_mj: float
    percent: float  # final satisfaction
    time_mean_percent: float  # mean over time of the running satisfaction: the paper's aggregate
    above_alpha_pp: float
    kept: float
    over_static_mix: float
    calls: tuple[float, ...]


def mean_of(runs: Iterable[Run]) -> Mean:
    """Mean over runs; every stream has as many of them."""
    chosen = list(runs)

    def mean(figure: Callable[[Run], float]) -> float:
        return float(np.mean([figure(run) for run in chosen]))

    calls = np.mean([list(run.metrics.calls.values()) for run in chosen], axis=0)
    return Mean(
        total_mj=mean(lambda r: r.metrics.cost_total) / MJ,
        serving_mj=mean(lambda r: r.metrics.cost_serving) / MJ,
        percent=100 * mean(lambda r: r.metrics.satisfaction),
        time_mean_percent=100 * mean(lambda r: float(r.curves.satisfaction.mean())),
        above_alpha_pp=100 * mean(lambda r: r.metrics.satisfaction - r.cell.alpha),
        kept=mean(lambda r: float(r.metrics.shortfall_final == 0.0)),
        over_static_mix=mean(lambda r: r.cost_over_static_mix or np.nan),
        calls=tuple(calls.tolist()),
    )


def of_policy(results: Results, policy: str, task: str | None = None) -> list[Run]:
    """The runs of a policy, on one task or on all."""
    return [
        run for run in results.runs if run.cell.policy == policy and task in (None, run.cell.task)
    ]


def single_models(streams: Sequence[Stream]) -> str:
    """Single-model totals and accuracies beside Table 2."""
    lines = [
        "| stream | requests | MJ, recorded (1B / 8B / 70B) | MJ, Table 2 | %, recorded | %, Table 2 |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for stream in streams:
        printed = TABLE_2[stream.task]
        total = stream.cost.sum(axis=0) / MJ
        score = 100 * stream.score.mean(axis=0)
        lines.append(
            f"| {stream.task} | {stream.n_requests:,} | {_slashed(total, 3)} "
            f"| {_slashed(printed.single_mj, 2)} | {_slashed(score, 2)} "
            f"| {_slashed(printed.single_percent, 2)} |"
        )
    return "\n".join(lines)


def reference_lines(results: Results, streams: Sequence[Stream]) -> str:
    """The four reference lines of every stream, in MJ."""
    names = ("best_single", "static_mix", "text_router", "clairvoyant")
    lines = ["| stream | " + " | ".join(n.replace("_", " ") for n in names) + " |"]
    lines.append("|---|" + "--:|" * len(names))
    cost = {(r.task, r.reference): r.cost_total or np.nan for r in results.references}
    for stream in streams:
        cells = [f"{cost[stream.task, name] / MJ:.3f}" for name in names]
        lines.append(f"| {stream.task} | {' | '.join(cells)} |")
    means = [np.mean([cost[s.task, name] for s in streams]) / MJ for name in names]
    lines.append("| **mean** | " + " | ".join(f"**{m:.3f}**" for m in means) + " |")
    return "\n".join(lines)


def beside_table_2(results: Results, streams: Sequence[Stream], policies: Sequence[str]) -> str:
    """Per stream: the paper's MESS+ row and ours, one pair of columns per predictor."""
    names = [policy.partition("predictor=")[2] for policy in policies]
    head = "| stream (α) | paper: MJ / % | " + " | ".join(f"{n}: MJ / %" for n in names) + " |"
    lines = [head, "|---|--:|" + "--:|" * len(names)]
    for stream in streams:
        printed = TABLE_2[stream.task]
        cells = [
            _cost_and_satisfaction(of_policy(results, policy, stream.task)) for policy in policies
        ]
        lines.append(
            f"| {stream.task} ({100 * stream.alpha:g}) "
            f"| {printed.messplus_mj:.2f} / {printed.messplus_percent:.2f} | {' | '.join(cells)} |"
        )
    means = [mean_of(of_policy(results, policy)) for policy in policies]
    cells = [f"**{m.total_mj:.2f} / {m.percent:.2f}**" for m in means]
    lines.append(f"| **mean** | **{MEAN_MJ:.2f} / {MEAN_PERCENT:.2f}** | {' | '.join(cells)} |")
    return "\n".join(lines)


def differences(results: Results, streams: Sequence[Stream]) -> dict[str, str]:
    """The figures that the discussion of differences names."""
    logistic = "messplus:predictor=logistic"
    spread, away = [], []
    for stream in streams:
        cost = np.array([r.metrics.cost_total for r in of_policy(results, logistic, stream.task)])
        spread.append(cost.std() / cost.mean())
        if stream.task != "sciq":
            away.append(abs(cost.mean() / MJ / TABLE_2[stream.task].messplus_mj - 1))
    sciq, sciq_c1 = (
        _cost_and_satisfaction(of_policy(results, policy, "sciq")).replace(" /", " MJ /")
        for policy in (logistic, "messplus:c=1")
    )
    return {
        "sciq": sciq.partition(" /")[0],
        "sciq_c1": f"{sciq_c1} %",
        "spread": f"{100 * min(spread):.0f} to {100 * max(spread):.0f} %",
        "within": f"{100 * max(away):.0f} %",
    }


def variants(results: Results, named: Sequence[tuple[str, str]]) -> str:
    """One row per policy: means over the eight streams."""
    lines = [
        (
            "| setting | MJ, all charged | MJ, explored requests left out | satisfied, % "
            "| mean over time, % | above α, pp | promises kept, % | cost / static mix "
            "| answers 1B / 8B / 70B, % |"
        ),
        "|---|" + "--:|" * 8,
    ]
    for name, policy in named:
        m = mean_of(of_policy(results, policy))
        calls = " / ".join(f"{100 * share:.0f}" for share in m.calls)
        lines.append(
            f"| {name} | {m.total_mj:.3f} | {m.serving_mj:.3f} | {m.percent:.2f} "
            f"| {m.time_mean_percent:.2f} | {m.above_alpha_pp:+.2f} | {100 * m.kept:.0f} "
            f"| {m.over_static_mix:.2f} | {calls} |"
        )
    return "\n".join(lines)


def sweep_panels(
    results: Results, streams: Sequence[Stream], policies: Sequence[str]
) -> list[Panel]:
    """Cost over the static mix, and satisfaction above alpha, of each stream at each setting."""
    cost: dict[str, Floats] = {}
    margin: dict[str, Floats] = {}
    for stream in streams:
        means = [mean_of(of_policy(results, policy, stream.task)) for policy in policies]
        cost[stream.task] = np.array([m.over_static_mix for m in means])
        margin[stream.task] = np.array([m.above_alpha_pp / 100 for m in means])
    total = {(r.task, r.reference): r.cost_total or np.nan for r in results.references}
    clairvoyant = np.mean(
        [total[s.task, "clairvoyant"] / total[s.task, "static_mix"] for s in streams]
    )
    return [
        Panel(
            y_label="cost / static mix",
            lines=cost,
            levels={"static mix": 1.0, "clairvoyant": float(clairvoyant)},
            log_y=True,
        ),
        Panel(y_label="satisfied − α", lines=margin, levels={"α": 0.0}, shown_as="points"),
    ]


def _cost_and_satisfaction(runs: Sequence[Run]) -> str:
    cost = [run.metrics.cost_total / MJ for run in runs]
    percent = [100 * run.metrics.satisfaction for run in runs]
    short = " ✗" if np.mean(percent) < 100 * runs[0].cell.alpha else ""
    return f"{np.mean(cost):.2f}±{np.std(cost):.2f} / {np.mean(percent):.2f}{short}"


def _slashed(values: Iterable[float], digits: int) -> str:
    return " / ".join(f"{value:.{digits}f}" for value in values)


def short_table(results: Results, rows: Mapping[str, str]) -> str:
    """What the README shows: means over the eight streams."""
    lines = [
        "| | energy per stream, MJ | satisfied − α, pp | promises kept | cost / static mix |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, policy in rows.items():
        m, runs = mean_of(of_policy(results, policy)), of_policy(results, policy)
        kept = sum(run.metrics.shortfall_final == 0.0 for run in runs)
        lines.append(
            f"| {name} | {m.total_mj:.2f} | {m.above_alpha_pp:+.2f} | {kept} of {len(runs)} "
            f"| {m.over_static_mix:.2f} |"
        )
    for name in ("best_single", "static_mix", "clairvoyant"):
        found = [r for r in results.references if r.reference == name]
        static = [r for r in results.references if r.reference == "static_mix"]
        total = np.array([r.cost_total or np.nan for r in found])
        ratio = total / np.array([r.cost_total or np.nan for r in static])
        margin = np.mean([r.satisfaction - r.alpha for r in found])
        lines.append(
            f"| *{name.replace('_', ' ')}, in hindsight* | {total.mean() / MJ:.2f} "
            f"| {100 * margin:+.2f} | {len(found)} of {len(found)} | {ratio.mean():.2f} |"
        )
    return "\n".join(lines)


def one_stream(results: Results, stream: Stream, folder: Path) -> None:
    """The README's picture, and satisfaction and cost over time on the same stream."""
    shown = {
        "MESS+, V = 1e-4": "messplus:v=0.0001",
        "MESS+, V = 1e-3": "messplus:v=0.001",
        "educated guessing": "random-constrained",
        "adaptive": "adaptive",
    }
    policies = [
        plots.PolicyRuns(name, index, tuple(of_policy(results, policy, stream.task)))
        for index, (name, policy) in enumerate(shown.items())
    ]
    lines = [line for line in results.references if line.task == stream.task]
    save_figure(folder / "llama3-plane", plane(stream, policies, lines))
    save_figure(folder / "llama3-satisfaction", plots.satisfaction(stream, policies))
    save_figure(folder / "llama3-cost", plots.cost(stream, policies, lines))


def main() -> None:
    """Run everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=SHARED_DATA)
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    parser.add_argument("--readme", type=Path, help="put the short table between its marks")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--encoder", default="hashed")
    parser.add_argument("--mlp", action="store_true", help="add the paper's head (torch extra)")
    args = parser.parse_args()
    recording = args.data / "messplus_llama3.parquet"
    if not recording.exists():
        sys.exit(
            f"{recording} is absent: without the authors' recording there is nothing to replay"
        )

    table = read_outcomes(recording).table
    encoder = encoder_from_spec(args.encoder)
    streams = make_streams(table, encoder)
    predictors = ["mean", "logistic", "knn", *(["mlp"] if args.mlp else [])]
    beside = [f"messplus:predictor={name}" for name in predictors]
    options = VARIANTS | (PAPER_SGD if args.mlp else {})
    v_policies = [f"messplus:v={v:g}" for v in V_SWEEP]
    c_policies = [f"messplus:c={c:g}" for c in C_SWEEP]
    names = ("adaptive", *beside, *options.values(), *v_policies, *c_policies, *BASELINES.values())
    grid = Grid(policies=tuple(dict.fromkeys(names)), seeds=args.seeds, encoder=encoder.identity)
    results = run_grid(streams, grid)
    sparse = run_grid(
        streams,
        Grid(
            policies=SPARSE,
            seeds=args.seeds,
            feedback=Feedback(share=0.2),
            encoder=encoder.identity,
        ),
    )

    figures = args.out / "figures"
    one_stream(results, next(s for s in streams if s.task == "boolq"), figures)
    save_figure(
        figures / "llama3-v-sweep",
        sweep(
            "V, requests per joule", np.array(V_SWEEP), sweep_panels(results, streams, v_policies),
            marked={"paper": 1e-4},
        ),
    )  # fmt: skip
    save_figure(
        figures / "llama3-c-sweep",
        sweep(
            "c, exploration scale", np.array(C_SWEEP), sweep_panels(results, streams, c_policies),
            marked={"paper": 0.1},
        ),
    )  # fmt: skip
    write_page(
        args.out / "messplus-llama3.md",
        "messplus-llama3.md.in",
        {
            "machine": describe(),
            "seeds": str(args.seeds),
            "encoder": encoder.identity,
            "single_models": single_models(streams),
            "references": reference_lines(results, streams),
            **differences(results, streams),
            "table_2": beside_table_2(results, streams, beside),
            "variants": variants(
                results, [*zip(predictors, beside, strict=True), *options.items()]
            ),
            "sparse": variants(sparse, [(policy, policy) for policy in SPARSE]),
            "v_sweep": variants(
                results, [(f"V = {v:g}", p) for v, p in zip(V_SWEEP, v_policies, strict=True)]
            ),
            "c_sweep": variants(
                results, [(f"c = {c:g}", p) for c, p in zip(C_SWEEP, c_policies, strict=True)]
            ),
        },
    )
    if args.readme is not None:
        rows = {"MESS+, V = 1e-4 per joule (the paper's)": "messplus:v=0.0001"}
        rows |= {"MESS+, V = 1e-3 per joule": "messplus:v=0.001", "**adaptive**, no V": "adaptive"}
        write_between(args.readme, "results", short_table(results, rows | BASELINES))


if __name__ == "__main__":
    main()
