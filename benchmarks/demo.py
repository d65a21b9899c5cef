"""What the demo comes to, over several orders of its requests, and a picture of it.

    python -m benchmarks.demo                     # five seeds; prints a table
    python -m benchmarks.demo --readme README.md  # and writes it there, with docs/results/figures/demo.svg

Each run is `messplus demo` as it comes: a gateway started cold, asked over its HTTP API by sixteen users at a
time, one request in twenty given to a model drawn at random, every call charged.
"""

import argparse
import io
import math
import tempfile
from contextlib import nullcontext
from pathlib import Path
from statistics import fmean

from benchmarks.machine import describe
from benchmarks.pages import write_between
from rich.console import Console

from messplus.demo.board import Board
from messplus.demo.look import Look
from messplus.demo.playback import recorded_zoo
from messplus.demo.recording import shipped_recording
from messplus.demo.run import Plan, run
from messplus.demo.script import recorded_script
from messplus.demo.summary import Summary
from messplus.files import write_whole
from messplus.gateway.serve import serving
from messplus.replay.validate import default_alpha

SEEDS = 5
SPEED = 20.0
CONCURRENCY = 16
PICTURE = Path("docs/results/figures/demo.svg")
WIDTH = 116
NOTE = (
    "*Means of five orders of the requests, each started cold, every call charged, one request in twenty"
    " at random\n(`python -m benchmarks.demo`, AMD EPYC, two cores). Prices are illustrative, in"
    " proportion to size.*"
)


def one(seed: int) -> Summary:
    """One demo."""
    recording = shipped_recording()
    script = recorded_script(recording, requests=0, seed=seed)
    with tempfile.TemporaryDirectory() as folder, recorded_zoo(recording, speed=SPEED) as zoo:
        plan = Plan(
            mode="recorded",
            title="messplus demo",
            script=script,
            alpha=round(default_alpha(recording.outcomes), 3),
            seed=seed,
            concurrency=CONCURRENCY,
            feedback=1.0,
            folder=Path(folder),
        )
        return run(plan, zoo, serving, show=lambda: nullcontext(_ignore), afterwards=_pass)


def _ignore(look: Look) -> None:
    """Nobody watches."""


def _pass(summary: Summary, gateway: str) -> None:
    """Nothing is shown at the end."""


def table(runs: list[Summary]) -> str:
    """One row per way to serve, means over seeds: all of them serve the same requests."""
    lines = runs[0].tally.yardsticks.lines
    largest = lines[0].cost_mean or math.nan
    ours = fmean(run.tally.cost_usd / run.tally.requests for run in runs)
    kept = f"promise {runs[0].end.alpha:.1%}, kept in {sum(run.kept for run in runs)} of {len(runs)} runs"
    satisfied = fmean(run.satisfaction for run in runs)
    rows = [
        "| | USD per million requests | of always the largest | satisfied |",
        "|---|--:|--:|--:|",
        f"| **messplus**, {kept} | **{ours * 1e6:.2f}** | **{ours / largest:.0%}** | **{satisfied:.1%}** |",
    ]
    for line in lines:
        if line.cost_mean is None or line.satisfaction is None:
            continue  # it cannot keep the promise
        name = line.reference.replace("_", " ")
        hindsight = "" if name.startswith("always") else ", in hindsight"
        rows.append(
            f"| *{name}{hindsight}* | {line.cost_mean * 1e6:.2f} | {line.cost_mean / largest:.0%} |"
            f" {line.satisfaction:.1%} |"
        )
    return "\n".join(rows)


def picture(look: Look) -> str:
    """The end of a demo, as a terminal shows it."""
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, legacy_windows=False
    )
    console.print(Board(look))
    return console.export_svg(title="messplus demo")


def main() -> None:
    """Run the demos, print the table, and write it where it is asked for."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--readme", type=Path, help="write table and picture")
    given = options.parse_args()
    runs = []
    for seed in range(SEEDS):
        runs.append(one(seed))
        print(
            f"seed {seed}: {runs[-1].satisfaction:.2%}, {runs[-1].end.elapsed_s:.0f} s", flush=True
        )
    text = table(runs)
    print(describe(), text, sep="\n")
    if given.readme:
        drawn = picture(runs[0].end)
        write_whole(PICTURE, lambda file: file.write(drawn.encode()))
        shown = f"![A demo at its end: satisfaction over alpha, costs, models]({PICTURE})\n\n{text}\n\n{NOTE}"
        write_between(given.readme, "demo", shown)


if __name__ == "__main__":
    main()
