"""Top-level texts of a JSON object replaced in its bytes; everything else stays as it was written."""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

_STRING: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_MEMBER: Final = re.compile(
    rb"\s*+(" + _STRING + rb")\s*+:\s*+(?:(" + _STRING + rb'|[^\s,{}\[\]"]++)|(?=[{\[]))', re.DOTALL
)
"""A member of an object: its key, and its value unless that is an object or a list."""

_BRACKET: Final = re.compile(_STRING + rb"|[{}\[\]]", re.DOTALL)
_NEXT: Final = re.compile(rb"\s*+([,}])")


class Splicer:
    """Gives values to members of JSON objects that look much alike, such as the chunks of a stream.

    What comes before the content is the same in every chunk, so the position found in one is tried
    first in the next.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        """Prepare.

        Args:
            values: The text that each top-level member gets, by its key; one that is missing is added.
        """
        self._values = dict(values)
        self._raw = {orjson.dumps(key): orjson.dumps(value) for key, value in values.items()}
        self._keys = tuple(zip(self._values, self._raw, strict=True))
        self._members = {key: key + b":" + value + b"," for key, value in self._raw.items()}
        self._old_head = b""
        self._new_head = b""

    def __call__(self, data: bytes, parsed: Mapping[str, Any]) -> bytes:
        """The object with the values put in.

        Args:
            data: A JSON object.
            parsed: What is in it.
        """
        head = self._old_head
        if head and data.startswith(head) and not self._occurs(data, len(head)):
            return self._new_head + data[len(head) :]
        spans = _spans(data, self._raw)
        there = {raw for key, raw in self._keys if key in parsed}
        if spans is None or {key for key, _, _ in spans} != there:
            # In doubt, such as a key that is written with escapes.
            return orjson.dumps({**parsed, **self._values})
        parts = []
        at = 0
        missing = b"".join(member for key, member in self._members.items() if key not in there)
        if missing:
            at = data.index(b"{") + 1
            parts += [data[:at], missing if parsed else missing[:-1]]
        for key, start, end in spans:
            parts += [data[at:start], self._raw[key]]
            at = end
        new_head = b"".join(parts)
        self._old_head, self._new_head = data[:at], new_head
        if data[at - 1 : at] != b'"':
            self._old_head = b""  # it could be the beginning of something else: 1 of 12, { of {}
        return new_head + data[at:]

    def _occurs(self, data: bytes, start: int) -> bool:
        """Whether a key, or what might be one in escapes, occurs from a position on."""
        return any(data.find(key, start) >= 0 for key in self._raw) or data.find(b"\\u", start) >= 0


def _spans(data: bytes, keys: Mapping[bytes, bytes]) -> list[tuple[bytes, int, int]] | None:
    """Where the top-level values of keys stand: key, start and end, in order; None: not to be told.

    Args:
        data: A valid JSON object.
        keys: As they are written, with quotes.
    """
    spans = []
    at = data.index(b"{") + 1
    while member := _MEMBER.match(data, at):
        key, scalar = member.groups()
        end = member.end() if scalar is not None else _end_of_container(data, member.end())
        if key in keys:
            spans.append((key, member.start(2) if scalar is not None else member.end(), end))
        then = _NEXT.match(data, end)
        if then is None:
            return None
        at = then.end()
        if then[1] == b"}":
            return spans
    return spans if data[at:].strip() == b"}" else None


def _end_of_container(data: bytes, start: int) -> int:
    """The position after the bracket that closes the one at `start`."""
    depth = 0
    for found in _BRACKET.finditer(data, start):
        if found[0] in (b"{", b"["):
            depth += 1
        elif found[0] in (b"}", b"]"):
            depth -= 1
            if not depth:
                return found.end()
    return len(data)
