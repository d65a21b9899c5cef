"""The commands put together, and the one place where errors become exit codes."""

import logging
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler

import messplus
from messplus.cli import (
    capture,
    check,
    datasets,
    demo,
    explain,
    fit,
    inspect,
    learn,
    log,
    replay,
    report,
    serve,
    zoo,
)
from messplus.errors import MessPlusError

app = typer.Typer(
    name="messplus",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("learn")(learn.learn)
app.command("check")(check.check)
app.command("explain")(explain.explain_command)
app.command("report")(report.report)
app.command("replay")(replay.replay)
app.command("inspect")(inspect.inspect)
app.command("fit")(fit.fit)
app.command("capture")(capture.capture)
app.add_typer(log.log_app, name="log")
app.add_typer(datasets.data_app, name="data")
app.add_typer(zoo.zoo_app, name="zoo")


def _version(wanted: bool) -> None:  # the shape that typer calls
    if wanted:
        typer.echo(f"messplus {messplus.__version__}")
        raise typer.Exit


@app.callback()
def messplus_command(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """An LLM request router that keeps a promise at the least cost.

    Of the requests sent through a route, at least a share **alpha** is answered satisfactorily;
    each goes to the cheapest model of the zoo that lets the promise hold.

    Try `messplus demo`: it needs no data, no key and no network.
    """


def run() -> None:
    """Run the command line; exit 2 on an error of messplus or the system, 130 on Ctrl-C."""
    console = Console(stderr=True)
    logging.basicConfig(
        level=logging.WARNING,
        format="%(message)s",
        handlers=[RichHandler(console=console, show_time=False, show_path=False)],
    )
    try:
        app()
    except MessPlusError as error:
        console.print("[bold red]error:[/]", end=" ")
        console.print(str(error), markup=False, highlight=False)
        sys.exit(2)
    except OSError as error:  # a full disk, a folder that cannot be written
        console.print("[bold red]error:[/]", end=" ")
        console.print(str(error), markup=False, highlight=False)
        sys.exit(2)
    except KeyboardInterrupt:
        console.print("interrupted")
        sys.exit(130)
