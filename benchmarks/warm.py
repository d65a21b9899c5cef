"""What a warm start saves: the first fifth of each stream is learned from, the rest is replayed.

    python -m benchmarks.warm --out docs/results

Needs the tables of ../shared/data (see --data). Writes warm.md. Warm and cold are replayed on the same
rows in the same order, and so are the reference lines. A prior of flipped verdicts, on the MESS+
recording, shows what a wrong one costs.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from benchmarks.machine import describe
from benchmarks.options import options
from benchmarks.pages import write_page
from benchmarks.past import PAST, parted, prior_of
from benchmarks.score import ALIGNED, COLUMNS, MJ, Score, geometric
from benchmarks.streams import MOST, RECORDING, all_streams, named
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from messplus.cli.progress import progress_bar
from messplus.core.types import Request
from messplus.encoders import encoder_from_spec
from messplus.priors import Prior, load
from messplus.replay.grid import Grid, run_grid
from messplus.replay.references import cheapest_mix
from messplus.replay.results import Run
from messplus.replay.streams import Stream

COLD = "adaptive"
MULTIPLIERS = 241

DEARER, SHORTER = 1.02, 0.3
"""From where on warm counts as worse than cold: so many times the cost, or so many points less of
satisfaction with which it ends below alpha."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """One stream in the order of one seed: its past learned from, the rest replayed.

    Attributes:
        stream: The whole of it.
        share: Part of its requests that was replayed.
        cold: Started from nothing.
        warm: Started from the prior of the past.
        wrong: Started from the prior of the past with every verdict flipped; on the recording only.
        frozen: Cost of the frozen prior with the best multiplier in hindsight, over the static mix.
        text_router: The same of the hindsight line of the reference, which is fitted on these rows.
    """

    stream: Stream
    share: float
    cold: Run
    warm: Run
    wrong: Run | None
    frozen: float
    text_router: float


def split(stream: Stream, seed: int, priors: Path, cache: Path | None, encoder: str) -> Split:
    """Learn from the past of one order and replay the rest."""
    past, rest = parted(stream, seed)
    prior = prior_of(past, priors)
    policies = [COLD, f"{COLD}:prior={prior}"]
    if stream.data == RECORDING:
        policies.append(f"{COLD}:prior={prior_of(past, priors, flipped=True)}")
    # The order was drawn above: another one would be no more random.
    grid = Grid(policies=tuple(policies), seeds=1, shuffle=False, encoder=encoder)
    results = run_grid([rest], grid, jobs=1, cache=cache)
    cold, warm, *wrong = results.runs
    line = {r.reference: r.cost_total for r in results.references}
    static, text = line["static_mix"] or np.nan, line["text_router"] or np.nan
    return Split(
        stream=stream,
        share=rest.n_requests / stream.n_requests,
        cold=cold,
        warm=warm,
        wrong=wrong[0] if wrong else None,
        frozen=frozen(load(prior), rest) / static,
        text_router=text / static,
    )


def frozen(prior: Prior, rest: Stream) -> float:
    """What the prior's predictions are worth to a router that never learns, in hindsight.

    Every request goes to argmin of predicted cost - multiplier * predicted satisfaction, at the best
    multiplier for these rows; points are mixed with those of the single models, as in the reference.

    Returns:
        Cost of all the requests; NaN if alpha is out of reach.
    """
    start = prior.start(
        rest.models,
        cost_unit=rest.cost_unit,
        encoding=rest.encoding,
        n_features=rest.features.shape[1],
        alpha=rest.alpha,
    )
    with threadpool_limits(1):
        believer, m, d = start.predictor, rest.n_models, rest.features.shape[1]
        learned, bills = believer.init(m, d), start.costs.init(m, d)
        predicted = np.array([believer.predict(learned, x) for x in rest.features])
        expected = np.array(
            [start.costs.predict(bills, Request(features=x)) for x in rest.features]
        )
    rows = np.arange(rest.n_requests)
    points = list(zip(rest.cost.mean(axis=0), rest.score.mean(axis=0), strict=True))
    spread = float(np.ptp(rest.cost.mean(axis=0))) or 1.0
    for multiplier in spread * np.geomspace(1e-2, 1e3, MULTIPLIERS):
        model = np.argmin(expected - multiplier * predicted, axis=1)
        points.append((rest.cost[rows, model].mean(), rest.score[rows, model].mean()))
    cost, score = np.array(points).T
    mix = cheapest_mix(cost, score, rest.alpha)
    return np.nan if mix is None else mix.cost * rest.n_requests


def run_splits(
    streams: Sequence[Stream], seeds: int, encoder: str, *, jobs: int, cache: Path | None
) -> list[Split]:
    """Every stream in the order of every seed."""
    with TemporaryDirectory() as temporary, progress_bar("warm and cold") as step:
        folder = (cache or Path(temporary)) / "priors"
        pairs = [(stream, seed) for stream in streams for seed in range(seeds)]
        found: list[Split] = []
        tasks = (
            delayed(split)(stream, seed, folder.resolve(), cache, encoder) for stream, seed in pairs
        )
        for one in Parallel(n_jobs=jobs, return_as="generator")(tasks):
            found.append(one)
            step(len(found), len(pairs))
    return found


def overall_table(splits: Sequence[Split]) -> str:
    """Cold, warm and wrong on both groups, with the hindsight lines."""
    recording = [s for s in splits if s.stream.data == RECORDING]
    others = [s for s in splits if s.stream.data != RECORDING]
    lines = [f"| | streams | MJ per stream | {COLUMNS}", f"|---|---|--:|{ALIGNED}"]
    for where, group in (("the recording's 8", recording), ("13 others, 3 promises", others)):
        starts: list[tuple[str, list[Run]]] = [
            ("cold", [s.cold for s in group]),
            ("**warm**", [s.warm for s in group]),
            ("started wrong", [s.wrong for s in group if s.wrong is not None]),
        ]
        for name, runs in starts:
            if runs:
                joules = group is recording
                mj = f"{_scaled_mj(group, runs):.3f}" if joules else "–"
                lines.append(f"| {name} | {where} | {mj} | {Score.of(runs).cells()} |")
        hindsight = (
            ("*frozen prior, best multiplier in hindsight*", [s.frozen for s in group]),
            ("*text router, fitted on these rows in hindsight*", [s.text_router for s in group]),
        )
        for name, ratios in hindsight:
            lines.append(f"| {name} | {where} | – | {_geometric(ratios):.2f} |" + " |" * 5)
    return "\n".join(lines)


def stream_table(splits: Sequence[Split]) -> str:
    """One row per stream: nothing hidden."""
    lines = [
        (
            "| stream | cold: cost, above α | warm: cost, above α | kept, cold / warm, % "
            "| > 1 pp short, cold / warm, % | frozen prior | text router |"
        ),
        "|---|" + "--:|" * 6,
    ]
    for stream, group in _by_stream(splits):
        cold, warm = Score.of(s.cold for s in group), Score.of(s.warm for s in group)
        lines.append(
            f"| {named(stream)} | {_cost_and_margin(cold)} | {_cost_and_margin(warm)} "
            f"| {cold.kept:.0f} / {warm.kept:.0f} "
            f"| {cold.below_1pp.mean():.1f} / {warm.below_1pp.mean():.1f} "
            f"| {_geometric([s.frozen for s in group]):.2f} "
            f"| {_geometric([s.text_router for s in group]):.2f} |"
        )
    return "\n".join(lines)


def worse(splits: Sequence[Split]) -> str:
    """The streams on which the warm start costs more, or ends further below alpha, than the cold."""
    found = []
    for stream, group in _by_stream(splits):
        cold, warm = Score.of(s.cold for s in group), Score.of(s.warm for s in group)
        margin = float(warm.margin_pp.mean())
        dearer = warm.geometric > DEARER * cold.geometric
        shorter = margin < min(0.0, float(cold.margin_pp.mean()) - SHORTER)
        if dearer or shorter:
            found.append(
                f"- {named(stream)}: {_cost_and_margin(cold)} cold, {_cost_and_margin(warm)} warm"
            )
    return "\n".join(found) or "None."


def ratio(splits: Sequence[Split], other: Callable[[Split], Run]) -> str:
    """Cost of another start over that of the cold one, over both runs of each split."""
    return f"{_geometric([other(s).metrics.cost_total / s.cold.metrics.cost_total for s in splits]):.2f}"


def _by_stream(splits: Sequence[Split]) -> list[tuple[Stream, list[Split]]]:
    labels = dict.fromkeys(s.stream.label for s in splits)
    groups = [[s for s in splits if s.stream.label == label] for label in labels]
    return [(group[0].stream, group) for group in groups]


def _scaled_mj(splits: Sequence[Split], runs: Sequence[Run]) -> float:
    """Mean cost of a stream, had all of it cost what the rest did."""
    whole = [r.metrics.cost_total / s.share for s, r in zip(splits, runs, strict=True)]
    return float(np.mean(whole)) / MJ


def _geometric(ratios: Iterable[float]) -> float:
    return geometric([r for r in ratios if np.isfinite(r)])


def _cost_and_margin(score: Score) -> str:
    if not len(score.cost):
        return "–"
    return f"{score.geometric:.2f}, {score.margin_pp.mean():+.2f}"


def main() -> None:
    """Run everything and write the page."""
    args = options(__doc__, seeds=4)
    encoder = encoder_from_spec("hashed")
    streams = all_streams(args.data, encoder, most=MOST)
    splits = run_splits(streams, args.seeds, encoder.identity, jobs=args.jobs, cache=args.cache)
    recording = [s for s in splits if s.stream.data == RECORDING]
    write_page(
        args.out / "warm.md",
        "warm.md.in",
        {
            "machine": describe(),
            "seeds": str(args.seeds),
            "most": f"{MOST:,}",
            "past": f"{100 * PAST:.0f} %",
            "warm_recording": ratio(recording, lambda s: s.warm),
            "warm_others": ratio(
                [s for s in splits if s.stream.data != RECORDING], lambda s: s.warm
            ),
            "wrong_recording": ratio(recording, lambda s: s.wrong or s.cold),
            "overall": overall_table(splits),
            "streams": stream_table(splits),
            "worse": worse(splits),
            "dearer": f"{100 * (DEARER - 1):.0f} %",
            "shorter": f"{SHORTER:g}",
        },
    )


if __name__ == "__main__":
    main()
