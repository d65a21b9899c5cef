"""Wall time and peak memory of whole replays, from a cold start: no cache, a new process each.

    python -m benchmarks.replay_time

Times the eight streams of the MESS+ recording (three seeds, hashed features), and measures memory on a
made-up table of 14,000 requests and 18 models. Memory is the peak of the largest process.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import polars as pl
from benchmarks.machine import SHARED_DATA, describe

SEED = 0


def measure(*args: str) -> tuple[float, float]:
    """Wall seconds and peak memory in MB of one `messplus replay` with these arguments."""
    program = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
        "stdout=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [sys.executable, "-m", "messplus", "replay", "--no-cache", *args]
    started = perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program, *command], capture_output=True, text=True, check=True
    )
    return perf_counter() - started, int(done.stdout) / 1024


def large_table(folder: Path, n_requests: int = 14_000, n_models: int = 18) -> Path:
    """A random table with prompts of 20 to 120 words."""
    rng = np.random.default_rng(SEED)
    words = np.array([f"word{i}" for i in range(5000)])
    frame = pl.DataFrame(
        {
            "prompt_id": [str(i) for i in range(n_requests)],
            "task": ["all"] * n_requests,
            "prompt": [
                " ".join(words[rng.zipf(1.3, rng.integers(20, 120)) % 5000])
                for _ in range(n_requests)
            ],
        }
    )
    for m in range(n_models):
        score = (rng.random(n_requests) < 0.3 + 0.6 * m / n_models).astype(float)
        cost = 1e-5 * 1.3**m * rng.lognormal(0.0, 0.4, n_requests)
        frame = frame.with_columns(
            pl.Series(f"score__model{m:02}", score), pl.Series(f"cost__model{m:02}", cost)
        )
    path = folder / "large.parquet"
    frame.write_parquet(path)
    return path


def table(repeats: int, data: Path = SHARED_DATA) -> str:
    """A Markdown table: median of the repeats."""
    lines = ["| replay | wall, s | peak, MB |", "|---|--:|--:|"]

    def add(what: str, *arguments: str) -> None:
        wall_s, peak_mb = np.median([measure(*arguments) for _ in range(repeats)], axis=0)
        lines.append(f"| {what} | {wall_s:.1f} | {peak_mb:.0f} |")

    recorded = str(data / "messplus_llama3.parquet")
    with tempfile.TemporaryDirectory() as folder:
        if Path(recorded).exists():
            two = ("--seeds", "3", "--jobs", "2")
            add("8 streams x 3 seeds, `messplus`, two processes", recorded, "-p", "messplus", *two)
            add("the same with adaptive and the three baselines", recorded, *two)
            add("and with the report", recorded, *two, "--report", folder)
        else:
            lines.append(f"| 8 streams x 3 seeds: not measured, {recorded} is absent | | |")
        made = str(large_table(Path(folder)))
        for policy in ("messplus", "messplus:learn_from=served", "messplus:predictor=knn"):
            what = f"14,000 requests x 18 models, `{policy}`, one process"
            add(what, made, "-p", policy, "--seeds", "1", "--jobs", "1")
    return "\n".join(lines)


if __name__ == "__main__":
    print(f"{describe()}; table seed {SEED}; median of 3\n\n{table(3)}")
