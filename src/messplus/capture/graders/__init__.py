"""Graders: each turns a response into a score in [0, 1]; one file per kind of comparison."""

from collections.abc import Mapping
from typing import Final

from messplus.capture.graders.base import Grader, bare
from messplus.capture.graders.judged import Judged
from messplus.capture.graders.numeric import Choice, Numeric
from messplus.capture.graders.schema import JsonSchema
from messplus.capture.graders.text import Contains, Exact, FirstOf, Regex, Word

__all__ = [
    "GRADERS",
    "Choice",
    "Contains",
    "Exact",
    "FirstOf",
    "Grader",
    "JsonSchema",
    "Judged",
    "Numeric",
    "Regex",
    "Word",
    "bare",
]

GRADERS: Final[Mapping[str, type[Grader]]] = {
    "exact": Exact,
    "contains": Contains,
    "word": Word,
    "first_of": FirstOf,
    "regex": Regex,
    "numeric": Numeric,
    "choice": Choice,
    "json_schema": JsonSchema,
    "judge": Judged,
}
