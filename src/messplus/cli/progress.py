"""A progress bar on stderr for work that counts its steps."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

Step = Callable[[int, int], None]
Report = Callable[[str, int, int, str], None]


@contextmanager
def progress_bar(what: str) -> Iterator[Step]:
    """A bar that is called with (done, total) and disappears when the work is done.

    Off a terminal nothing is drawn, so logs and pipes stay clean.
    """
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(what, total=None)

        def step(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield step


@contextmanager
def progress_bars() -> Iterator[Report]:
    """One bar per name, called with (name, done, total, note), with the rate and the time left.

    Off a terminal a line is written for each tenth of the way.
    """
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("[red]{task.fields[note]}"),
        console=console,
        disable=not console.is_terminal,
    ) as bars:
        tasks: dict[str, TaskID] = {}
        tenths: dict[str, int] = {}

        def report(name: str, done: int, total: int, note: str) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total, completed=done, rate="", note=note)
                tenths[name] = 10 * done // max(1, total)
            speed = bars.tasks[tasks[name]].speed
            rate = f"{60 * speed:.0f}/min" if speed else ""
            bars.update(tasks[name], completed=done, total=total, rate=rate, note=note)
            tenth = 10 * done // max(1, total)
            if not console.is_terminal and tenth > tenths[name]:
                tenths[name] = tenth
                console.print(f"{name}: {done} of {total} {note}".rstrip(), highlight=False)

        yield report


@contextmanager
def bytes_bars(console: Console) -> Iterator[Callable[[str], Step]]:
    """Bars of bytes, one after the other: called with a name, it gives what is called with bytes.

    Off a terminal nothing is drawn.
    """
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bars:

        def bar(name: str) -> Step:
            for earlier in bars.tasks:
                bars.update(earlier.id, visible=False)
            task = bars.add_task(name, total=None)

            def step(done: int, total: int) -> None:
                bars.update(task, completed=done, total=total or None)

            return step

        yield bar
