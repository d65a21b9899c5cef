"""Write docs/results/speed.md from the two scripts that measure speed.

python -m benchmarks.speed
"""

from pathlib import Path

from benchmarks import decisions_per_second, replay_time
from benchmarks.machine import describe
from benchmarks.pages import write_page

if __name__ == "__main__":
    write_page(
        Path("docs/results/speed.md"),
        "speed.md.in",
        {
            "machine": describe(),
            "decisions": decisions_per_second.table(repeats=5),
            "adaptive": decisions_per_second.adaptive_table(),
            "replays": replay_time.table(repeats=3),
        },
    )
