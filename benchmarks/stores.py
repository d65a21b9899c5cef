"""How many events per second the store on disk takes, how long an acknowledgement takes, and reading.

    python -m benchmarks.stores          # a log of 1,000,000 events
    python -m benchmarks.stores --quick  # of 50,000; prints, and writes no page

Events are made before the clock starts. A caller is a thread that appends, waits until its events are on
the disk, and goes on. All appends go to a log that holds the other events already, with random ids as a
router makes them, so that its indexes are as large as after some weeks.
"""

import argparse
import os
import random
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
from benchmarks.machine import describe
from benchmarks.pages import write_page

from messplus.core.types import Draws
from messplus.records import Decided, Event, Feedback, Outcome
from messplus.stores import SqliteStore

SEED = 0
MODELS = ("small", "medium", "large", "largest")
FEATURES = 64
NOW_S = 1.75e9
AT_ONCE = 1000
WAIT_S = 60.0


class Makes:
    """Events of a usual route: four models, 64 features, no prompt."""

    def __init__(self, seed: int) -> None:
        self._ids = random.Random(seed)
        rng = np.random.default_rng(seed)
        self._features = rng.normal(size=(100, FEATURES)).astype(np.float32).astype(np.float64)
        self._shares = rng.random((100, len(MODELS)))
        self._t = 0

    def decided(self) -> Decided:
        """A decision."""
        self._t += 1
        features, shares = self._features[self._t % 100], self._shares[self._t % 100]
        return Decided(
            decision_id=self._id(),
            route="default",
            at_s=NOW_S + self._t,
            t=self._t,
            alpha=0.8,
            models=MODELS,
            available=np.ones(len(MODELS), dtype=np.bool_),
            features=features,
            draws=Draws(shares[0], shares[1]),
            model=MODELS[1],
            asked=MODELS[1:2],
            explored=False,
            propensity=shares[2],
            queue=shares[3],
            p_sat=shares,
            cost=shares * 1e-3,
            attributes={"task": "support"},
        )

    def outcome(self, decided: Decided) -> Outcome:
        """What the chosen model charged."""
        return Outcome(
            decision_id=decided.decision_id,
            model=decided.model,
            at_s=decided.at_s + 1.5,
            cost=1.25e-4 * decided.propensity,
            latency_s=1.5,
            prompt_tokens=250,
            output_tokens=80,
        )

    def feedback(self, decided: Decided) -> Feedback:
        """What the user said of it."""
        return Feedback(
            feedback_id=self._id(),
            decision_id=decided.decision_id,
            at_s=decided.at_s + 60.0,
            value=1.0,
        )

    def _id(self) -> str:
        return f"{self._ids.getrandbits(96):024x}"


@dataclass(frozen=True, slots=True)
class Appended:
    """How one way to append went.

    Attributes:
        events_per_s: Acknowledged per second of wall time.
        cpu_us: Microseconds of CPU for each event, all threads together.
        acknowledged_ms: From the call until the batch was on the disk; for each batch, sorted.
    """

    events_per_s: float
    cpu_us: float
    acknowledged_ms: list[float]

    def quantile(self, share: float) -> float:
        """Milliseconds in which this share of the batches was acknowledged."""
        return self.acknowledged_ms[int(share * (len(self.acknowledged_ms) - 1))]


def append(store: SqliteStore, events: Sequence[Event], callers: int, batch: int) -> Appended:
    """Append events by so many callers, each waiting for its batch before the next."""

    def call(mine: Sequence[Event]) -> list[float]:
        took_ms = []
        for start in range(0, len(mine), batch):
            begun = perf_counter()
            store.append(mine[start : start + batch]).result(WAIT_S)
            took_ms.append((perf_counter() - begun) * 1e3)
        return took_ms

    with ThreadPoolExecutor(callers) as pool:
        begun, cpu = perf_counter(), process_time()
        took = list(pool.map(call, [events[i::callers] for i in range(callers)]))
        wall_s, cpu_s = perf_counter() - begun, process_time() - cpu
    times = sorted(one for each in took for one in each)
    return Appended(len(events) / wall_s, cpu_s / len(events) * 1e6, times)


def ways_table(store: SqliteStore, makes: Makes, n: int) -> str:
    """Rates and latencies of appends: decisions, and feedback on them."""
    rows = [
        "| events | callers | in a batch | events/s | CPU µs each | p50, ms | p99, ms |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for callers, batch, share in ((1, 1, 4), (64, 1, 1), (1, 100, 1)):
        decisions = [makes.decided() for _ in range(n // share)]
        feedback = [makes.feedback(one) for one in decisions]
        kinds: dict[str, Sequence[Event]] = {"decisions": decisions, "feedback": feedback}
        for kind, events in kinds.items():
            done = append(store, events, callers, batch)
            rows.append(
                f"| {kind} | {callers} | {batch} | {done.events_per_s:,.0f} | {done.cpu_us:.0f} |"
                f" {done.quantile(0.5):.2f} | {done.quantile(0.99):.2f} |"
            )
            print(rows[-1], flush=True)
    return "\n".join(rows)


def fill(store: SqliteStore, makes: Makes, n: int) -> tuple[list[Decided], list[Feedback]]:
    """Append n events, a third of them decisions; gives some of the decisions and feedback."""
    decided, feedback = [], []
    for _ in range(0, n, 3 * AT_ONCE):
        decisions = [makes.decided() for _ in range(AT_ONCE)]
        said = [makes.feedback(one) for one in decisions]
        store.append([*decisions, *map(makes.outcome, decisions), *said]).result(WAIT_S)
        decided.append(decisions[0])
        feedback.append(said[0])
    return decided, feedback


def bytes_table(folder: Path) -> str:
    """Bytes of the file for each event of a kind."""
    n = 20_000
    makes = Makes(SEED + 1)
    decisions = [makes.decided() for _ in range(n)]
    kinds: dict[str, Sequence[Event]] = {
        "decision": decisions,
        "outcome": [makes.outcome(one) for one in decisions],
        "feedback": [makes.feedback(one) for one in decisions],
    }
    rows = ["| event | bytes |", "|---|--:|"]
    path, before = folder / "bytes.db", 0
    for kind, events in kinds.items():
        with closing(SqliteStore(path)) as store:
            store.append(events).result(WAIT_S)
        size = path.stat().st_size
        rows.append(f"| {kind} | {(size - before) / n:,.0f} |")
        before = size
    return "\n".join(rows)


def reading_table(
    store: SqliteStore, decided: Sequence[Decided], feedback: Sequence[Feedback]
) -> str:
    """The whole log, one story, one question for feedback."""
    begun = perf_counter()
    n = sum(1 for _ in store.events())
    whole_s = perf_counter() - begun
    story_us = _each_us(store.story, [one.decision_id for one in decided])
    known_us = _each_us(store.has_feedback, [one.feedback_id for one in feedback])
    return "\n".join(
        [
            "| what is read | time |",
            "|---|--:|",
            f"| the whole log, {n:,} events | {whole_s:.1f} s, {n / whole_s:,.0f} events/s |",
            f"| the story of one decision | {story_us:.0f} µs |",
            f"| whether feedback is known | {known_us:.0f} µs |",
        ]
    )


def sync_ms(folder: Path, n: int = 500) -> float:
    """Median milliseconds in which the disk takes 4 KB and says that it has them."""
    took = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(n):
            begun = perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            took.append((perf_counter() - begun) * 1e3)
    return float(np.median(took))


def _each_us(read: Callable[[str], object], names: Sequence[str]) -> float:
    """Median microseconds of reading one of many names."""
    took = []
    for name in names:
        begun = perf_counter()
        read(name)
        took.append((perf_counter() - begun) * 1e6)
    return float(np.median(took))


def main() -> None:
    """Measure, print and, unless quick, write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small log; writes no page")
    parser.add_argument("--folder", type=Path, help="on the disk to be measured")
    args = parser.parse_args()
    held = 50_000 if args.quick else 1_000_000
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        makes = Makes(SEED)
        with closing(SqliteStore(folder / "log.db")) as store:
            decided, feedback = fill(store, makes, held)
            ways = ways_table(store, makes, 2_000 if args.quick else 40_000)
            reading = reading_table(store, decided, feedback)
        gaps = {
            "machine": describe(),
            "held": f"{held:,}",
            "sync": f"{sync_ms(folder):.2f}",
            "load": f"{os.getloadavg()[0]:.1f}",
            "ways": ways,
            "bytes": bytes_table(folder),
            "reading": reading,
        }
    print("\n\n".join(f"{key}\n{value}" for key, value in gaps.items()))
    if not args.quick:
        write_page(Path("docs/results/stores.md"), "stores.md.in", gaps)


if __name__ == "__main__":
    main()
