"""`messplus explain`: why a request went where it went."""

import json
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from messplus.cli.tables import show_table
from messplus.dashboard.explained import shown_explanation
from messplus.errors import StoreError
from messplus.records import Decided
from messplus.report.text import NOTHING, number, percent
from messplus.router.explain import Explanation, explain
from messplus.stores import open_to_read
from messplus.stores.base import Log, Story

_LOOKED_AT = 10_000
"""Latest decisions among which the beginning of an id is looked for."""


def explain_command(
    decision_id: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="Of the decision: the header x-messplus-decision-id of its answer, or the beginning"
            " of it.",
        ),
    ],
    store: Annotated[
        str, typer.Option("--store", "-s", metavar="STORE", help="The log: a path, or sqlite:PATH.")
    ] = "messplus.db",
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say why a request went where it went, and what came of it.

    The same as `GET /v1/decisions/ID` and the page of a decision on the dashboard, from the log alone: it
    can be done while a gateway writes it, or after it has ended.
    """
    name = decision_id.removeprefix("chatcmpl-")
    with closing(open_to_read(store)) as log:
        found = explain(_story(log, name, store))
    if json_:
        typer.echo(json.dumps(shown_explanation(found), indent=2))
        return
    _show(Console(), found)


def _story(log: Log, name: str, store: str) -> Story:
    story = log.story(name)
    if story is not None:
        return story
    fits = [
        stored.event.decision_id
        for stored in log.recent(_LOOKED_AT)
        if isinstance(stored.event, Decided) and stored.event.decision_id.startswith(name)
    ]
    if len(fits) == 1 and (story := log.story(fits[0])) is not None:
        return story
    if fits:
        raise StoreError(
            f"{len(fits)} decisions begin with {name!r}: {', '.join(fits[:3])}, ...; give more of it"
        )
    raise StoreError(
        f"there is no decision {name!r} in {store}; answers name theirs in the header"
        " x-messplus-decision-id, and the dashboard lists the latest"
    )


def _show(console: Console, found: Explanation) -> None:
    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    decided = found.story.decided
    who = found.delivered if found.outcomes else found.model
    why = next((one.why for one in found.candidates if one.model == (who or found.model)), "")
    at = datetime.fromtimestamp(decided.at_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    said = f"{who} answered" if found.outcomes else f"{who} was to answer"
    say(f"{said if who else 'nobody answered'}: {why}")
    say(
        f"{at}, route {found.route}, alpha {found.alpha:g}, queue {found.queue:.2f}, price"
        f" {found.price:.3g}, propensity {percent(found.propensity)} %"
        f"{', explored' if decided.explored else ''}\n"
    )
    show_table(
        console,
        ["model", "satisfies, %", "cost", "score", "asked", "why"],
        [
            [
                one.model,
                percent(one.p_sat),
                f"{one.cost:.3g}",
                f"{one.score:.3g}",
                "yes" if one.asked else "no" if one.available else "could not be",
                one.why,
            ]
            for one in found.candidates
        ],
        narrow=[[0, 1, 2, 3], [0, 4, 5]],
        right=[1, 2, 3],
    )
    for call in found.outcomes:
        took = NOTHING if call.latency_s is None else f"{number(call.latency_s, 2)} s"
        ended = f"failed: {call.error}" if call.error else f"cost {call.cost:.3g}, {took}"
        say(f"call to {call.model}: {ended}")
    for one in found.feedback:
        by = one.attributes.get("by", "")
        say(
            f"{one.source}{f' ({by})' if by else ''} said {one.value:g}"
            f"{f': {one.comment}' if one.comment else ''}"
        )
    if not found.feedback:
        say("nobody has said how satisfactory it was")
    for key, value in decided.attributes.items():
        say(f"{key}: {value}")
    if decided.prompt is not None:
        say(f"\n{decided.prompt}")
