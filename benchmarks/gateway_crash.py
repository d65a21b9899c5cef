"""A gateway that is killed over and over under load: what it was told, what it still knows, what it holds.

    python -m benchmarks.gateway_crash --kills 100   # and writes the page
    python -m benchmarks.gateway_crash --kills 10 --requests 2000  # prints only

First the kills, then a gateway of its own that is asked for long: its memory must not grow.
"""

import argparse
import logging
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil
from benchmarks.machine import describe
from benchmarks.pages import write_page
from tests.e2e.gateway.http import Http
from tests.e2e.gateway_faults import crash, process, wire

from messplus.gateway.config import read_settings
from messplus.gateway.opening import made_of
from messplus.router import Verified, verify
from messplus.stores import open_store

PAGE = Path("docs/results/gateway-crash.md")
KILLS, REQUESTS, SEED = 100, 20_000, 0
TALKERS = 8
STEPS = 4
AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Memory:
    """What a gateway held after so many requests."""

    requests: int
    rss_mb: float


def killed(folder: Path, kills: int, seed: int) -> tuple[crash.Found, crash.Client, Verified]:
    """Kill, restart and check; in the end take every decision of the log again."""
    with wire.upstream(wire.well) as upstream:
        config = process.configure(folder, upstream.port)
        found, client = crash.crash(config, kills, seed, lambda said: print(said, flush=True))
    settings = read_settings(config)
    made = made_of(settings)
    with closing(open_store(settings.store)) as log:
        return found, client, verify(made.engine, made.routes, log)


def soaked(folder: Path, requests: int) -> list[Memory]:
    """Ask a gateway for long, half of it for streams, and rate every answer."""

    def work(http: Http, first: int, last: int) -> None:
        for n in range(first, last):
            reply = http.chat(f"Question {n}", stream=n % 2 == 0)
            http.feedback(reply.name, n % 3 > 0)

    held = []
    with (
        wire.upstream(wire.well) as upstream,
        process.serving(process.configure(folder, upstream.port)) as gateway,
        ThreadPoolExecutor(TALKERS) as pool,
    ):
        resident = psutil.Process(gateway.popen.pid).memory_info
        local = threading.local()

        def share(first: int) -> None:
            if not hasattr(local, "http"):
                local.http = Http(gateway.address)
            work(local.http, first, first + AT_ONCE)

        for step in range(STEPS):
            begin, end = step * requests // STEPS, (step + 1) * requests // STEPS
            list(pool.map(share, range(begin, end, AT_ONCE)))
            held.append(Memory(end, resident().rss / 2**20))
            print(held[-1], flush=True)
    return held


def main() -> None:
    """Measure, print and, with the usual numbers, write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--requests", type=int, default=REQUESTS, help="to look at the memory")
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        found, client, verified = killed(Path(one), args.kills, args.seed)
        wall_s = time.monotonic() - begun_s
        held = soaked(Path(other), args.requests)
    gaps = {
        "machine": describe(),
        "seed": str(args.seed),
        "wall": f"{wall_s / 60:.0f}",
        "kills": str(found.kills),
        "starting": str(found.killed_starting),
        "ended": str(found.ended),
        "restarts": str(len(found.start_s)),
        "decided": f"{len(client.decided):,}",
        "heard": f"{len(client.heard):,}",
        "decisions": f"{found.decisions:,}",
        "feedback": f"{found.feedback:,}",
        "resent": ", ".join(f"{n:,} {status}" for status, n in client.resent.most_common()),
        "lost": str(found.lost),
        "twice": str(found.twice),
        "differing": str(found.differing),
        "trouble": str(len(client.trouble)),
        "mismatches": f"{verified.mismatches} of {verified.decisions:,}",
        "start": f"{median(found.start_s):.1f}",
        "slowest": f"{max(found.start_s):.1f}",
        "memory": "\n".join(
            ["| requests | MB |", "|--:|--:|"]
            + [f"| {one.requests:,} | {one.rss_mb:.1f} |" for one in held]
        ),
    }
    print("\n".join(f"{name}: {value}" for name, value in gaps.items()), *client.trouble[:5])
    if (args.kills, args.requests) == (KILLS, REQUESTS):
        write_page(PAGE, "gateway-crash.md.in", gaps)


if __name__ == "__main__":
    main()
