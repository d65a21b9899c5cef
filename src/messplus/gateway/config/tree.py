"""A YAML file as plain values, with the line of each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias, Union

import yaml

from messplus.gateway.config.problems import Place, Problem

Value: TypeAlias = Union[bool, int, float, str, list["Value"], dict[str, "Value"], None]  # noqa: UP007

LARGEST_FILE_BYTES = 1_000_000
MOST_VALUES = 100_000
"""Counted with anchors written out: a file of a few lines can hold billions of values."""

ANY = "*"
"""In a pattern: every key of a mapping, every item of a list."""


@dataclass(frozen=True, slots=True)
class Tree:
    """What a file says.

    Attributes:
        values: Of the whole file.
        lines: Of each place, from 1.
        problems: What kept it from being read as it was meant.
    """

    values: Value
    lines: Mapping[Place, int]
    problems: tuple[Problem, ...]


def read_tree(text: str) -> Tree:
    """Read YAML with its line numbers; anchors and `<<` are allowed, doubled keys are problems.

    Raises:
        yaml.YAMLError: It is not YAML, holds a tag such as `!!python`, or too much.
    """
    if len(text.encode()) > LARGEST_FILE_BYTES:
        raise yaml.YAMLError(f"it has more than {LARGEST_FILE_BYTES:,} bytes")
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        reader = _Reader(loader)
        values = reader.value(node, ()) if node is not None else None
    except RecursionError as error:
        raise yaml.YAMLError("it is nested too deeply") from error
    finally:
        loader.dispose()
    return Tree(values, reader.lines, tuple(reader.problems))


class _Reader:
    """Turns nodes into values and remembers where they stood."""

    def __init__(self, loader: yaml.SafeLoader) -> None:
        self._loader = loader
        self._left = MOST_VALUES
        self._open: set[int] = set()
        self._seen: set[int] = set()
        self.lines: dict[Place, int] = {}
        self.problems: list[Problem] = []

    def value(self, node: yaml.Node, place: Place) -> Value:
        self._left -= 1
        if self._left < 0:
            raise yaml.YAMLError(f"it holds more than {MOST_VALUES:,} values")
        if id(node) in self._open:
            raise yaml.YAMLError(f"an anchor on line {_line(node)} holds itself")
        self.lines.setdefault(place, _line(node))
        self._open.add(id(node))
        try:
            match node:
                case yaml.MappingNode():
                    return self._mapping(node, place)
                case yaml.SequenceNode():
                    return [self.value(item, (*place, i)) for i, item in enumerate(node.value)]
                case _:
                    return self._scalar(node, place)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Value]:
        self._refuse_doubled(node, place)
        self._loader.flatten_mapping(node)  # `<<: *anchor` becomes the anchor's own keys, first
        values: dict[str, Value] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            below = (*place, name)
            self.lines[below] = _line(key)
            values[name] = self.value(value, below)
        return values

    def _refuse_doubled(self, node: yaml.MappingNode, place: Place) -> None:
        if id(node) in self._seen:  # by another alias: it holds what `<<` put there, too
            return
        self._seen.add(id(node))
        first: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.problems.append(Problem(place, "keys must be plain text", _line(key)))
            elif key.value in first:
                text = f"the key {key.value!r} stands on line {first[key.value]} already"
                self.problems.append(Problem(place, text, _line(key)))
            else:
                first[key.value] = _line(key)

    def _scalar(self, node: yaml.Node, place: Place) -> Value:
        if node.tag == "tag:yaml.org,2002:timestamp":
            return str(node.value)
        try:
            value = self._loader.construct_object(node)
        except ValueError as error:  # `!!int x`, or a number of thousands of digits
            raise yaml.YAMLError(f"what stands on line {_line(node)} is no number") from error
        if isinstance(value, str | int | float | bool) or value is None:
            return value
        raise yaml.YAMLError(f"line {_line(node)} has a tag that is not for settings")


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def matching(value: Value, pattern: Place) -> Iterator[tuple[Place, Value]]:
    """Every value whose place fits a pattern, such as `("routes", ANY, "models", ANY)`.

    What is not there, or is of another shape, is passed over.
    """
    if not pattern:
        yield (), value
        return
    for step, below in steps(value):
        if pattern[0] in (ANY, step):
            for place, found in matching(below, pattern[1:]):
                yield (step, *place), found


def steps(value: Value) -> Iterator[tuple[str | int, Value]]:
    """What stands one step below a value: a mapping's entries, a list's items."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)
