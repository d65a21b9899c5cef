"""`messplus data`: public tables of outcomes by name, ready for a replay."""

import os
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from messplus.cli.paths import cache_folder
from messplus.cli.progress import Step, bytes_bars
from messplus.cli.tables import show_table
from messplus.datasets.catalog import BY_HAND, DATA_SETS, find
from messplus.datasets.entry import ByHand, DataSet, RemoteFile
from messplus.errors import SettingError, require_extra

_MAX_WARNINGS = 20

data_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Public tables of outcomes by name, ready for a replay.",
)


@data_app.command("list")
def list_data_sets() -> None:
    """List the data sets: size, unit of cost, licence, whether it is here, what it is good for."""
    require_extra("replay", ["polars"], "messplus data")
    from messplus.datasets.get import is_fetched
    from messplus.datasets.shipped import SHIPPED_NAME, shipped_table

    cache = cache_folder(os.environ, Path.home())
    ships = shipped_table()
    size = f"{ships.n_requests:,} × {ships.n_models}"
    first_try = "a first try, without a network"
    rows = [
        (SHIPPED_NAME, size, ships.cost_unit, "ships with the package", ships.licence, first_try)
    ]
    for entry in DATA_SETS:
        here = "yes" if is_fetched(entry, cache) else "no"
        facts = (entry.name, entry.size, entry.cost_unit, here, entry.licence, entry.good_for)
        rows.append(facts)
    for other in BY_HAND:
        facts = (other.name, other.size, other.cost_unit, "by hand", other.licence, other.good_for)
        rows.append(facts)
    console = Console()
    headings = ("name", "requests × models", "cost", "fetched", "licence", "good for")
    show_table(console, headings, rows, narrow=((0, 1, 2, 3, 4), (0, 5)))
    console.print("messplus data get NAME makes NAME.parquet of one", highlight=False)


@data_app.command("get")
def get_data_set(
    name: Annotated[str, typer.Argument(help="As `messplus data list` shows it.")],
    to: Annotated[
        Path, typer.Option("--to", help="Folder for NAME.parquet and NAME.json.")
    ] = Path(),
    accept_licence: Annotated[
        bool,
        typer.Option("--accept-licence", help="Accept the data set's licence without being asked."),
    ] = False,
) -> None:
    """Fetch a public data set and make an outcome table of it.

    Its licence is shown first. The published files are kept in the cache folder, $MESSPLUS_CACHE or
    the user's: interrupted, the same command goes on with the file that it was at.

    For example:

    - `messplus data get paretobandit` : asks for the licence, writes paretobandit.parquet

    - `messplus replay paretobandit.parquet` : then replays it
    """
    require_extra("replay", ["polars"], "messplus data")
    from messplus.datasets.shipped import SHIPPED_NAME, copy_shipped

    console = Console()
    if name == SHIPPED_NAME:
        _say_where(console, copy_shipped(to))
        return
    entry = find(name, SHIPPED_NAME)
    if isinstance(entry, ByHand):
        raise _by_hand(entry)
    _fetch(entry, to, console, accepted=accept_licence)


def _fetch(entry: DataSet, to: Path, console: Console, *, accepted: bool) -> None:
    """Ask, fetch, convert, and say what to know of the result."""
    require_extra("replay", ["urllib3"], "messplus data get")
    from messplus.datasets import get
    from messplus.fetch import download

    ask: Callable[[str], bool] | None = typer.confirm if _is_terminal() else None
    get.accept_licence(entry.name, entry.licence, entry.page, accepted=accepted, ask=ask)
    with bytes_bars(Console(stderr=True)) as bar:
        cache = cache_folder(os.environ, Path.home())
        numbers = count(1)

        def on_file(file: RemoteFile) -> Step:
            return bar(f"{file.name} ({next(numbers)} of at most {len(entry.files)})")

        got = get.get(entry, to, cache=cache, download=download, on_file=on_file)
    console.print(f"{entry.title}", markup=False, highlight=False)
    console.print(
        f"{got.table.n_requests:,} requests × {got.table.n_models} models; cost: {entry.cost}",
        markup=False,
        highlight=False,
    )
    console.print(f"beware: {entry.trap}", markup=False, highlight=False)
    stderr = Console(stderr=True)
    for warning in got.warnings[:_MAX_WARNINGS]:
        stderr.print("[yellow]warning:[/]", end=" ")
        stderr.print(str(warning), markup=False, highlight=False)
    _say_where(console, got.path)


def _is_terminal() -> bool:
    """Whether somebody is there to answer a question."""
    return sys.stdin.isatty()


def _say_where(console: Console, path: Path) -> None:
    said = f"table: {path}\nnow: messplus replay {path}"
    console.print(said, markup=False, highlight=False, soft_wrap=True)


def _by_hand(entry: ByHand) -> SettingError:
    """The error for a data set that is not fetched, with what to do instead."""
    steps = "\n".join(f"  {i}. {step}" for i, step in enumerate(entry.steps, 1))
    return SettingError(
        f"{entry.name} is not fetched: {entry.why}. By hand ({entry.page}, licence: "
        f"{entry.licence}):\n{steps}"
    )
