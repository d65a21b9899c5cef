"""`messplus check`: what a gateway would do with a configuration, before it does."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from messplus.cli.tables import show_table
from messplus.errors import require_extra

if TYPE_CHECKING:
    from messplus.gateway.config import Problem, Settings


def check(
    file: Annotated[
        Path | None,
        typer.Argument(help="The gateway's YAML file.", metavar="FILE", show_default=False),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of the file, for editors.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Check a gateway's configuration, and say what it would do.

    Every problem is told at once, with its line and a fix, and ends the command with 1. Warnings do
    not. Nothing is started, nothing called, no secret shown.

    For example:

    - `messplus check gateway.yaml`

    - `messplus check --schema > messplus.schema.json` : lets an editor complete and check the file
    """
    require_extra("gateway", ["jsonschema", "pydantic", "regex", "yaml"], "messplus check")
    from messplus.gateway.config import Settings, SettingsError
    from messplus.gateway.reviewing import reviewed

    if schema:
        typer.echo(json.dumps(Settings.model_json_schema(), indent=2))
        return
    if file is None:
        raise typer.BadParameter("which file? messplus check FILE", param_hint="FILE")
    try:
        settings, warnings = reviewed(file)
    except SettingsError as error:
        if as_json:
            typer.echo(json.dumps({"ok": False, "problems": _listed(error.problems)}, indent=2))
        else:
            _show_problems(error.file, error.problems)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps(_summary(settings, warnings), indent=2))
    else:
        _show(file, settings, warnings)


def _show_problems(file: str, problems: "tuple[Problem, ...]") -> None:
    console = Console(stderr=True)
    for problem in problems:
        console.print("[bold red]error:[/]", end=" ")
        console.print(f"{file}: {problem}", markup=False, highlight=False, soft_wrap=True)
    count = len(problems)
    console.print(f"{count} problem{'s' if count > 1 else ''}: a gateway would not start")


def _show(file: Path, settings: "Settings", warnings: "tuple[Problem, ...]") -> None:
    from messplus.gateway.config.prices import by_price, list_price

    console = Console()
    unit = "$" if settings.cost == "usd" else "J"
    show_table(
        console,
        ("model", "served by", f"{unit} per typical request", "context", "tools", "vision"),
        [
            (
                name,
                f"{model.provider} as {model.model or name}",
                f"{list_price(model, settings.cost):.6g}",
                f"{model.context_tokens:,}" if model.context_tokens else "any",
                "yes" if model.tools else "no",
                "yes" if model.vision else "no",
            )
            for name in by_price(settings)
            for model in [settings.models[name]]
        ],
        narrow=((0, 1, 2), (0, 3, 4, 5)),
        right=(2, 3),
    )
    show_table(
        console,
        ("route", "alpha", "models, cheapest first", "checks", "judge"),
        [
            (
                name if number else f"{name} (default)",
                f"{route.alpha:g}",
                ", ".join(by_price(settings, name)),
                ", ".join(rule.kind for rule in route.checks) or "none",
                f"{route.judge.model}, {route.judge.share:.3g} of answers"
                if route.judge
                else "none",
            )
            for number, (name, route) in enumerate(settings.routes.items())
        ],
        narrow=((0, 1, 2), (0, 3, 4)),
        right=(1,),
    )
    if settings.keys:
        show_table(
            console,
            ("key", "routes", "alpha", "per minute", "$ per day", "admin"),
            [
                (
                    key.name,
                    ", ".join(key.routes) if key.routes else "all",
                    f"{key.alpha:g}" if key.alpha else "as the route",
                    f"{key.rpm:,}" if key.rpm else "any",
                    f"{key.budget_usd_per_day:g}" if key.budget_usd_per_day else "any",
                    "yes" if key.admin else "no",
                )
                for key in settings.keys
            ],
            narrow=((0, 1, 2), (0, 3, 4, 5)),
            right=(3, 4),
        )
    from messplus.gateway.config.secrets import shown_store

    server = settings.server
    kept = f"for {settings.retention_days:g} days" if settings.retention_days else "for ever"
    for line in (
        f"listens on {server.host} port {server.port or '(a free one)'}",
        "no keys: everybody who reaches the port may call" if not settings.keys else "",
        f"log: {shown_store(settings)}, {kept}, {'with' if server.keep_prompts else 'without'} prompts",
    ):
        if line:
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    errors = Console(stderr=True)
    for warning in warnings:
        errors.print("[yellow]warning:[/]", end=" ")
        errors.print(str(warning), markup=False, highlight=False, soft_wrap=True)
    console.print(f"{file}: ok", markup=False, highlight=False, soft_wrap=True)


def _summary(settings: "Settings", warnings: "tuple[Problem, ...]") -> dict[str, object]:
    from messplus.gateway.config.prices import by_price
    from messplus.gateway.config.secrets import shown_store

    return {
        "ok": True,
        "warnings": _listed(warnings),
        "routes": {
            name: {"alpha": route.alpha, "models": by_price(settings, name)}
            for name, route in settings.routes.items()
        },
        "keys": [
            {
                "name": key.name,
                "routes": key.routes,
                "alpha": key.alpha,
                "rpm": key.rpm,
                "budget_usd_per_day": key.budget_usd_per_day,
                "admin": key.admin,
            }
            for key in settings.keys
        ],
        "listen": {"host": settings.server.host, "port": settings.server.port},
        "store": shown_store(settings),
    }


def _listed(problems: "tuple[Problem, ...]") -> list[dict[str, object]]:
    from messplus.gateway.config.problems import dotted

    return [{"place": dotted(one.place), "line": one.line, "text": one.text} for one in problems]
