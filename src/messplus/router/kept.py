"""What a router knows as a snapshot, so that a restart need not read the whole log."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from messplus.core.sharing import NOT_LENT, Knowledge, lent
from messplus.errors import StoreError
from messplus.router.engine import Engine, Zoo
from messplus.router.fold import Fold
from messplus.router.route import Key, Route
from messplus.snapshots import from_bytes, to_bytes


@dataclass(frozen=True, slots=True)
class KeptPromise:
    """One promise: its key, its policy's state without knowledge, and what it was given."""

    key: Key
    state: Any
    requests: int
    calls: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """All that a fold knows, decisions apart: those are in the log."""

    zoo: Zoo
    knowledge: Knowledge
    promises: tuple[KeptPromise, ...]

    def to_bytes(self) -> bytes:
        """For `from_log`."""
        return to_bytes(self)


def name_of(engine: Engine, routes: Mapping[str, Route]) -> str:
    """Another default route, policy or kind of features has a snapshot of its own."""
    return f"{next(iter(routes))}/{engine.fingerprint}"


def kept(fold: Fold) -> Kept:
    """A copy of what a fold knows now; it may go on while that is written."""
    promises = tuple(
        KeptPromise(key, lent(one.state, NOT_LENT), one.requests, tuple(one.calls.items()))
        for key, one in fold.promises.items()
    )
    return deepcopy(Kept(fold.zoo, fold.knowledge, promises))


def from_log(content: bytes) -> Kept:
    """A snapshot.

    Raises:
        StoreError: It is none.
    """
    found = from_bytes(content)
    if not isinstance(found, Kept):
        raise StoreError(f"a snapshot of a router was expected, found {type(found).__name__}")
    return found


def resume(fold: Fold, kept: Kept) -> None:
    """Go on from a snapshot."""
    fold.begin(kept.zoo, kept.knowledge)
    for one in kept.promises:
        fold.resume(one.key, one.state, one.requests, dict(one.calls))
