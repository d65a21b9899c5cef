"""The summary of a demo as people read it in a terminal."""

from collections.abc import Sequence
from shlex import quote
from typing import Final

import orjson
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from messplus.demo.look import percent
from messplus.demo.setup import SPREAD
from messplus.demo.summary import Summary, percentiles

_NAMES: Final = {"static_mix": "best static mix *", "clairvoyant": "clairvoyant *"}
_HINDSIGHT: Final = (
    "* In hindsight: the cheapest mix that does not read the requests; who knows every outcome."
)

_FEW: Final = 300  # requests: what a cold start costs in satisfaction is not yet made up for


def show_summary(console: Console, summary: Summary) -> None:
    """Whether the promise was kept, what it cost and would have cost, and where to look closer."""
    console.print()
    console.print(_verdict(summary))
    console.print(_saving(summary), highlight=False)
    console.print(_costs(summary))
    console.print(_HINDSIGHT, style="dim", highlight=False)
    console.print()
    console.print(_grid(_facts(summary)), highlight=False)
    console.print()
    console.print("To look closer:", style="bold")
    for why, command in _commands(summary):
        console.print(f"  # {why}", style="dim", markup=False, highlight=False)
        console.print(f"  {command}", markup=False, highlight=False, soft_wrap=True)


def show_use(console: Console, summary: Summary, gateway: str) -> None:
    """What to paste in order to ask the gateway that goes on."""
    shortest = min((question.prompt for question in summary.end.asked), key=len)
    body = {"model": "auto", "messages": [{"role": "user", "content": shortest}]}
    curl = (
        f"curl -i {gateway}/v1/chat/completions -H 'Content-Type: application/json' "
        f"-d {quote(orjson.dumps(body).decode())}"
    )
    console.print()
    knows = "; its models know the recorded questions only" if summary.mode == "recorded" else ""
    console.print(f"The gateway goes on until Ctrl-C{knows}. Try", highlight=False)
    console.print(f"  {curl}", markup=False, highlight=False, soft_wrap=True)


def _verdict(summary: Summary) -> Text:
    said = (
        f"{percent(summary.satisfaction, 1)} of {summary.tally.requests:,} requests satisfied, "
        f"{percent(summary.end.alpha, 1)} promised"
    )
    if summary.kept:
        return Text.assemble(("The promise was kept: ", "bold green"), said, ".")
    owed = summary.tally.requests * summary.end.alpha - summary.tally.score
    why = "" if summary.tally.requests >= _FEW else " A cold start has few requests to learn from."
    return Text.assemble(
        ("The promise was missed: ", "bold red"), said, f"; {owed:.1f} requests too few.", why
    )


def _saving(summary: Summary) -> str:
    tally = summary.tally
    words = f"It cost {percent(tally.over_largest())} of asking {tally.yardsticks.largest} always"
    if tally.over_mix() is None:
        return f"{words}; no mix of these models reaches such a promise."
    return f"{words}, {percent(tally.over_mix())} of the best static mix."


def _costs(summary: Summary) -> Table:
    """What the requests cost, between what they would have cost otherwise; dearest first."""
    tally = summary.tally
    largest = float(tally.yardsticks.largest_usd.mean())
    answered = tally.requests - tally.failed
    rows = [
        (_NAMES.get(line.reference, line.reference), line.cost_mean, line.satisfaction)
        for line in tally.yardsticks.lines
    ]
    own = ("messplus", tally.cost_usd / answered if answered else None, summary.satisfaction)
    rows = sorted([*rows, own], key=lambda row: -1.0 if row[1] is None else -row[1])
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("")
    for heading in ("USD per million\nrequests", "of always\nthe largest", "\nsatisfied"):
        table.add_column(heading, justify="right")
    for row in rows:
        name, cost_usd, satisfaction = row
        ours = row is own
        style = "bold" if ours else ""
        tone = ("bold green" if summary.kept else "bold red") if ours else ""
        table.add_row(
            Text(name, style),
            Text("out of reach" if cost_usd is None else f"{cost_usd * 1e6:.2f}", style),
            Text(percent(None if cost_usd is None else cost_usd / largest), style),
            Text(percent(satisfaction, 1), tone),
        )
    return table


def _facts(summary: Summary) -> list[tuple[str, str]]:
    tally, state = summary.tally, summary.end.state
    facts = [("models", ", ".join(f"{name} {percent(tally.share(name))}" for name in tally.models))]
    drawn = (
        f"{percent(SPREAD)} of the requests go to a model drawn at random, at the promise's cost"
    )
    facts.append(("spread", f"{drawn}: so the log can tell of other promises"))
    if tally.failed:
        facts.append(("failed", f"{tally.failed:,} requests; they count as not satisfied"))
    if state is not None:
        facts.append(("queue", f"{state.queue:.1f} requests' worth of satisfaction is owed"))
    refused = sum(count for said, count in summary.feedback.items() if said.startswith("HTTP"))
    verdicts = f"{sum(summary.feedback.values()):,} verdicts by users"
    facts.append(("feedback", verdicts + (f", {refused:,} refused" if refused else "")))
    if added := percentiles(tally.overheads_ms):
        took = f"{added['p50']:.1f} ms per request in the median, {added['p99']:.1f} ms at p99"
        facts.append(("overhead", f"{took}; users, models and this picture share the process"))
    facts.append(("speed", f"{summary.end.pace}, {summary.end.elapsed_s:.0f} s"))
    facts.append(("log", f"{summary.files.events:,} events in {summary.files.store}"))
    return facts


def _commands(summary: Summary) -> list[tuple[str, str]]:
    """Why, and what."""
    store, config = quote(str(summary.files.store)), quote(str(summary.files.config))
    again = (
        "once your own models are in the file" if summary.mode == "recorded" else "start it again"
    )
    return [
        ("what would another promise have cost?", f"messplus log what-if {store}"),
        ("and other policies, on the same questions?", "messplus replay"),
        ("ask the gateway yourself", "messplus demo --serve"),
        (again, f"messplus serve --config {config}"),
    ]


def _grid(rows: Sequence[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, said in rows:
        grid.add_row(name, Text(said))
    return grid
