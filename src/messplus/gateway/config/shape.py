"""What pydantic finds wrong with a configuration's shape, in our words."""

from collections.abc import Callable, Collection, Iterator, Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from messplus.errors import unknown
from messplus.gateway.config.problems import Place, Problem
from messplus.gateway.config.settings import Settings
from messplus.gateway.config.tree import Value

LONGEST_SHOWN = 40
"""Characters of a value that a message repeats."""


def shaped(values: Value, secret: Collection[Place]) -> tuple[Settings | None, list[Problem]]:
    """Settings of plain values, or what is wrong with their shape.

    Args:
        values: Of the file.
        secret: Places whose value must not be repeated.
    """
    try:
        return Settings.model_validate(values), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=True)
        return None, [_problem(one, secret) for one in found]


def _problem(error: ErrorDetails, secret: Collection[Place]) -> Problem:
    place: Place = error["loc"]
    kind = error["type"]
    if kind == "extra_forbidden":
        known = section_at(place[:-1]).model_fields
        return Problem(place, str(unknown("key", str(place[-1]), known)))
    if place and place[-1] == "[key]":
        return Problem(place[:-1], f"is no name: {_NAME_RULE}")
    say = _TEXTS.get(kind)
    wanted = say(error.get("ctx", {})) if say else error["msg"]
    if kind in ("missing", "value_error"):
        return Problem(place, wanted)
    return Problem(place, f"must be {wanted}{_got(error['input'], place, secret, kind)}")


_NAME_RULE = "letters, digits and . _ : / -, at most 100, a letter or digit first"
_TEXTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "is missing",
    "value_error": lambda ctx: str(ctx["error"]),
    "literal_error": lambda ctx: str(ctx["expected"]),
    "greater_than": lambda ctx: f"above {ctx['gt']:g}",
    "greater_than_equal": lambda ctx: f"at least {ctx['ge']:g}",
    "less_than": lambda ctx: f"below {ctx['lt']:g}",
    "less_than_equal": lambda ctx: f"at most {ctx['le']:g}",
    "finite_number": lambda _: "a finite number",
    "string_pattern_mismatch": lambda ctx: (
        "http://HOST[:PORT]/... or https://..." if "http" in ctx["pattern"] else _NAME_RULE
    ),
    "too_short": lambda ctx: f"at least {ctx['min_length']} of them",
    "string_type": lambda _: "a text",
    "bool_type": lambda _: "true or false",
    "bool_parsing": lambda _: "true or false",
    "int_type": lambda _: "a whole number",
    "int_parsing": lambda _: "a whole number",
    "int_from_float": lambda _: "a whole number",
    "float_type": lambda _: "a number",
    "float_parsing": lambda _: "a number",
    "dict_type": lambda _: "a mapping of names",
    "model_type": lambda _: "a mapping of settings",
    "tuple_type": lambda _: "a list",
}


def _got(value: object, place: Place, secret: Collection[Place], kind: str) -> str:
    """The value, unless it may be a secret: a text only where there are words to choose from."""
    if place in secret:
        return ""
    match value:
        case dict():
            return ", got a mapping"
        case list():
            return ", got a list"
        case None:
            return ", got nothing"
        case str() if kind == "literal_error":
            return f", got {value[:LONGEST_SHOWN]!r}"
        case str():
            return ", got a text"
        case _:
            return f", got {value}"


def section_at(place: Place) -> type[BaseModel]:
    """The section of the settings that stands at a place."""
    found: object = Settings
    for step in place:
        if isinstance(found, type) and issubclass(found, BaseModel):
            found = found.model_fields[str(step)].annotation
        else:
            found = get_args(found)[1 if get_origin(found) is dict else 0]
        found = next((one for one in _parts(found) if one is not type(None)), found)
    if isinstance(found, type) and issubclass(found, BaseModel):
        return found
    raise LookupError(f"no section at {place}")  # only sections refuse keys


def _parts(annotation: object) -> Iterator[object]:
    """The members of a union; anything else is its own."""
    if get_origin(annotation) in (Union, UnionType):
        yield from get_args(annotation)
    else:
        yield annotation
