"""What the gateway takes of a request's time and of a core, beside the bare upstream and another gateway.

    python -m benchmarks.gateway                              # messplus and the bare upstream
    python -m benchmarks.gateway --litellm VENV/bin/litellm   # and litellm[proxy], from a venv of its own
    python -m benchmarks.gateway --quick                      # some seconds; prints, and writes no page

All on the loopback, in one run, one after the other. The server that is measured has one core for itself;
the client and the upstream behind it share the other. Encoding, prediction, decision, event log on disk,
metrics and access log are on.
"""

import argparse
import asyncio
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from benchmarks.load.client import closed_loop, open_loop, raw, request_bytes
from benchmarks.load.servers import SERVED_ON, Server, free_port, python, running
from benchmarks.machine import describe
from benchmarks.pages import write_between, write_page

PAGE = Path("docs/results/gateway.md")
CONNECTIONS = 16
PER_S = 300.0
SLOW_PER_S = 20.0
PROMPTS = 2000
LEAD = (
    "What it takes (AMD EPYC, loopback, one core, everything on, log on disk; `python -m benchmarks.gateway`,"
    " [the whole page](docs/results/gateway.md)):"
)
KEY = "a-key-of-this-benchmark"
MODELS = {"small": 0.1, "medium": 0.4, "large": 1.5, "largest": 5.0}


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is sent.

    Attributes:
        closed: Requests of a closed loop.
        alone: Requests of one connection.
        open_s: Seconds of an open loop.
        memory: Requests while memory is watched.
        feedback: Verdicts.
    """

    closed: int = 20_000
    alone: int = 3_000
    open_s: float = 30.0
    memory: int = 200_000
    feedback: int = 20_000


QUICK = Sizes(closed=1_600, alone=300, open_s=4.0, memory=8_000, feedback=2_000)


@dataclass(frozen=True, slots=True)
class Target:
    """Who is asked, and by which name.

    Attributes:
        name: In the tables.
        server: The server.
        model: What requests ask for.
        open_per_s: Requests per second that it can be offered.
    """

    name: str
    server: Server
    model: str
    open_per_s: float = PER_S


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured of one target.

    Attributes:
        per_s: Answers per second in a closed loop.
        cpu_ms: Milliseconds of CPU for each.
        alone: One connection, one request at a time.
        first: The same, streamed: until the first byte.
        offered: Open loop.
        offered_per_s: Its rate.
        rss_mb: Memory afterwards.
    """

    per_s: float
    cpu_ms: float
    alone: list[float]
    first: list[float]
    offered: list[float]
    offered_per_s: float
    rss_mb: float


def measure(target: Target, sizes: Sizes) -> Found:
    """Put one target under every load."""
    port = target.server.port
    plain = [request_bytes(port, target.model, KEY, n) for n in range(PROMPTS)]
    streamed = [request_bytes(port, target.model, KEY, n, stream=True) for n in range(PROMPTS)]
    closed = sizes.closed if target.open_per_s >= PER_S else sizes.closed // 20
    alone = sizes.alone if target.open_per_s >= PER_S else sizes.alone // 10
    asyncio.run(closed_loop(port, plain, CONNECTIONS, min(closed, 500)))  # warm up
    before = target.server.cpu_s()
    _, wall_s = asyncio.run(closed_loop(port, plain, CONNECTIONS, closed))
    cpu_s = target.server.cpu_s() - before
    ones, _ = asyncio.run(closed_loop(port, plain, 1, alone))
    firsts, _ = asyncio.run(closed_loop(port, streamed, 1, alone))
    offered = asyncio.run(open_loop(port, plain, target.open_per_s, sizes.open_s))
    found = Found(
        per_s=closed / wall_s,
        cpu_ms=1000 * cpu_s / closed,
        alone=_ms([one.whole_s for one in ones]),
        first=_ms([one.first_s for one in firsts]),
        offered=_ms([one.whole_s for one in offered]),
        offered_per_s=target.open_per_s,
        rss_mb=target.server.rss_mb(),
    )
    print(
        f"{target.name}: {found.per_s:,.0f}/s, {found.cpu_ms:.2f} ms CPU, alone p50"
        f" {_quantile(found.alone, 0.5):.2f} ms, first byte {_quantile(found.first, 0.5):.2f} ms,"
        f" {found.offered_per_s:g}/s p50 {_quantile(found.offered, 0.5):.2f} p99"
        f" {_quantile(found.offered, 0.99):.2f} ms, {found.rss_mb:.0f} MB",
        flush=True,
    )
    return found


def memory(target: Target, total: int) -> list[tuple[int, float]]:
    """Memory after each tenth of many requests."""
    plain = [request_bytes(target.server.port, target.model, KEY, n) for n in range(PROMPTS)]
    seen = [(0, target.server.rss_mb())]
    for tenth in range(1, 11):
        asyncio.run(closed_loop(target.server.port, plain, CONNECTIONS, total // 10))
        seen.append((tenth * total // 10, target.server.rss_mb()))
        print(f"memory after {seen[-1][0]:,}: {seen[-1][1]:.0f} MB", flush=True)
    return seen


def feedback_rates(target: Target, total: int) -> dict[str, tuple[float, float]]:
    """Acknowledged verdicts per second, and milliseconds of CPU each: one by one, and by the hundred."""
    port = target.server.port
    ids = asyncio.run(_decisions(port, total))
    verdicts = [{"id": name, "value": n % 4 > 0} for n, name in enumerate(ids)]
    single = [raw(port, "/v1/feedback", KEY, json.dumps(one).encode()) for one in verdicts[::2]]
    rest = verdicts[1::2]
    batches = [
        raw(port, "/v1/feedback/batch", KEY, json.dumps({"feedback": rest[i : i + 100]}).encode())
        for i in range(0, len(rest), 100)
    ]
    found = {}
    for name, requests, connections, each in (
        ("one by one", single, CONNECTIONS, 1),
        ("by the hundred", batches, 4, 100),
    ):
        n = len(requests) // connections * connections
        before = target.server.cpu_s()
        _, wall_s = asyncio.run(closed_loop(port, requests, connections, n))
        cpu_s = target.server.cpu_s() - before
        found[name] = (n * each / wall_s, 1000 * cpu_s / (n * each))
        print(f"feedback {name}: {found[name][0]:,.0f}/s, {found[name][1]:.3f} ms CPU", flush=True)
    return found


async def _decisions(port: int, n: int) -> list[str]:
    """Ids of so many answers."""
    import aiohttp

    ids: list[str] = []
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as session:

        async def ask(first: int) -> None:
            for i in range(first, n, CONNECTIONS):
                body = {"model": "auto", "messages": [{"role": "user", "content": f"question {i}"}]}
                url = f"http://127.0.0.1:{port}/v1/chat/completions"
                async with session.post(url, json=body) as reply:
                    await reply.read()
                    ids.append(reply.headers["x-messplus-decision-id"])

        await asyncio.gather(*(ask(first) for first in range(CONNECTIONS)))
    return ids


@contextmanager
def messplus(folder: Path, upstream: Server) -> Iterator[Server]:
    """Our gateway over four models of one upstream."""
    port = free_port()
    settings = {
        "server": {"port": port},
        "providers": {"fixed": {"base_url": f"http://127.0.0.1:{upstream.port}/v1"}},
        "models": {
            name: {
                "provider": "fixed",
                "cost": {"input_per_mtok": price, "output_per_mtok": 4 * price},
            }
            for name, price in MODELS.items()
        },
        "routes": {"chat": {"alpha": 0.8}},
        "keys": [{"name": "bench", "key": KEY, "admin": True}],
        "store": f"sqlite:///{folder}/gateway.db",
    }
    path = folder / "gateway.yaml"
    path.write_text(yaml.safe_dump(settings))
    command = python("-m", "messplus", "serve", "--config", str(path), "--log-format", "json")
    with running(
        command, port, "/health/readiness", log=folder / "messplus.log", cores=SERVED_ON
    ) as server:
        yield server


@contextmanager
def litellm(folder: Path, program: Path, upstream: Server) -> Iterator[Server]:
    """litellm[proxy] in its default configuration, over one model of the same upstream."""
    port = free_port()
    settings = {
        "model_list": [
            {
                "model_name": "fixed",
                "litellm_params": {
                    "model": "openai/fixed",
                    "api_base": f"http://127.0.0.1:{upstream.port}/v1",
                    "api_key": "none",
                },
            }
        ],
        "general_settings": {"master_key": KEY},
    }
    path = folder / "litellm.yaml"
    path.write_text(yaml.safe_dump(settings))
    command = [str(program), "--config", str(path), "--port", str(port), "--host", "127.0.0.1"]
    with running(
        command,
        port,
        "/health/liveliness",
        log=folder / "litellm.log",
        cores=SERVED_ON,
        environment={"LITELLM_LOCAL_MODEL_COST_MAP": "True"},
    ) as server:
        yield server


def main() -> None:
    """Measure, and write the page."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="some seconds; writes no page")
    options.add_argument("--litellm", type=Path, help="its program, in a venv of its own")
    options.add_argument("--readme", type=Path, help="write the table there")
    given = options.parse_args()
    load = os.getloadavg()[0]
    sizes = QUICK if given.quick else Sizes()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        upstream = stack.enter_context(_fixed(folder / "upstream.log", {1}))
        found: dict[str, Found] = {}
        with _fixed(folder / "bare.log", SERVED_ON) as bare:
            found["the bare upstream"] = measure(Target("bare", bare, "fixed"), sizes)
        with messplus(folder, upstream) as server:
            found["messplus, routed"] = measure(Target("messplus", server, "auto"), sizes)
            named = Target("messplus, named model", server, "small")
            found["messplus, model by name"] = measure(named, sizes)
            rates = feedback_rates(Target("messplus", server, "auto"), sizes.feedback)
            flat = memory(Target("messplus", server, "auto"), sizes.memory)
        if given.litellm:
            with litellm(folder, given.litellm, upstream) as server:
                slow = Target("litellm", server, "fixed", open_per_s=SLOW_PER_S)
                found["litellm[proxy]"] = measure(slow, sizes)
    table = "\n".join(_table(found))
    print(table)
    if given.quick:
        return
    write_page(
        PAGE,
        "gateway.md.in",
        {
            "machine": describe(),
            "load": f"{load:.1f}",
            "load_table": table,
            "litellm_version": _version(given.litellm),
            "slow_per_s": f"{SLOW_PER_S:g}",
            "feedback": "\n".join(_feedback_table(rates)),
            "memory": "\n".join(_memory_table(flat)),
            "targets": "\n".join(_targets(found, rates, flat)),
        },
    )
    if given.readme:
        write_between(given.readme, "load", f"{LEAD}\n\n{_short(found)}")


@contextmanager
def _fixed(log: Path, cores: set[int]) -> Iterator[Server]:
    port = free_port()
    command = python("-m", "benchmarks.load.upstream", str(port))
    with running(command, port, "/", log=log, cores=cores) as server:
        yield server


def _table(found: dict[str, Found]) -> list[str]:
    bare = found["the bare upstream"]
    heads = (
        "",
        f"answers/s, {CONNECTIONS} connections",
        "CPU each, ms",
        "added p50, 1 connection, ms",
        "added p99, ms",
        "first byte added p50, ms",
        "open loop",
        "added p50, ms",
        "p99, ms",
        "MB",
    )
    rows = [f"| {' | '.join(heads)} |", "|---" + "|--:" * (len(heads) - 1) + "|"]
    for name, one in found.items():
        added = [
            _quantile(one.alone, 0.5) - _quantile(bare.alone, 0.5),
            _quantile(one.alone, 0.99) - _quantile(bare.alone, 0.99),
            _quantile(one.first, 0.5) - _quantile(bare.first, 0.5),
        ]
        offered = [
            _quantile(one.offered, 0.5) - _quantile(bare.offered, 0.5),
            _quantile(one.offered, 0.99),
        ]
        rows.append(
            f"| {name} | {one.per_s:,.0f} | {one.cpu_ms:.2f} | "
            + " | ".join(f"{ms:.2f}" for ms in added)
            + f" | {one.offered_per_s:g}/s | "
            + " | ".join(f"{ms:.2f}" for ms in offered)
            + f" | {one.rss_mb:,.0f} |"
        )
    return rows


def _short(found: dict[str, Found]) -> str:
    """The same in few columns."""
    bare = found["the bare upstream"]
    rows = [
        "| | answers/s and core | CPU each, ms | added p50, ms | to the first byte of a stream, ms | MB |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, one in found.items():
        if one is not bare:
            added = _quantile(one.alone, 0.5) - _quantile(bare.alone, 0.5)
            first = _quantile(one.first, 0.5) - _quantile(bare.first, 0.5)
            rows.append(
                f"| {name} | {one.per_s:,.0f} | {one.cpu_ms:.2f} | {added:.2f} | {first:.2f} |"
                f" {one.rss_mb:,.0f} |"
            )
    return "\n".join(rows)


def _feedback_table(rates: dict[str, tuple[float, float]]) -> list[str]:
    rows = ["| feedback | acknowledged/s | CPU ms each |", "|---|--:|--:|"]
    return rows + [f"| {name} | {per_s:,.0f} | {cpu:.3f} |" for name, (per_s, cpu) in rates.items()]


def _memory_table(flat: Sequence[tuple[int, float]]) -> list[str]:
    rows = ["| requests | MB |", "|--:|--:|"]
    return rows + [f"| {n:,} | {mb:.0f} |" for n, mb in flat]


def _targets(
    found: dict[str, Found],
    rates: dict[str, tuple[float, float]],
    flat: Sequence[tuple[int, float]],
) -> list[str]:
    """What was aimed at, and what it came to."""
    bare, ours = found["the bare upstream"], found["messplus, routed"]
    added = _quantile(ours.alone, 0.5) - _quantile(bare.alone, 0.5)
    first = _quantile(ours.first, 0.5) - _quantile(bare.first, 0.5)
    grown = flat[-1][1] - flat[len(flat) // 2][1]
    rows = [
        ("requests routed and logged per second and core", "1,000", f"{ours.per_s:,.0f}"),
        ("CPU per request, ms", "1.0", f"{ours.cpu_ms:.2f}"),
        ("added at one connection, p50, ms", "1.5", f"{added:.2f}"),
        ("at 300 requests/s, p99, ms", "8", f"{_quantile(ours.offered, 0.99):.2f}"),
        ("added to the first byte of a stream, p50, ms", "3", f"{first:.2f}"),
        (
            "feedback acknowledged per second, in batches",
            "5,000",
            f"{rates['by the hundred'][0]:,.0f}",
        ),
        ("memory gained over the second half of the requests, MB", "flat", f"{grown:+.1f}"),
    ]
    return ["| | target | measured |", "|---|--:|--:|"] + [
        f"| {what} | {target} | {value} |" for what, target, value in rows
    ]


def _version(program: Path | None) -> str:
    """Of litellm."""
    if program is None:
        return "(not run)"
    code = "import importlib.metadata as m; print(m.version('litellm'))"
    python = program.parent / "python"
    told = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return str(told.stdout).strip()


def _ms(seconds: Sequence[float]) -> list[float]:
    return sorted(1000 * one for one in seconds)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


if __name__ == "__main__":
    main()
