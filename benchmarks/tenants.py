"""What ten thousand routes take in one gateway: those that are asleep, and those that are not.

    python -m benchmarks.tenants          # ten thousand routes
    python -m benchmarks.tenants --quick  # of five hundred; prints, and writes no page

A gateway process for each column, its log on disk. Each gets as many requests, in turn for the routes that
begin, by `POST /v1/decision`: nobody is asked then. It is left alone, then looked at. Decisions and snapshots are
timed in a router of their own, without HTTP and disk.
"""

import argparse
import http.client
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import yaml
from benchmarks.load.servers import Server, free_port, python, running
from benchmarks.machine import describe
from benchmarks.pages import write_page

from messplus.gateway.config import read_settings
from messplus.gateway.opening import made_of
from messplus.router import Router
from messplus.stores import MemoryStore

SEED = 20261123
MANY = 10_000
PRICES = {"small": 0.05, "medium": 0.4, "large": 4.0, "largest": 15.0}
DECISIONS = 2_000
LOOKS = 5
REST_S = 10.0
FRESH_S = 1.1
"""After so long a view is made anew."""


@dataclass(frozen=True, slots=True)
class Column:
    """One gateway, measured.

    Attributes:
        routes: In its configuration.
        begun: Routes that have had a request.
        check_s: Reading and checking the file.
        start_s: From starting the process until it answers.
        rss_mb: Memory once the routes have begun.
        at_rest: Share of a core while nobody calls.
        decision_us: Median of decisions on one route.
        snapshot_s: Copying and encoding what the router knows.
        looks: Median milliseconds and kilobytes of what can be looked at, by path.
    """

    routes: int
    begun: int
    check_s: float
    start_s: float
    rss_mb: float
    at_rest: float
    decision_us: float
    snapshot_s: float
    looks: dict[str, tuple[float, float]]


LOOKED_AT = {
    "/metrics": "`GET /metrics`",
    "/dashboard/api/overview": "the dashboard's overview",
    "/dashboard/api/promises/tenant-0@0.8": "the page of one promise",
    "/v1/routes": "`GET /v1/routes`, the first page",
    "/v1/routes?q=tenant-7&limit=10": "`GET /v1/routes?q=tenant-7&limit=10`",
    "/v1/models": "`GET /v1/models`",
}


def configuration(folder: Path, routes: int, port: int) -> Path:
    """A file with so many tenants over four models; each has an alpha of its own."""
    settings = {
        "server": {"port": port},
        "providers": {"nobody": {"base_url": "http://127.0.0.1:9/v1"}},
        "models": {
            name: {
                "provider": "nobody",
                "cost": {"input_per_mtok": price, "output_per_mtok": price},
            }
            for name, price in PRICES.items()
        },
        "routes": {f"tenant-{n}": {"alpha": 0.8 + n % 10 / 100} for n in range(routes)},
        "store": f"sqlite:///{folder / 'log.db'}",
    }
    path = folder / "gateway.yaml"
    path.write_text(yaml.safe_dump(settings, sort_keys=False))
    return path


@contextmanager
def gateway(path: Path, port: int) -> Iterator[tuple[Server, float]]:
    """A gateway process, and the seconds until it answered."""
    command = python("-m", "messplus", "serve", "--config", str(path), "--log-format", "json")
    begun_s = time.perf_counter()
    with running(command, port, "/health/liveness", log=path.with_suffix(".log")) as server:
        yield server, time.perf_counter() - begun_s


def begin(port: int, routes: int, requests: int) -> None:
    """Requests to the first so many routes in turn."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        for n in range(requests):
            asked = [{"role": "user", "content": f"hello {n}"}]
            body = {"model": f"tenant-{n % routes}", "messages": asked}
            connection.request("POST", "/v1/decision", json.dumps(body))
            reply = connection.getresponse()
            told = reply.read()
            assert reply.status == 200, told


def until_read(port: int, decisions: int) -> None:
    """Wait until the dashboard has read the log."""
    for _ in range(600):
        told = json.loads(look(port, "/dashboard/api/overview")[1])
        if told["log"]["decisions"] >= decisions:
            return
        time.sleep(0.5)
    raise SystemExit("the dashboard has not read the log within five minutes")


def look(port: int, path: str) -> tuple[float, bytes]:
    """Milliseconds that a view took, and what it is."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
        connection.connect()
        begun_s = time.perf_counter()
        connection.request("GET", path)
        reply = connection.getresponse()
        told = reply.read()
        assert reply.status == 200, told[:1000]
        return 1e3 * (time.perf_counter() - begun_s), told


def looks(port: int) -> dict[str, tuple[float, float]]:
    """Median milliseconds and kilobytes of each view, made anew each time."""
    told = {}
    for path in LOOKED_AT:
        taken = []
        for _ in range(LOOKS):
            time.sleep(FRESH_S)
            ms, body = look(port, path)
            taken.append(ms)
        told[path] = float(np.median(taken)), len(body) / 1024
    return told


def at_rest(server: Server) -> float:
    """Share of a core that a process takes while nobody calls."""
    begun = server.cpu_s(), time.perf_counter()
    time.sleep(REST_S)
    return (server.cpu_s() - begun[0]) / (time.perf_counter() - begun[1])


def seconds(call: Callable[[], object]) -> float:
    """How long a call took."""
    begun_s = time.perf_counter()
    call()
    return time.perf_counter() - begun_s


def in_router(path: Path, begun: int) -> tuple[float, float]:
    """Median seconds of a decision on one route, and seconds of a snapshot."""
    made, rng = made_of(read_settings(path, {})), np.random.default_rng(SEED)
    with closing(MemoryStore()) as store:
        router = Router(made.engine, made.routes, store, rng=rng, snapshot_every=0)
        for n in range(begun):
            router.route("hello", route=f"tenant-{n}", fresh=True)
        taken = [
            seconds(partial(router.route, f"question {n}", route="tenant-0", fresh=True))
            for n in range(DECISIONS)
        ]
        snapshot_s = seconds(router.flush)
        router.close()
    return float(np.median(taken)), snapshot_s


def measured(routes: int, begun: int, requests: int) -> Column:
    """One column of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        path = configuration(folder, routes, port)
        check_s = seconds(partial(read_settings, path, {}))
        decision_s, snapshot_s = in_router(path, begun)
        with gateway(path, port) as (server, start_s):
            begin(port, begun, requests)
            until_read(port, requests)
            time.sleep(2.0)
            column = Column(
                routes=routes,
                begun=begun,
                check_s=check_s,
                start_s=start_s,
                rss_mb=server.rss_mb(),
                at_rest=at_rest(server),
                decision_us=1e6 * decision_s,
                snapshot_s=snapshot_s,
                looks=looks(port),
            )
    print(column, flush=True)
    return column


def table(columns: list[Column]) -> str:
    """Markdown, one column for each gateway."""
    rows: list[tuple[str, Callable[[Column], str]]] = [
        ("the file read and checked, s", lambda one: f"{one.check_s:.2f}"),
        ("started and answering, s", lambda one: f"{one.start_s:.1f}"),
        ("memory, MB", lambda one: f"{one.rss_mb:.0f}"),
        ("of a core while nobody calls", lambda one: f"{one.at_rest:.1%}"),
        ("a decision on one of them, µs", lambda one: f"{one.decision_us:.0f}"),
        ("a snapshot of the router, s", lambda one: f"{one.snapshot_s:.3f}"),
    ]
    rows += [(f"{what}, ms (KB)", partial(_looked, path)) for path, what in LOOKED_AT.items()]
    heads = [f"{one.routes:,}, {one.begun:,} begun" for one in columns]
    lines = [f"| routes | {' | '.join(heads)} |", f"|---|{'--:|' * len(columns)}"]
    for what, value in rows:
        lines.append(f"| {what} | {' | '.join(value(one) for one in columns)} |")
    return "\n".join(lines)


def _looked(path: str, one: Column) -> str:
    ms, kb = one.looks[path]
    return f"{ms:.0f} ({kb:,.0f})"


def main() -> None:
    """Measure, print and, unless quick, write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few routes; writes no page")
    many = 500 if parser.parse_args().quick else MANY
    sizes = [(1, 1), *((many, begun) for begun in (1, many // 10, many))]
    columns = [measured(routes, begun, requests=many) for routes, begun in sizes]
    alone, idle, _, awake = columns
    gaps = {
        "machine": describe(),
        "load": f"{os.getloadavg()[0]:.1f}",
        "seed": str(SEED),
        "table": table(columns),
        "idle_kb": f"{1024 * (idle.rss_mb - alone.rss_mb) / many:.1f}",
        "begun_kb": f"{1024 * (awake.rss_mb - idle.rss_mb) / many:.1f}",
        "requests": f"{many:,}",
        "rest_s": f"{REST_S:g}",
        "looks": str(LOOKS),
        "decisions": f"{DECISIONS:,}",
    }
    print("\n\n".join(f"{key}\n{value}" for key, value in gaps.items()))
    if many == MANY:
        write_page(Path("docs/results/tenants.md"), "tenants.md.in", gaps)


if __name__ == "__main__":
    main()
