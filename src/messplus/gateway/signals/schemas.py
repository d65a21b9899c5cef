"""JSON schemas that end, and that fetch nothing.

A schema may come from a client, and with a few nested references it can ask for more work than there
is time. So every keyword that is held against a part of the answer is a step, and steps are counted;
patterns are given up after a while; references lead nowhere but into the schema itself.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import jsonschema
from jsonschema.protocols import Validator
from referencing import Registry
from referencing.exceptions import Unresolvable

from messplus.errors import SettingError
from messplus.gateway.signals.limits import MOST_SCHEMA_CHARACTERS, MOST_STEPS, TooMuchError
from messplus.gateway.signals.patterns import found

# `jsonschema` searches for these with Python's own regular expressions, in several places.
_REFUSED: Final = "patternProperties"

Errors = Iterator[jsonschema.ValidationError]
Keyword = Callable[[Any, Any, Any, Any], Errors | None]


class Schema:
    """A JSON schema. Used by one thread at a time."""

    def __init__(self, text: str) -> None:
        """Read a schema.

        Args:
            text: As JSON.

        Raises:
            SettingError: It is none, too long, or has `patternProperties`.
        """
        if len(text) > MOST_SCHEMA_CHARACTERS:
            raise SettingError(
                f"json_schema must have at most {MOST_SCHEMA_CHARACTERS:,} characters, got {len(text):,}"
            )
        schema = json.loads(text)
        try:
            if _names(schema, _REFUSED):
                raise SettingError(f"json_schema must do without {_REFUSED}: name the properties")
            kind = _kind_of(schema)
            kind.check_schema(schema)
        except (jsonschema.SchemaError, RecursionError) as error:
            text = getattr(error, "message", "too deep")
            raise SettingError(f"json_schema is no JSON schema: {text}") from error
        self._left = 0
        steps: dict[str, Keyword] = {
            name: self._counted(keyword) for name, keyword in kind.VALIDATORS.items()
        }
        steps["pattern"] = self._counted(_pattern)
        steps["uniqueItems"] = self._counted(self._unique(kind.VALIDATORS["uniqueItems"]))
        counting: Any = jsonschema.validators.extend(kind, steps)  # type: ignore[no-untyped-call]
        self._validator: Validator = counting(schema, registry=Registry())

    def fault(self, value: Any) -> str:  # noqa: ANN401  # JSON
        """Where a value breaks the schema, and by which keyword, in no words of its own; "" if it does not.

        Raises:
            TooMuchError: That takes too many steps, or refers to what is not in the schema.
        """
        self._left = MOST_STEPS
        try:
            error = next(self._validator.iter_errors(value), None)
        except Unresolvable as missing:
            raise TooMuchError("json_schema refers to what it does not hold") from missing
        except (RecursionError, OverflowError) as deep:
            raise TooMuchError("too deep, or a number too large") from deep
        return f"{error.json_path[:200]} breaks `{error.validator}`" if error else ""

    def _spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise TooMuchError(f"took more than {MOST_STEPS:,} steps")

    def _counted(self, keyword: Keyword) -> Keyword:
        def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Errors | None:  # noqa: ANN401
            self._spend(1)
            return keyword(validator, value, instance, schema)

        return counted

    def _unique(self, keyword: Keyword) -> Keyword:
        def unique(validator: Any, value: Any, instance: Any, schema: Any) -> Errors | None:  # noqa: ANN401
            if isinstance(instance, list):  # each may be compared with each
                self._spend(len(instance) ** 2 // 2)
            return keyword(validator, value, instance, schema)

        return unique


def schema_of(mapping: Mapping[str, Any]) -> Schema:
    """A schema that has been parsed; the latest ones are kept.

    Raises:
        SettingError: As for `Schema`.
    """
    try:
        return _kept(json.dumps(mapping))
    except RecursionError as error:
        raise SettingError("json_schema is nested too deeply") from error


@lru_cache(maxsize=64)
def _kept(text: str) -> Schema:
    return Schema(text)


def _kind_of(schema: Any) -> type[Validator]:  # noqa: ANN401  # JSON
    """The draft that a schema names, or else the latest."""
    latest = jsonschema.Draft202012Validator
    if isinstance(schema, dict) and isinstance(schema.get("$schema"), str):
        return jsonschema.validators.validator_for(schema, default=latest)
    return latest


def _pattern(validator: Any, value: str, instance: Any, _schema: Any) -> Errors:  # noqa: ANN401
    if validator.is_type(instance, "string") and not found(value, instance):
        yield jsonschema.ValidationError("the pattern is not found")


def _names(part: object, name: str) -> bool:
    if isinstance(part, dict):
        return name in part or any(_names(one, name) for one in part.values())
    return isinstance(part, list) and any(_names(one, name) for one in part)
