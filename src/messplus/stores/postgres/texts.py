r"""Rows as PostgreSQL takes them, and back.

Its texts hold neither the character 0 nor half an emoji, and clients send both. Such characters are
written as \u0000, and a backslash as two: a text without any of these reads as it is.
"""

import re
from typing import Any, Final

from messplus.stores.rows import AnyTable
from messplus.stores.values import Row, Value

_ODD: Final = re.compile("[\\\\\x00\ud800-\udfff]")
_WRITTEN: Final = re.compile(r"\\(?:\\|u([0-9a-f]{4}))")


def to_sql(text: str) -> str:
    """A text of any characters as one that PostgreSQL keeps."""
    return _ODD.sub(_write, text) if _ODD.search(text) else text


def from_sql(text: str) -> str:
    """The text that was written so."""
    return _WRITTEN.sub(_read, text) if "\\" in text else text


def row_to_sql(table: AnyTable, row: Row) -> tuple[Value, ...]:
    """A row of `rows.encode`, its texts as PostgreSQL keeps them."""
    values = list(row)
    for place in table.texts:
        value = values[place]
        if isinstance(value, bytes):
            value = value.decode("utf-8", "surrogatepass")
        if isinstance(value, str):
            values[place] = to_sql(value)
    return tuple(values)


def row_from_sql(table: AnyTable, row: "Any") -> Row:  # noqa: ANN401  # a record of asyncpg
    """A row for `Table.decode`: the sequence number, then the columns, texts as bytes."""
    values = list(row)
    for place in table.texts:
        if values[place + 1] is not None:
            values[place + 1] = from_sql(values[place + 1]).encode("utf-8", "surrogatepass")
    for place in table.encoded:
        values[place + 1] = values[place + 1].encode()
    return tuple(values)


def _write(found: "re.Match[str]") -> str:
    odd = found[0]
    return "\\\\" if odd == "\\" else f"\\u{ord(odd):04x}"


def _read(found: "re.Match[str]") -> str:
    return chr(int(found[1], 16)) if found[1] else "\\"
