"""What a router goes on from, and what it cannot go on from."""

from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np
import pytest
from tests.unit.router.world import PRICES, copied, router, state_of

from messplus.encoders import Features, HashedNgrams
from messplus.errors import SettingError, StoreError
from messplus.records import Event
from messplus.router import Route, Router, adaptive_engine, verify
from messplus.router.kept import name_of
from messplus.stores import MemoryStore


def test_a_log_that_saw_other_features_is_refused_with_both_widths() -> None:
    store = MemoryStore()
    first = router(store)
    first.route("hello")
    first.close()
    wider = adaptive_engine(PRICES, features=Features(HashedNgrams(dims=8)))
    routes = [Route("r", 0.8)]
    with pytest.raises(
        SettingError, match="saw 5 numbers of each request, the features now give 9"
    ):
        Router(wider, routes, store, rng=np.random.default_rng())
    with pytest.raises(SettingError, match="begin another store"):
        verify(wider, routes, store)


class Full(MemoryStore):
    """A store whose disk is full for a while."""

    full = False

    def append(self, events: Sequence[Event]) -> "Future[int]":
        if not self.full:
            return super().append(events)
        refused: Future[int] = Future()
        refused.set_exception(StoreError("the disk is full"))
        return refused


def test_what_a_full_disk_refused_does_not_come_back_by_a_snapshot() -> None:
    store = Full()
    first = router(store, snapshot_every=5)
    kept = first.route("kept")
    store.full = True
    first.route("refused")
    store.full = False
    for _ in range(10):
        first.feedback(first.route("kept, too").decision_id, 1.0)
    with pytest.raises(StoreError, match="no snapshot is kept"):
        first.close()
    again = router(store)
    assert state_of(again) == state_of(router(copied(store)))
    assert again.story(kept.decision_id) is not None


def test_a_router_that_is_killed_often_keeps_snapshots_all_the_same() -> None:
    store = MemoryStore()
    for life in range(5):
        one = router(store, snapshot_every=10)
        for _ in range(4):
            one.route("hello")
        one._release()  # as by a kill: nothing is flushed
        named = name_of(one.engine, {route.name: route for route in one.routes})
        assert (store.kept(named) is not None) == (life >= 2)
