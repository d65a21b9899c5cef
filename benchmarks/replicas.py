"""What it costs that many processes keep one promise and know late what the others did.

    python -m benchmarks.replicas --out docs/results

Replays recorded streams through simulated replicas (`messplus.replay.replicas`). Without the tables of
../shared/data (see --data) only the stream that ships is replayed, and the page says so.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import describe
from benchmarks.options import add_options
from benchmarks.pages import save_figure, write_page
from benchmarks.replicas_figure import course, over_delay
from benchmarks.replicas_runs import (
    KNOWN_AFTER,
    KNOWN_REQUESTS,
    KNOWN_WAYS,
    LONG,
    LONG_WAYS,
    ONE,
    PLAIN,
    REMEDIES,
    REPLICAS,
    REQUESTS,
    STEPS,
    Outcome,
    Way,
    gain,
    one_process,
    remedied,
    run_all,
)
from benchmarks.score import geometric
from benchmarks.streams import all_streams, named, promising

from messplus.datasets.shipped import shipped_table
from messplus.encoders import encoder_from_spec
from messplus.replay.streams import Stream, make_streams

WANTED = {("messplus_llama3", "boolq"), ("mmlupro_llama", "0.75"), ("routellm_mmlu", "0.75")}

TIMES_S = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
RATES = (10, 100, 1000)

NOISE = 1.10
"""Cost over one process that is called noise on this page: see its text."""

Found = dict[tuple[str, Way], list[Outcome]]


def recorded(folder: Path) -> list[Stream]:
    """The stream that ships, and those of the tables that are there."""
    encoder = encoder_from_spec("hashed")
    (shipped,) = make_streams(shipped_table(), encoder, alpha=1.0)
    streams = [promising(shipped, 0.75)]
    if folder.is_dir():
        only = {data for data, _ in WANTED}
        every = all_streams(folder, encoder, promises=(0.75,), only=only)
        streams += [stream for stream in every if (stream.data, stream.task) in WANTED]
    return streams


def later(found: Found, streams: Sequence[Stream], way: Way) -> float:
    """Cost over one process in the later part: a geometric mean over streams and seeds."""
    base = one_process(way)
    return geometric(
        [
            a.late_cost / b.late_cost
            for s in streams
            for a, b in zip(found[s.label, way], found[s.label, base], strict=True)
        ]
    )


def cells(found: Found, streams: Sequence[Stream], way: Way) -> str:
    """The columns of a way: cost over one process, above alpha, worst, largest debt; later part."""
    runs = [one for s in streams for one in found[s.label, way]]
    base = [one for s in streams for one in found[s.label, one_process(way)]]
    cost = geometric([a.cost / b.cost for a, b in zip(runs, base, strict=True)])
    margin = sum(a.margin_pp for a in runs) / len(runs)
    late_margin = sum(a.late_margin_pp for a in runs) / len(runs)
    return (
        f"{cost:.2f} | {margin:+.2f} | {min(a.margin_pp for a in runs):+.2f} "
        f"| {max(a.worst_debt for a in runs):,.0f} | {later(found, streams, way):.2f} | {late_margin:+.2f}"
    )


HEAD = (
    "cost / one process | above α, pp | worst, pp | largest debt | cost, later | above α, later |"
)
ALIGNED = "--:|" * 6


def delay_table(found: Found, streams: Sequence[Stream]) -> str:
    """One row per d and N."""
    lines = [f"| d | N | {HEAD}", f"|--:|--:|{ALIGNED}"]
    lines.append(f"| – | 1 | {cells(found, streams, ONE)} |")
    lines += [
        f"| {way.every:,} | {way.replicas:,} | {cells(found, streams, way)} |" for way in PLAIN
    ]
    return "\n".join(lines)


def remedy_table(found: Found, streams: Sequence[Stream]) -> str:
    """One row per d and remedy, at the most replicas."""
    lines = [f"| d | | {HEAD}", f"|--:|---|{ALIGNED}"]
    for every in STEPS[1:]:
        plain = Way(replicas=REPLICAS[-1], every=every)
        lines.append(f"| {every:,} | as it is | {cells(found, streams, plain)} |")
        lines += [
            f"| {every:,} | {name} | {cells(found, streams, remedied(name, every))} |"
            for name in REMEDIES
        ]
    return "\n".join(lines)


def known_table(found: Found, streams: Sequence[Stream]) -> str:
    """The same where models are known beforehand."""
    lines = [f"| d | | {HEAD}", f"|--:|---|{ALIGNED}"]
    lines += [
        f"| {way.every:,} | {way.name or 'as it is'} | {cells(found, streams, way)} |"
        for way in KNOWN_WAYS
    ]
    return "\n".join(lines)


def stream_table(found: Found, streams: Sequence[Stream]) -> str:
    """Cost over one process in the second half, at the most replicas: a row per stream."""
    lines = [
        "| stream | g | 1/g | 2/g | " + " | ".join(f"d = {d:,}" for d in STEPS) + " |",
        "|---|--:|--:|--:|" + "--:|" * len(STEPS),
    ]
    for stream in streams:
        of_debt = gain(stream)
        values = [
            f"{later(found, [stream], Way(replicas=REPLICAS[-1], every=d)):.2f}" for d in STEPS
        ]
        lines.append(
            f"| {named(stream)} | {of_debt:.4f} | {1 / of_debt:.0f} | {2 / of_debt:.0f} | "
            + " | ".join(values)
            + " |"
        )
    return "\n".join(lines)


def long_table(found: Found, stream: Stream) -> str:
    """Delays longer than the stream."""
    lines = [f"| d | requests | N | | {HEAD}", f"|--:|--:|--:|---|{ALIGNED}"]
    lines += [
        f"| {way.every:,} | {way.requests:,} | {way.replicas:,} | {way.name or 'as it is'} "
        f"| {cells(found, [stream], way)} |"
        for way in LONG_WAYS
    ]
    return "\n".join(lines)


def time_table(limit: int, told: int) -> str:
    """What r requests per second and a staleness of tau amount to."""
    lines = [
        "| τ | " + " | ".join(f"{rate:,} requests/s" for rate in RATES) + " |",
        "|--:|" + "--:|" * len(RATES),
    ]
    for seconds in TIMES_S:
        row = []
        for rate in RATES:
            d = rate * seconds
            mark = f"**{d:,.0f}**" if d <= limit else f"{d:,.0f}" if d <= told else f"*{d:,.0f}*"
            row.append(mark)
        lines.append(f"| {seconds:g} s | {' | '.join(row)} |")
    return "\n".join(lines)


def within_noise(found: Found, streams: Sequence[Stream]) -> int:
    """The longest d up to which cost in the second half is within noise for any N; 0 if none is."""
    best = 0
    for every in STEPS:
        ways = [one for one in PLAIN if one.every == every]
        if max(later(found, streams, one) for one in ways) > NOISE:
            break
        best = every
    return best


def said(found: Found, streams: Sequence[Stream]) -> dict[str, str]:
    """Numbers of the tables that the text repeats: cost in the later part, at N = 1,000."""
    default, tenfold, _, both = REMEDIES
    most = REPLICAS[-1]
    ways = {
        "plain_300": Way(replicas=most, every=300),
        "plain_1000": Way(replicas=most, every=1000),
        "plain_3000": Way(replicas=most, every=3000),
        "default_300": remedied(default, 300),
        "default_1000": remedied(default, 1000),
        "tenfold_1000": remedied(tenfold, 1000),
        "soft_3000": remedied(both, 3000, KNOWN_REQUESTS, KNOWN_AFTER),
    }
    return {name: f"{later(found, streams, way):.2f}" for name, way in ways.items()}


def main() -> None:
    """Run everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser, seeds=2)
    args = parser.parse_args()
    streams = recorded(args.data)
    found = run_all(streams, args.seeds, jobs=args.jobs, cache=args.cache)
    limit = within_noise(found, streams)
    shown = next((s for s in streams if s.task == "boolq"), streams[0])
    figures = args.out / "figures"
    save_figure(figures / "replicas-delay", over_delay(found, streams))
    save_figure(figures / "replicas-course", course(shown))
    absent = (
        "" if args.data.is_dir() else "The public tables are absent: only the stream that ships."
    )
    write_page(
        args.out / "replicas.md",
        "replicas.md.in",
        {
            "machine": describe(),
            "seeds": str(args.seeds),
            "requests": f"{REQUESTS:,}",
            "streams": ", ".join(f"{named(s)}: {s.n_requests:,} requests" for s in streams),
            "absent": absent,
            "delay": delay_table(found, streams),
            "limit": f"{limit:,}",
            "noise": f"{100 * (NOISE - 1):.0f} %",
            "times": time_table(limit, 10 * limit),
            "remedies": remedy_table(found, streams),
            "each": stream_table(found, streams),
            **said(found, streams),
            "known": known_table(found, streams),
            "known_after": f"{KNOWN_AFTER:,}",
            "long": long_table(found, next(s for s in streams if s.label == LONG or s is shown)),
            "long_stream": named(shown),
        },
    )


if __name__ == "__main__":
    main()
