"""The tables of a grid, and what they look like in a terminal and in Markdown."""

from messplus.replay.results import Results, streams_of
from messplus.report.per_stream import stream_table
from messplus.report.summary import summary_table
from messplus.report.table import Cell, Column, Row, Table
from messplus.report.terminal import Shown

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


def result_tables(results: Results) -> list[Table]:
    """The tables of a grid: the summary and, if there is more than one stream, one row for each."""
    several = len(streams_of(results.runs)) > 1
    return [summary_table(results), *([stream_table(results)] if several else [])]


def to_rich(table: Table) -> Shown:
    """The table as something that a rich console prints, at any width."""
    return Shown(table)


def to_markdown(table: Table) -> str:
    """The table in GitHub's Markdown, without its title."""
    headings = [f"{c.group} {c.title}".strip() for c in table.columns]
    rules = [":---" if c.align == "left" else "---:" for c in table.columns]
    lines = [headings, rules, *([cell.text for cell in row.cells] for row in table.rows)]
    text = "\n".join(f"| {' | '.join(map(_markdown, line))} |" for line in lines)
    return f"{text}\n\n{_markdown(table.note)}\n" if table.note else f"{text}\n"


def _markdown(text: str) -> str:
    """Text that Markdown shows as it is: no column, tag or emphasis begins inside a name."""
    for sign in "\\|<>*_`[]":
        text = text.replace(sign, "\\" + sign)
    return " ".join(text.split())
