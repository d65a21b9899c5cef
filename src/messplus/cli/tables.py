"""Tables of a command that lists things."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text


def show_table(
    console: Console,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    narrow: Sequence[Sequence[int]],
    right: Sequence[int] = (),
) -> None:
    """Rows under headings.

    Args:
        console: Where they are shown.
        headings: One per column.
        rows: Of as many cells.
        narrow: Columns of the tables, one below the other, that a narrow terminal is shown.
        right: Columns of numbers.
    """
    whole = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    fits = sum(whole) + 2 * len(whole) <= console.width
    for part in (range(len(headings)),) if fits else narrow:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for number in part:
            table.add_column(
                headings[number],
                justify="right" if number in right else "left",
                overflow="fold",
                no_wrap=number == 0,
            )
        for row in rows:
            table.add_row(*(Text(row[number]) for number in part))
        console.print(table)
        console.print()
