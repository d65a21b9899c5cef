"""Forgetting what is older than it may be, in the background and within a budget of time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from messplus.errors import require_range
from messplus.stores.base import Store

AT_ONCE: Final = 200
"""Decisions forgotten between two looks at the clock; others append in between."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What one run of `retain` did.

    Attributes:
        decisions: Deleted, with their outcomes and feedback.
        finished: Whether nothing that is too old is left; if not, call again.
        took_s: Seconds, the snapshot included.
    """

    decisions: int
    finished: bool
    took_s: float


def retain(
    store: Store,
    before_s: float,
    *,
    snapshot: Callable[[], None],
    clock: Callable[[], float],
    budget_s: float = 1.0,
) -> Forgotten:
    """Keep a snapshot, then forget decisions from before a moment until the time is used up.

    Meant to be called now and then by a background task: each call deletes the oldest, in chunks of
    some milliseconds that others' appends go between. If there is nothing to forget no snapshot is
    taken.

    Args:
        store: The log.
        before_s: Seconds since 1970: now, less the time for which events are kept.
        snapshot: Keeps what routers know, durable on return (`Router.flush`). A router that started
            without one would know only what the log still holds. If it raises, nothing is forgotten.
        clock: Seconds that only go up (`time.monotonic`).
        budget_s: No chunk begins after so many seconds, > 0.

    Raises:
        SettingError: The budget is not positive.
        StoreError: The store cannot be written. What was forgotten before stays so.
    """
    require_range("budget_s", budget_s, "positive", ok=budget_s > 0)
    begun_s = clock()
    oldest_s = store.oldest_s()
    if oldest_s is None or oldest_s >= before_s:
        return Forgotten(0, finished=True, took_s=clock() - begun_s)
    snapshot()
    decisions, finished = 0, False
    while not finished:
        chunk = store.forget(before_s, limit=AT_ONCE)
        decisions += chunk
        finished = chunk < AT_ONCE
        if clock() - begun_s >= budget_s:
            break
    return Forgotten(decisions, finished, clock() - begun_s)
