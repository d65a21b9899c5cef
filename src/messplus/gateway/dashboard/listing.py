"""Promises that are kept: one by its name, and pages of all of them."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from messplus.errors import SettingError
from messplus.evidence.promise import NAMED
from messplus.gateway.errors import invalid
from messplus.router import Key, Router, Standing

USUAL: Final = 100
MOST: Final = 1000
"""Promises of a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some promises, in the order of the configuration; those that callers have asked for are last.

    Attributes:
        standings: How they stand.
        more: Whether there are others after them.
    """

    standings: tuple[Standing, ...]
    more: bool


def name_of(key: Key) -> str:
    """How a promise is named: `chat@0.9`."""
    return NAMED.format(*key)


def standing_of(router: Router, name: str, routes: Container[str] | None) -> Standing | None:
    """How a promise stands; None if there is none of that name.

    Args:
        router: Keeps it.
        name: As `name_of` has it.
        routes: Those that the caller may see; None: all.
    """
    route, _, alpha = name.rpartition("@")
    if routes is not None and route not in routes:
        return None
    try:
        found = router.standing(route, float(alpha))
    except (SettingError, ValueError):  # there is no such promise, or that is no number
        return None
    return found if name_of(Key(found.route, found.alpha)) == name else None


def page_of(
    router: Router,
    routes: Container[str] | None,
    *,
    text: str = "",
    after: str | None = None,
    limit: int = USUAL,
) -> Page:
    """Some promises; only of these is it found out how they stand.

    Args:
        router: Keeps them.
        routes: Those that the caller may see; None: all.
        text: What the names of their routes contain; small and capital letters are alike.
        after: Name of the last promise of the page before; None: from the first.
        limit: So many at most, in [1, 1000].

    Raises:
        ApiError: 400: the limit is out of its range, or there is no promise of the name `after`.
    """
    if not 1 <= limit <= MOST:
        raise invalid(f"limit must be in [1, {MOST}], got {limit}", "limit")
    sought = text.casefold()
    keys = [
        key
        for key in router.promise_keys()
        if (routes is None or key.route in routes) and sought in key.route.casefold()
    ]
    start = 0
    if after is not None:
        start = next((n for n, key in enumerate(keys, start=1) if name_of(key) == after), 0)
        if not start:
            raise invalid(f"there is no promise {after[:100]!r} to go on after", "after")
    chosen = keys[start : start + limit]
    return Page(standings=tuple(router.standings(chosen)), more=start + limit < len(keys))
