"""`messplus log`: what a router's log knows, as a table, and what it tells of other policies."""

import json
import math
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.console import Console

from messplus.cli.log_view import as_json, show_what_if
from messplus.errors import SettingError, require_extra
from messplus.offpolicy import METHODS, Method, Verdicts, gather, what_if
from messplus.offpolicy.gather import all_models, tell
from messplus.records import Decided
from messplus.router import Engine, verify
from messplus.router import Route as Promise
from messplus.stores import Store, open_to_read

log_app = typer.Typer(no_args_is_help=True, help="Read a router's log: export it, ask it what if.")

_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
Log = Annotated[str, typer.Argument(metavar="STORE", help="The log: a path, or sqlite:PATH.")]
Route = Annotated[str | None, typer.Option("--route", "-r", help="Only this route's decisions.")]
Since = Annotated[
    datetime | None, typer.Option(formats=_TIMES, help="Only decisions from then on, UTC.")
]
Until = Annotated[
    datetime | None, typer.Option(formats=_TIMES, help="Only decisions before then, UTC.")
]
Unit = Annotated[str, typer.Option("--cost-unit", help="Of the log's costs: usd, joule, ...")]


@log_app.command("export")
def export(
    store: Log,
    out: Annotated[Path, typer.Argument(metavar="OUT.parquet", help="The table to write.")],
    route: Route = None,
    alpha: Annotated[
        float | None, typer.Option("--alpha", "-a", help="Only decisions under this promise.")
    ] = None,
    since: Since = None,
    until: Until = None,
    cost_unit: Unit = "usd",
) -> None:
    """Write what a log knows as a table: one row per decision, with a JSON sidecar.

    A score is known of models that answered and were judged, a cost of models that were asked; the
    rest is null. Prompts are there where the route keeps them. It can be done while a router writes
    the log.
    """
    require_extra("replay", ["polars"], "messplus log export")
    from messplus.replay.readers.gateway_log import KIND, log_frame
    from messplus.replay.writing import write_outcomes

    if out.suffix.lower() != ".parquet":
        raise SettingError(f"OUT must end in .parquet, got {out}")
    keep = _keeps(route, since, until, alpha)
    with closing(open_to_read(store)) as log:
        told = tell((one.event for one in log.events()), keep)
    frame = log_frame(told)
    sidecar: dict[str, object] = {
        "name": out.stem,
        "kind": KIND,
        "cost_unit": cost_unit,
        "models_ascending_cost": list(all_models(told)),
        "source": f"log of a router, {frame.height} decisions",
    }
    alphas = {one.decided.alpha for one in told}
    if len(alphas) == 1:
        sidecar["alpha"] = alphas.pop()
    write_outcomes(out, frame, sidecar)
    judged = frame.height - frame["feedback"].null_count()
    Console().print(
        f"{out}: {frame.height:,} decisions, {judged:,} of them judged\n"
        f"now: messplus log what-if {store}",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip


@log_app.command("what-if")
def what_if_command(
    store: Log,
    route: Route = None,
    alpha: Annotated[
        list[float] | None,
        typer.Option(
            "--alpha",
            "-a",
            help="A promise to ask about, in (0, 1]. Repeatable. None: five near the logged one.",
        ),
    ] = None,
    since: Since = None,
    until: Until = None,
    verdicts: Annotated[
        str | None,
        typer.Option(help="Whose word counts: audit, user or judge. None: the most trusted."),
    ] = None,
    method: Annotated[str, typer.Option(help="dr (doubly robust), snips or ips.")] = "dr",
    level: Annotated[float, typer.Option(help="Confidence of the intervals, in (0, 1).")] = 0.95,
    cost_unit: Unit = "usd",
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Estimate what another promise, a static mix or one model for all would have given and cost.

    It needs a route with `spread`, so that every model is chosen now and then, and verdicts. Each
    estimate comes with an interval; where the log does not tell, a line says why and what to do.
    """  # fmt: skip
    routes: set[str] = set()
    keep = _keeps(route, since, until, None, routes)
    with closing(open_to_read(store)) as log:
        logged = gather(
            (one.event for one in log.events()),
            keep=keep, verdicts=_verdicts(verdicts), cost_unit=cost_unit,
        )  # fmt: skip
    if len(routes) > 1:
        raise SettingError(
            f"the log has decisions of {len(routes)} routes: name one with --route"
            f" ({', '.join(sorted(routes))})"
        )
    alphas = alpha or _near(float(logged.alpha[-1]) if len(logged) else 0.8)
    found = what_if(logged, alphas, seed=seed, method=_method(method), level=level)
    if json_:
        typer.echo(json.dumps(as_json(found), indent=2))
        return
    show_what_if(Console(), found, level)


@log_app.command("verify")
def verify_command(
    store: Log,
    config: Annotated[
        Path,
        typer.Option("--config", "-c", help="The gateway's settings that the log was made with."),
    ],
) -> None:
    """Take every decision of a log again, from its beginning, and compare; exit 1 if one differs.

    The same settings, draws and answers give the same decisions. They differ where settings were
    changed, or the oldest events forgotten.
    """
    require_extra("gateway", ["pydantic", "yaml", "starlette", "aiohttp"], "messplus log verify")
    from messplus.gateway.config.read import read_settings
    from messplus.gateway.opening import made_of

    made = made_of(read_settings(config))
    if not show_verified(Console(), store, made.engine, made.routes):
        raise typer.Exit(1)


def show_verified(console: Console, store: str, engine: Engine, routes: Sequence[Promise]) -> bool:
    """Verify a log and say how it went.

    Args:
        console: Where it is said.
        store: Address of the log.
        engine: As it decided.
        routes: All whose decisions taught it.

    Returns:
        Whether every decision was taken again.

    Raises:
        StoreError: The log cannot be read.
    """
    with closing(open_to_read(store)) as log:
        # It only reads, as a log can.
        found = verify(engine, routes, cast(Store, log))
    said = f"{found.decisions:,} decisions, {found.mismatches:,} taken otherwise now"
    if found.mismatches:
        said += f"; the first is {found.first_mismatch}"
    console.print(said, markup=False, highlight=False, soft_wrap=True)
    return found.mismatches == 0


def _near(alpha: float) -> list[float]:
    """Five promises around one, all in (0, 1)."""
    return [one for step in range(-2, 3) if 0 < (one := round(alpha + 0.05 * step, 4)) < 1]


def _keeps(
    route: str | None,
    since: datetime | None,
    until: datetime | None,
    alpha: float | None,
    seen: set[str] | None = None,
) -> Callable[[Decided], bool]:
    """Which decisions count; `seen` collects their routes."""
    from_s = -math.inf if since is None else since.replace(tzinfo=UTC).timestamp()
    to_s = math.inf if until is None else until.replace(tzinfo=UTC).timestamp()

    def keep(decided: Decided) -> bool:
        kept = (
            (route is None or decided.route == route)
            and from_s <= decided.at_s < to_s
            and (alpha is None or abs(decided.alpha - alpha) < 5e-5)
        )
        if kept and seen is not None:
            seen.add(decided.route)
        return kept

    return keep


def _verdicts(name: str | None) -> Verdicts | None:
    match name:
        case None | "audit" | "user" | "judge":
            return name
    raise SettingError(f"verdicts must be audit, user or judge, got {name!r}")


def _method(name: str) -> Method:
    match name:
        case "ips" | "snips" | "dr":
            return name
    raise SettingError(f"method must be one of {', '.join(METHODS)}, got {name!r}")
