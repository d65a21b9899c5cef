"""A table of finished text: typed columns, rows and cells, whatever it is shown on."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        title: Its heading.
        help: What its figure means, in one sentence.
        align: Numbers to the right, words to the left.
        group: Heading shared with its neighbours of the same group; "" for none.
    """

    title: str
    help: str
    align: Literal["left", "right"] = "right"
    group: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure, ready to be read.

    Attributes:
        text: As shown.
        tone: "bad" where a promise is broken, "good" where all are kept.
    """

    text: str
    tone: Literal["", "good", "bad"] = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        cells: One per column; the first names the row.
        kind: What it is about. Rows of one kind stand together.
    """

    cells: tuple[Cell, ...]
    kind: Literal["policy", "reference", "stream", "mean"]


@dataclass(frozen=True, slots=True)
class Table:
    """A table ready to be shown.

    Attributes:
        title: What it shows.
        columns: Its columns.
        rows: Its rows.
        note: What a reader must know beside it; may be empty.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""
