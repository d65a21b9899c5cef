"""What is kept when verdicts are few, late, biased or wrong.

    python -m benchmarks.feedback --out docs/results

Needs the tables of ../shared/data (see --data). Writes feedback.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from benchmarks.grids import run_all
from benchmarks.machine import describe
from benchmarks.options import options
from benchmarks.pages import write_page
from benchmarks.score import Score, in_group
from benchmarks.streams import MOST, ONE_PROMISE, RECORDING, all_streams, named

from messplus.encoders import encoder_from_spec
from messplus.replay.feedback import Feedback, Judge
from messplus.replay.grid import Grid
from messplus.replay.results import Run
from messplus.replay.streams import Stream

POLICY = "adaptive"

OTHERS = (
    "routellm_mmlu",
    "mmlupro_llama",
    "zeroeval_llama31_energy",
    "routerbench_arc_mbpp_winogrande",
)

_JUDGE = Judge(sensitivity=0.9, false_accept=0.3)
_BIASED = Feedback(satisfied_share=0.3, dissatisfied_share=0.05)
_AUDITS = 0.03

WORLDS: Mapping[str, Feedback] = {
    "every user, at once": Feedback(),
    "20 % of users": Feedback(share=0.2),
    "5 % of users": Feedback(share=0.05),
    "every user, 100 requests late": Feedback(delay=100),
    "every user, 1,000 requests late": Feedback(delay=1000),
    "30 % of the dissatisfied only": Feedback(satisfied_share=0.0, dissatisfied_share=0.3),
    "30 % of the satisfied only": Feedback(satisfied_share=0.3, dissatisfied_share=0.0),
    "30 % of the satisfied, 5 % of the others": _BIASED,
    "the same, and 3 % audits": replace(_BIASED, audits=_AUDITS),
    "no user, a judge on all answers": Feedback(share=0.0, judge=_JUDGE),
    "the same, and 3 % audits of it": Feedback(share=0.0, judge=_JUDGE, audits=_AUDITS),
}
"""Who says something, by the name that the tables show."""

Worlds = Mapping[str, Sequence[Run]]


def world_table(runs: Worlds, *, recording: bool) -> str:
    """One row per world, on the recording or on the other tables."""
    lines = [
        (
            "| verdicts of | above α, pp | believed, pp | cost / static mix | warned, % "
            "| kept, % | within 0.5 pp, % | worst, pp |"
        ),
        "|---|" + "--:|" * 7,
    ]
    for world, found in runs.items():
        group = in_group(found, recording=recording)
        score = Score.of(group)
        warned = 100 * np.mean([bool(run.warnings) for run in group])
        lines.append(
            f"| {world} | {score.margin_pp.mean():+.2f} | {believed(group)} | {score.geometric:.2f} "
            f"| {warned:.0f} | {score.kept:.0f} | {score.nearly_kept:.0f} "
            f"| {score.margin_pp.min():+.2f} |"
        )
    return "\n".join(lines)


def believed(runs: Sequence[Run]) -> str:
    """What the policy thinks that it delivered above alpha; a dash if it keeps no account."""
    margins = [
        100 * (run.metrics.satisfaction_believed - run.cell.alpha)
        for run in runs
        if run.metrics.satisfaction_believed is not None
    ]
    return f"{np.mean(margins):+.2f}" if margins else "–"


def stream_table(runs: Worlds, streams: Sequence[Stream]) -> str:
    """Satisfaction above alpha and cost, a row per world and a column per stream."""
    lines = [
        f"| verdicts of | {' | '.join(named(stream) for stream in streams)} |",
        "|---|" + "--:|" * len(streams),
    ]
    for world, found in runs.items():
        cells = []
        for stream in streams:
            score = Score.of(
                run for run in found if (run.cell.data, run.cell.task) == (stream.data, stream.task)
            )
            cells.append(f"{score.margin_pp.mean():+.1f} / {score.geometric:.2f}")
        lines.append(f"| {world} | {' | '.join(cells)} |")
    return "\n".join(lines)


def warnings(runs: Worlds) -> str:
    """One of the warnings of each world, as it was given."""
    lines = [
        f"- {world}: “{first}”"
        for world, found in runs.items()
        for first in [sentence for run in found for sentence in run.warnings][:1]
    ]
    return "\n".join(lines) or "None was given."


def main() -> None:
    """Run everything and write the page."""
    args = options(__doc__, seeds=5)
    encoder = encoder_from_spec("hashed")
    streams = all_streams(args.data, encoder, promises=ONE_PROMISE, most=MOST, only=OTHERS)
    grid = Grid(policies=(POLICY,), seeds=args.seeds, encoder=encoder.identity)
    grids = [
        (stream, replace(grid, feedback=feedback))
        for feedback in WORLDS.values()
        for stream in streams
    ]
    found = run_all(grids, "all kinds of feedback", jobs=args.jobs, cache=args.cache)
    runs: dict[str, list[Run]] = {}
    for index, world in enumerate(WORLDS):
        of_world = found[index * len(streams) : (index + 1) * len(streams)]
        runs[world] = [run for results in of_world for run in results.runs]
    write_page(
        args.out / "feedback.md",
        "feedback.md.in",
        {
            "machine": describe(),
            "seeds": str(args.seeds),
            "most": f"{MOST:,}",
            "recording": world_table(runs, recording=True),
            "others": world_table(runs, recording=False),
            "warnings": warnings(runs),
            "streams_recording": stream_table(runs, [s for s in streams if s.data == RECORDING]),
            "streams_others": stream_table(runs, [s for s in streams if s.data != RECORDING]),
        },
    )


if __name__ == "__main__":
    main()
