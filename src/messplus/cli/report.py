"""`messplus report`: a log, or the results of a replay, as one page."""

import json
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from messplus.cli.progress import progress_bar
from messplus.errors import DataError, require_extra
from messplus.evidence import evidence_of
from messplus.stores import open_to_read


def report(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A log (a path, or sqlite:PATH), or what `messplus replay --json FILE` wrote.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the report.")] = Path(
        "report"
    ),
    route: Annotated[
        str | None, typer.Option("--route", "-r", help="Only this route's promises, of a log.")
    ] = None,
    cost_unit: Annotated[
        str, typer.Option("--cost-unit", help="Of a log's costs: usd, joule, ...")
    ] = "usd",
) -> None:
    """Write one page that needs nothing else, and its figures as PNG and SVG.

    Of a log: whether each promise was kept and with what confidence, what it saved and beside what, which
    models did the work. It can be done while a gateway writes the log. Of a replay: its tables and what
    can be drawn without the streams themselves; `messplus replay --report DIR` draws everything.
    """
    require_extra("replay", ("jinja2", "matplotlib", "polars"), "messplus report")
    console = Console()
    path = _of_replay(source, out) if source.endswith(".json") else None
    if path is None:
        path = _of_log(source, out, route, cost_unit)
    console.print(str(path), markup=False, highlight=False, soft_wrap=True)


def _of_log(source: str, out: Path, route: str | None, unit: str) -> Path:
    from messplus.report.promise_page import write_promise_report

    with closing(open_to_read(source)) as log, progress_bar("events") as step:
        last = log.last()
        evidence = evidence_of(log, lambda done: step(min(done, last), last))
        step(last, last)
    with progress_bar("figures") as step:
        return write_promise_report(evidence, out, cost_unit=unit, route=route, on_progress=step)


def _of_replay(source: str, out: Path) -> Path:
    from messplus.replay.recorded import results_of
    from messplus.report.page import write_report

    try:
        content = json.loads(Path(source).read_text("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{source} is no JSON: {error}") from error
    return write_report(results_of(content, source), None, out)
