"""How much work a check may be: answers, and schemas that clients send, can be made to take for ever."""

from typing import Final

MOST_CHARACTERS: Final = 2**18
"""Longest answer that is read by patterns and as JSON."""

MOST_SCHEMA_CHARACTERS: Final = 2**15
"""Longest JSON schema."""

MOST_STEPS: Final = 20_000
"""Keywords of a schema that are held against parts of an answer, until it is given up."""

MOST_PATTERN_S: Final = 0.05
"""Longest time of one search for a pattern."""


class TooMuchError(Exception):
    """It cannot be told within the limits whether an answer passes."""
