"""Show a demo while it runs: a picture on a terminal, a line now and then elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live

from messplus.demo.board import Board
from messplus.demo.look import Look, percent

Show = Callable[[Look], None]

_LINES = 10


@contextmanager
def view(console: Console) -> Iterator[Show]:
    """What is to be called with each new look at the demo; the last picture stays.

    Args:
        console: Where. Off a terminal, or where it cannot show Braille, a line is written for each
            tenth of the way.
    """
    if not console.is_terminal or console.is_dumb_terminal or console.encoding != "utf-8":
        yield _lines(console)
        return
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        yield lambda look: live.update(Board(look), refresh=True)


def line(look: Look) -> str:
    """How the demo stands, in a line."""
    parts = [
        f"{look.tally.requests:,} of {look.total:,} requests",
        f"satisfied {percent(look.tally.satisfaction, 1)} (promised {percent(look.alpha, 1)})",
        f"cost {percent(look.tally.over_largest())} of always the largest",
        f"{percent(look.tally.over_mix())} of the static mix",
    ]
    if look.state is not None:
        parts.append(f"queue {look.state.queue:.1f}")
    parts.append(look.pace)
    return "; ".join(parts)


def _lines(console: Console) -> Show:
    shown = 0

    def show(look: Look) -> None:
        nonlocal shown
        tenth = _LINES * look.tally.requests // max(1, look.total)
        if tenth > shown:
            shown = tenth
            console.print(line(look), markup=False, highlight=False, soft_wrap=True)

    return show
