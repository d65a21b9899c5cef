"""The tables of a grid, and what they look like in a terminal and in Markdown."""

from textwrap import wrap

from rich import box
from rich.markup import escape
from rich.table import Table as RichTable
from rich.text import Text

from messplus.replay.results import Results, streams_of
from messplus.report.per_stream import stream_table
from messplus.report.summary import summary_table
from messplus.report.table import Cell, Column, Row, Table

__all__ = [
    "Cell",
    "Column",
    "Row",
    "Table",
    "result_tables",
    "stream_table",
    "summary_table",
    "to_markdown",
    "to_rich",
]

_STYLES = {"": "", "good": "green", "bad": "bold red"}


def result_tables(results: Results) -> list[Table]:
    """The tables of a grid: the summary and, if there is more than one stream, one row for each."""
    several = len(streams_of(results.runs)) > 1
    return [summary_table(results), *([stream_table(results)] if several else [])]


def to_rich(table: Table) -> RichTable:
    """The table for a terminal. Columns of one group share one, its figures below each other.

    Headings wrap between words and no figure wraps: in a narrow terminal the names of rows do.
    """
    shown = RichTable(
        title=escape(table.title),
        caption=escape(table.note) or None,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
        title_style="bold",
        header_style="bold",
        pad_edge=False,
        collapse_padding=True,
    )
    groups = _grouped(table)
    for group in groups:
        columns = [table.columns[i] for i in group]
        width = max((len(row.cells[i].text) for row in table.rows for i in group), default=0)
        if columns[0].group:  # their own titles stay on one line each, beside their neighbours'
            width = max(width, *(len(column.title) for column in columns))
        titles = dict.fromkeys(title for c in columns for title in (c.group, c.title) if title)
        lines = [line for title in titles for line in _wrapped(title, width)]
        first = group[0] == 0
        shown.add_column(
            Text("\n".join(lines)),
            justify=columns[0].align,
            no_wrap=not first,
            overflow="fold",
            vertical="top",
        )
    for i, row in enumerate(table.rows):
        cells = [
            Text("\n").join(Text(row.cells[j].text, _STYLES[row.cells[j].tone]) for j in group)
            for group in groups
        ]
        last_of_kind = i + 1 < len(table.rows) and table.rows[i + 1].kind != row.kind
        shown.add_row(*cells, end_section=last_of_kind)
    return shown


def to_markdown(table: Table) -> str:
    """The table in GitHub's Markdown, without its title."""
    headings = [f"{c.group} {c.title}".strip() for c in table.columns]
    rules = [":---" if c.align == "left" else "---:" for c in table.columns]
    lines = [headings, rules, *([cell.text for cell in row.cells] for row in table.rows)]
    text = "\n".join(f"| {' | '.join(map(_markdown, line))} |" for line in lines)
    return f"{text}\n\n{_markdown(table.note)}\n" if table.note else f"{text}\n"


def _grouped(table: Table) -> list[list[int]]:
    """Indices of the columns, those of one group together."""
    groups: list[list[int]] = []
    for i, column in enumerate(table.columns):
        if column.group and groups and table.columns[groups[-1][0]].group == column.group:
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups


def _wrapped(title: str, width: int) -> list[str]:
    """A heading over figures of this width; only words of more than 12 letters are broken."""
    longest = min(max(map(len, title.replace("-", "- ").split())), 12)
    return wrap(title, max(width, longest))


def _markdown(text: str) -> str:
    """Text that Markdown shows as it is: no column, tag or emphasis begins inside a name."""
    for sign in "\\|<>*_`[]":
        text = text.replace(sign, "\\" + sign)
    return " ".join(text.split())
