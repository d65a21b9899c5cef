"""What each of adaptive's experts, and its expectation of costs, is worth.

    python -m benchmarks.predicting --out docs/results

Needs the tables of ../shared/data (see --data). Writes predicting.md: the policy with only some of the
experts that predict satisfaction, and with other ways to expect costs, on the streams that
benchmarks.adaptive takes the other parts away on.
"""

from collections.abc import Mapping, Sequence

from benchmarks.grids import run_all
from benchmarks.machine import describe
from benchmarks.options import options
from benchmarks.pages import write_page
from benchmarks.score import ALIGNED, COLUMNS, Score, in_group, runs_of
from benchmarks.streams import MOST, ONE_PROMISE, all_streams

from messplus.encoders import encoder_from_spec
from messplus.replay.grid import Grid
from messplus.replay.results import Run

PREDICTORS: Mapping[str, str] = {
    "all experts, costs predicted": "adaptive",
    "no expert reads the request": "adaptive:experts=blind",
    "without each model's own regression": "adaptive:experts=shared",
    "without the shared slopes": "adaptive:experts=own",
    "without the expert for zoos of unlike models": "adaptive:experts=alike",
    "and nearest neighbours": "adaptive:experts=neighbours",
    "mean cost per model": "adaptive:cost=mean",
    "no expert reads the request, mean cost per model": "adaptive:experts=blind,cost=mean",
    "*recorded cost known on arrival*": "adaptive:cost=request",
}
"""What is changed, and its spec."""


def table(runs: Sequence[Run], *, recording: bool) -> str:
    """One row per change, on the recording or on the other tables."""
    lines = [f"| | {COLUMNS}", f"|---|{ALIGNED}"]
    for name, policy in PREDICTORS.items():
        found = in_group(runs_of(runs, policy), recording=recording)
        lines.append(f"| {name} | {Score.of(found).cells()} |")
    return "\n".join(lines)


def main() -> None:
    """Run everything and write the page."""
    args = options(__doc__, seeds=2)
    encoder = encoder_from_spec("hashed")
    streams = all_streams(args.data, encoder, promises=ONE_PROMISE, most=MOST)
    policies = tuple(PREDICTORS.values())
    grid = Grid(policies=policies, seeds=args.seeds, encoder=encoder.identity)
    grids = [(stream, grid) for stream in streams]
    found = run_all(grids, "who predicts", jobs=args.jobs, cache=args.cache)
    runs = [run for one in found for run in one.runs]
    write_page(
        args.out / "predicting.md",
        "predicting.md.in",
        {
            "machine": describe(),
            "seeds": str(args.seeds),
            "most": f"{MOST:,}",
            "recording": table(runs, recording=True),
            "others": table(runs, recording=False),
        },
    )


if __name__ == "__main__":
    main()
