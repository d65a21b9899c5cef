"""The summary of a demo as people read it in a terminal."""

from shlex import quote
from typing import Final

import orjson
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from messplus.demo.look import percent
from messplus.demo.summary import Summary, percentiles

_NAMES: Final = {"static_mix": "best static mix *", "clairvoyant": "clairvoyant *"}


def show_summary(console: Console, summary: Summary) -> None:
    """Whether the promise was kept, what it cost and would have cost, and where to look closer."""
    console.print()
    console.print(_verdict(summary))
    console.print(_costs(summary))
    for line in _facts(summary):
        console.print(line, markup=False, highlight=False)
    console.print()
    for command, why in _commands(summary):
        console.print(Text.assemble(("  " + command, "bold"), "  # " + why), soft_wrap=True)


def show_use(console: Console, summary: Summary, gateway: str) -> None:
    """What to paste in order to ask the gateway that goes on."""
    shortest = min((q.prompt for q in summary.end.asked), key=len)
    body = {"model": "auto", "messages": [{"role": "user", "content": shortest}]}
    curl = (
        f"curl -i {gateway}/v1/chat/completions -H 'Content-Type: application/json' "
        f"-d {quote(orjson.dumps(body).decode())}"
    )
    console.print()
    console.print(f"the gateway goes on at {gateway} until Ctrl-C; try", highlight=False)
    console.print("  " + curl, style="bold", markup=False, highlight=False, soft_wrap=True)
    if summary.mode == "recorded":
        console.print("its upstream knows the recorded questions only", highlight=False)


def _verdict(summary: Summary) -> Text:
    said = (
        f"{percent(summary.satisfaction, 1)} of {summary.tally.requests:,} requests were satisfied, "
        f"{percent(summary.end.alpha, 1)} were promised"
    )
    if summary.kept:
        return Text.assemble(("The promise was kept: ", "bold green"), said, ".")
    owed = summary.tally.requests * summary.end.alpha - summary.tally.score
    return Text.assemble(
        ("The promise was missed: ", "bold red"), said, f"; that is {owed:.1f} requests too few."
    )


def _costs(summary: Summary) -> Table:
    """What the requests cost, between what they would have cost otherwise; dearest first."""
    tally = summary.tally
    largest = float(tally.yardsticks.largest_usd.sum())
    answered = tally.requests - tally.failed
    rows = [
        (
            _NAMES.get(line.reference, line.reference),
            None if line.cost_total is None else line.cost_total / tally.requests,
            line.satisfaction,
            "",
        )
        for line in tally.yardsticks.lines
    ]
    own = tally.cost_usd / answered if answered else None
    rows.append(("messplus", own, summary.satisfaction, "bold"))
    rows.sort(key=lambda row: -1.0 if row[1] is None else row[1], reverse=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("")
    for heading in ("USD per million\nrequests", "of always\nthe largest", "\nsatisfied"):
        table.add_column(heading, justify="right")
    for name, cost_usd, satisfaction, style in rows:
        share = None if cost_usd is None else cost_usd * tally.requests / largest
        shown = "out of reach" if cost_usd is None else f"{cost_usd * 1e6:.2f}"
        good = style and ("bold green" if summary.kept else "bold red")
        table.add_row(
            Text(name, style),
            Text(shown, style),
            Text(percent(share), style),
            Text(percent(satisfaction, 1), good),
        )
    return table


def _facts(summary: Summary) -> list[str]:
    tally = summary.tally
    shares = ", ".join(f"{name} {percent(tally.share(name))}" for name in tally.models)
    facts = [
        "* knows every outcome beforehand; the mix is the best that does not read the requests",
        f"models asked: {shares}",
    ]
    if tally.failed:
        facts.append(f"{tally.failed} requests failed; they count as not satisfied")
    if summary.end.state is not None:
        facts.append(
            f"queue: {summary.end.state.queue:.1f} requests' worth of satisfaction is owed"
        )
    refused = sum(count for said, count in summary.feedback.items() if said.startswith("HTTP"))
    said = sum(summary.feedback.values())
    facts.append(f"verdicts given: {said:,}" + (f", {refused:,} refused" if refused else ""))
    if added := percentiles(tally.overheads_ms):
        facts.append(
            f"added by the gateway: {added['p50']:.1f} ms at the median, {added['p99']:.1f} ms at "
            "p99, beside its users and this picture in one process"
        )
    facts.append(
        f"{summary.files.events:,} events in {summary.files.store}, "
        f"{summary.end.elapsed_s:.0f} s, {summary.end.rate:.0f} requests/s"
    )
    return facts


def _commands(summary: Summary) -> list[tuple[str, str]]:
    store, config = quote(str(summary.files.store)), quote(str(summary.files.config))
    commands = [
        (f"messplus log what-if {store}", "what another promise would have cost"),
        ("messplus replay", "the same questions through other policies, many times"),
    ]
    if summary.mode == "recorded":
        commands += [
            ("messplus demo --serve", "keep the gateway, and ask it yourself"),
            (f"messplus serve --config {config}", "once your own models are in the file"),
        ]
    else:
        commands.append((f"messplus serve --config {config}", "the same gateway, for your clients"))
    return commands
