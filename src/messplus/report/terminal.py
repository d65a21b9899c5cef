"""A table in a terminal of any width: what does not fit beside goes below, under the same names."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table as RichTable
from rich.text import Text

from messplus.report.table import Table

_STYLES = {"": "", "good": "green", "bad": "bold red"}
_NAMES = 26  # letters: longer names of rows wrap
_TEXTS = 24  # letters: longer texts wrap, figures never do
_GAP = 2


@dataclass(frozen=True, slots=True)
class _Column:
    """What stands in one column: one column of the table, or those of a group."""

    members: tuple[int, ...]
    width: int
    heading: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A table for a terminal. Columns of one group share one, its figures below each other.

    Attributes:
        table: What is shown.
    """

    table: Table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As few parts as the width allows."""
        first, *others = [self._column(members) for members in self._members()]
        parts = _fitting(others, options.max_width - first.width - _GAP)
        yield Text(self.table.title, style="bold")
        for part in parts:
            yield self._part([first, *part])
        if self.table.note:
            yield Text(self.table.note, style="dim")
        yield Text()

    def _members(self) -> list[list[int]]:
        """Indices of the table's columns, those of one group together."""
        members: list[list[int]] = []
        columns = self.table.columns
        for i, column in enumerate(columns):
            if column.group and members and columns[members[-1][0]].group == column.group:
                members[-1].append(i)
            else:
                members.append([i])
        return members

    def _column(self, members: Sequence[int]) -> _Column:
        columns = [self.table.columns[i] for i in members]
        width = max((len(r.cells[i].text) for r in self.table.rows for i in members), default=1)
        width = min(width, _NAMES if members[0] == 0 else _TEXTS)
        if columns[0].group:  # titles in a group stay on one line each, beside their neighbours'
            width = max(width, *(len(column.title) for column in columns))
        titles = dict.fromkeys(title for c in columns for title in (c.group, c.title) if title)
        lines = [line for title in titles for line in _wrapped(title, width)]
        return _Column(tuple(members), max(width, *map(len, lines)), "\n".join(lines))

    def _part(self, columns: Sequence[_Column]) -> RichTable:
        part = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0), header_style="bold")
        for column in columns:
            part.add_column(
                Text(column.heading),
                justify=self.table.columns[column.members[0]].align,
                width=column.width + (1 if column is not columns[-1] else 0),
                overflow="fold",
            )
        rows = self.table.rows
        for i, row in enumerate(rows):
            cells = [
                Text("\n").join(
                    Text(row.cells[j].text, _STYLES[row.cells[j].tone]) for j in column.members
                )
                for column in columns
            ]
            part.add_row(*cells, end_section=i + 1 < len(rows) and rows[i + 1].kind != row.kind)
        return part


def _fitting(columns: Sequence[_Column], room: int) -> list[list[_Column]]:
    """The columns in parts that fit into the room, at least one in each."""
    parts: list[list[_Column]] = [[]]
    for column in columns:
        used = sum(other.width + _GAP for other in parts[-1])
        if parts[-1] and used + column.width > room:
            parts.append([])
        parts[-1].append(column)
    return parts


def _wrapped(title: str, width: int) -> list[str]:
    """A heading over figures of this width; only words of more than 12 letters are broken."""
    longest = min(max(map(len, title.replace("-", "- ").split())), 12)
    return wrap(title, max(width, longest))
