"""What a router cannot go on from, it says."""

import numpy as np
import pytest
from tests.unit.router.world import PRICES, router

from messplus.encoders import Features, HashedNgrams
from messplus.errors import SettingError
from messplus.router import Route, Router, adaptive_engine, verify
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
