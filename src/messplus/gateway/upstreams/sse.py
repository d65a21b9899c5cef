"""Server-sent events: bytes in any pieces to whole events, and what their lines say."""

import re
from typing import Final

MOST_EVENT_BYTES: Final = 16 * 2**20
"""Longest event that is waited for; images come in single ones."""

_BLANK_LINE: Final = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_ONE_DATA_LINE: Final = re.compile(rb"data: ?([^\r\n]++)(?>\r\n|\n|\r)++\Z")


class Events:
    """Parts a stream into events. All bytes come out again, in their order."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The events that are whole now, each with the blank line that ends it.

        An event beyond `MOST_EVENT_BYTES` comes in pieces, none of which reads as an event.
        """
        rest = self._rest
        searched = max(0, len(rest) - 3)
        rest = rest + chunk if rest else chunk
        ends = _ends_of_any(rest, searched) if b"\r" in rest else _ends(rest, searched)
        starts = [0, *ends]
        events = [rest[start:end] for start, end in zip(starts, ends, strict=False)]
        rest = rest[starts[-1] :]
        if len(rest) > MOST_EVENT_BYTES:
            events.append(rest)
            rest = b""
        self._rest = rest
        return events

    def end(self) -> bytes:
        """What has come of an event that was not ended."""
        rest, self._rest = self._rest, b""
        return rest


def _ends(stream: bytes, searched: int) -> list[int]:
    """Where blank lines end in a stream whose lines end with line feeds: the usual kind."""
    ends = []
    while (end := stream.find(b"\n\n", searched) + 2) > 1:
        ends.append(end)
        searched = end
    return ends


def _ends_of_any(stream: bytes, searched: int) -> list[int]:
    """The same for lines that end with line feeds, carriage returns, or both."""
    ends = []
    while found := _BLANK_LINE.search(stream, searched):
        searched = found.end()
        if searched == len(stream) and stream.endswith(b"\r"):
            break  # its line feed may be under way
        ends.append(searched)
    return ends


def data_span(event: bytes) -> tuple[int, int] | None:
    """Where the data of an event stands that is a single line of data; None if it is not."""
    last = len(event) - 2
    if event.startswith(b"data: ") and event.find(b"\n") == last and b"\r" not in event:
        return 6, last  # the usual case, without a regular expression
    found = _ONE_DATA_LINE.match(event)
    return found.span(1) if found else None


def data_of(event: bytes) -> bytes | None:
    """The data of any event, its lines joined by line feeds; None if it has none: a comment."""
    lines = [line.partition(b":") for line in _LINE_END.split(event)]
    data = [value.removeprefix(b" ") for name, _, value in lines if name == b"data"]
    return b"\n".join(data) if data else None


def with_data(event: bytes, data: bytes) -> bytes:
    """An event with other data, on one line, in the place of its first line of data."""
    lines = []
    told = False
    for line in _LINE_END.split(event):
        if line.partition(b":")[0] != b"data":
            lines.append(line)
        elif not told:
            lines.append(b"data: " + data)
            told = True
    return b"\n".join(lines)
