"""What a router knows as a snapshot, so that a restart need not read the whole log."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from messplus.core.sharing import NOT_LENT, Knowledge, lent, with_inner
from messplus.core.shielded import ShieldedState
from messplus.errors import StoreError
from messplus.router.engine import Engine, Zoo
from messplus.router.fold import Fold, Promise
from messplus.router.route import Key, Route
from messplus.snapshots import from_bytes, to_bytes

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeptPromise:
    """One promise: its key, its policy's state without knowledge, and what it was given."""

    key: Key
    state: Any
    requests: int
    calls: tuple[tuple[str, int], ...]

    def to_bytes(self) -> bytes:
        """For `promise_from_log`."""
        return to_bytes(self)


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
    promises = tuple(kept_promise(key, one) for key, one in fold.promises.items())
    return deepcopy(Kept(fold.zoo, fold.knowledge, promises))


def kept_promise(key: Key, promise: Promise) -> KeptPromise:
    """One promise, in the memory of the fold that it is of: write it before that goes on."""
    calls = tuple(promise.calls.items())
    return KeptPromise(key, lent(promise.state, NOT_LENT), promise.requests, calls)


def from_log(content: bytes) -> Kept:
    """A snapshot.

    Raises:
        StoreError: It is none.
    """
    return _read(content, Kept)


def promise_from_log(content: bytes) -> KeptPromise:
    """One promise of a version.

    Raises:
        StoreError: It is none.
    """
    return _read(content, KeptPromise)


def without_ledger(promise: KeptPromise) -> KeptPromise:
    """A promise without what single requests were counted as: all that others need of it."""
    state = promise.state
    adaptive = state.policy if isinstance(state, ShieldedState) else state
    ledger = adaptive.account.ledger
    empty = replace(ledger, **{one.name: getattr(ledger, one.name)[:0] for one in fields(ledger)})
    account = replace(adaptive.account, ledger=empty)
    return replace(promise, state=with_inner(state, replace(adaptive, account=account)))


def resume(fold: Fold, kept: Kept) -> None:
    """Go on from a snapshot."""
    fold.begin(kept.zoo, kept.knowledge)
    for one in kept.promises:
        fold.resume(one.key, one.state, one.requests, dict(one.calls))


def _read(content: bytes, kind: type[T]) -> T:
    found = from_bytes(content)
    if not isinstance(found, kind):
        raise StoreError(f"{kind.__name__} of a router was expected, found {type(found).__name__}")
    return found
