"""Rules that every finished answer of a route is held against."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from messplus.errors import SettingError
from messplus.gateway.config.settings import Check
from messplus.gateway.signals.answer import Answer
from messplus.gateway.signals.limits import MOST_CHARACTERS, TooMuchError
from messplus.gateway.signals.patterns import check_pattern, found
from messplus.gateway.signals.schemas import Schema, schema_of

CUT: Final = ("length", "content_filter")
"""Reasons to end that no answer should have."""

_QUICK: Final = ("not_empty", "finished")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says of an answer.

    Attributes:
        name: Of the rule: its `kind`.
        decides: What that means, as in the settings.
        passed: Whether it passes; None: that could not be told within the limits.
        why: What is wrong, in words that tell nothing of what the answer says; "" where nothing is.
    """

    name: str
    decides: Literal["failure", "always"]
    passed: bool | None
    why: str = ""


class Checks:
    """The rules of one route. Used by one thread at a time.

    A rule that has nothing to look at is kept: an answer that only calls tools has no text that could
    be wrong, and a request without a schema asks for none.
    """

    def __init__(self, checks: Sequence[Check]) -> None:
        """Read the rules.

        Raises:
            SettingError: A pattern is no regular expression, or a schema no JSON schema.
        """
        self._checks = tuple(checks)
        self._schemas: dict[int, Schema] = {}
        for n, check in enumerate(checks):
            if check.pattern is not None:
                check_pattern(check.pattern)
            if check.json_schema is not None:
                self._schemas[n] = Schema(json.dumps(check.json_schema))
        self.quick = all(check.kind in _QUICK for check in checks)
        """Whether looking takes microseconds; else it can take up to a second."""
        self.always = any(check.decides == "always" for check in checks)
        """Whether a rule decides what satisfaction is."""

    def __bool__(self) -> bool:
        """Whether there is a rule."""
        return bool(self._checks)

    def look(self, answer: Answer) -> tuple[Finding, ...]:
        """What each rule says, in their order."""
        return tuple(self._finding(n, check, answer) for n, check in enumerate(self._checks))

    def _finding(self, n: int, check: Check, answer: Answer) -> Finding:
        try:
            why = self._fault(n, check, answer)
        except TooMuchError as error:
            return Finding(check.kind, check.decides, None, str(error))
        return Finding(check.kind, check.decides, not why, why)

    def _fault(self, n: int, check: Check, answer: Answer) -> str:
        match check.kind:
            case "not_empty":
                said = answer.text.strip() or answer.tool_calls
                return "" if said else "the answer is empty"
            case "finished":
                ended = answer.finish_reason
                return f"it ended with {ended}" if ended in CUT else ""
        if answer.only_calls_tools:
            return ""
        if len(answer.text) > MOST_CHARACTERS:
            raise TooMuchError(f"longer than {MOST_CHARACTERS:,} characters")
        if check.pattern is not None:
            return "" if found(check.pattern, answer.text) else "the pattern is not found"
        schema = self._schemas.get(n)
        if check.kind == "json_schema" and schema is None:
            if answer.json_schema is None:
                return ""
            schema = _clients(answer.json_schema)
        return _json_fault(answer.text, schema)


def _clients(mapping: Any) -> Schema:  # noqa: ANN401  # JSON
    """The schema of a request. One that cannot be read tells nothing of the answer."""
    try:
        return schema_of(mapping)
    except SettingError as error:
        raise TooMuchError(str(error)) from error


def _json_fault(text: str, schema: Schema | None) -> str:
    try:
        value = json.loads(text, parse_constant=_no_json)
    except (ValueError, RecursionError):  # no JSON; a number of thousands of digits; too deep
        return "the answer is no JSON"
    return schema.fault(value) if schema else ""


def _no_json(constant: str) -> None:
    """Refuse what Python reads, but JSON does not know."""
    raise ValueError(f"{constant} is no JSON")
