"""Sessions stay with their model: an agent that changes models loses its prompt cache, and its thread."""

from collections import OrderedDict
from hashlib import blake2b
from typing import Final, NamedTuple

MOST: Final = 100_000
"""Sessions that are remembered; the longest idle ones go first."""


class Pinned(NamedTuple):
    """Where a session is.

    Attributes:
        model: That answered last.
        at_s: When.
    """

    model: str
    at_s: float


class Sessions:
    """Which model each session is with. In memory: after a restart each is routed anew."""

    def __init__(self, most: int = MOST) -> None:
        """Begin without any.

        Args:
            most: That are remembered at once, >= 1.
        """
        self._most = most
        self._pinned: OrderedDict[str, Pinned] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pinned)

    def model(self, key: str, now_s: float, idle_s: float) -> str | None:
        """The model that a session is with; None if it is new, or was idle for longer than `idle_s`."""
        pinned = self._pinned.get(key)
        if pinned is None or now_s - pinned.at_s > idle_s:
            return None
        return pinned.model

    def stay(self, key: str, model: str, now_s: float) -> None:
        """A model has answered in a session."""
        self._pinned[key] = Pinned(model, now_s)
        self._pinned.move_to_end(key)
        if len(self._pinned) > self._most:
            self._pinned.popitem(last=False)

    def leave(self, key: str) -> None:
        """Route the session's next request anew: its answer did not satisfy."""
        self._pinned.pop(key, None)


def session_key(route: str, client: str, session: str) -> str:
    """Names a session in the log and in memory, but does not tell what its client calls it."""
    parts = f"{route}\0{client}\0{session}"
    return blake2b(parts.encode("utf-8", "replace"), digest_size=12).hexdigest()
