"""Who serves which route of a log."""

import gc
import threading
from weakref import finalize

import pytest

from messplus.errors import SettingError
from messplus.router.claims import claim, release
from messplus.stores import MemoryStore


class Lost:
    """A router that nobody has any more, but for itself."""

    def __init__(self, store: MemoryStore) -> None:
        self.itself = self
        finalize(self, release, store, {"other"})


class Collecting(str):
    """A name at whose comparison garbage is collected, as may happen at any time."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        gc.collect()
        return str(self) == other

    __hash__ = str.__hash__


def test_a_route_is_served_once() -> None:
    store = MemoryStore()
    claim(store, ["r", "s"])
    with pytest.raises(SettingError, match="route 's' of this store is served by another router"):
        claim(store, ["t", "s"])
    claim(store, ["t"])
    release(store, ["s"])
    claim(store, ["s"])
    claim(MemoryStore(), ["s"])


def test_garbage_may_be_collected_while_a_route_is_claimed() -> None:
    store = MemoryStore()
    claim(store, ["r", "other"])
    gc.disable()
    try:
        Lost(store)
        trouble: list[SettingError] = []

        def claiming() -> None:
            try:
                claim(store, [Collecting("r")])
            except SettingError as error:
                trouble.append(error)

        thread = threading.Thread(target=claiming, daemon=True)
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
    finally:
        gc.enable()
    assert len(trouble) == 1
    claim(store, ["other"])
