"""Regular expressions that end.

Python's own backtrack, for hours on some patterns and texts, and cannot be stopped. The package `regex` reads
the same patterns and more, stops after a given time, and lets other threads run meanwhile.
"""

from functools import lru_cache

import regex  # type: ignore[import-untyped]

from messplus.errors import SettingError
from messplus.gateway.signals.limits import MOST_PATTERN_S, TooMuchError


def check_pattern(pattern: str) -> None:
    """Refuse a pattern that is none; raises `SettingError`."""
    try:
        _compiled(pattern)
    except regex.error as error:
        raise SettingError(f"pattern {pattern!r} is no regular expression: {error}") from error


def found(pattern: str, text: str) -> bool:
    """Whether a pattern is found anywhere in a text.

    Raises:
        TooMuchError: That is not known after `MOST_PATTERN_S`, or the pattern is none.
    """
    try:
        return bool(_compiled(pattern).search(text, timeout=MOST_PATTERN_S, concurrent=True))
    except TimeoutError as error:
        raise TooMuchError(f"took more than {MOST_PATTERN_S:g} s") from error
    except regex.error as error:
        raise TooMuchError(f"no regular expression: {error}") from error


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> "regex.Pattern[str]":
    return regex.compile(pattern)
