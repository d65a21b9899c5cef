"""Who serves which route of which log in this process: two routers would not see each other's events."""

import threading
from collections.abc import Iterable
from typing import Final
from weakref import WeakKeyDictionary

from messplus.errors import SettingError
from messplus.stores.base import Store

# Reentrant: while a thread claims, the garbage collector may have it release what a lost router had.
_lock: Final = threading.RLock()
_served: Final[WeakKeyDictionary[Store, set[str]]] = WeakKeyDictionary()


def claim(store: Store, routes: Iterable[str]) -> None:
    """Serve routes, until they are released or the store is gone.

    Raises:
        SettingError: One of them is served already; then none is claimed.
    """
    wanted = set(routes)
    with _lock:
        served = _served.setdefault(store, set())
        if taken := sorted(served & wanted):
            raise SettingError(
                f"route {taken[0]!r} of this store is served by another router of this process:"
                " close that one first, or share it"
            )
        served |= wanted


def release(store: Store, routes: Iterable[str]) -> None:
    """Serve them no longer."""
    with _lock:
        _served.get(store, set()).difference_update(routes)
