"""A route over the data set that ships, and routers on it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from messplus.core.types import Policy
from messplus.datasets.shipped import shipped_table
from messplus.encoders import Features, HashedNgrams
from messplus.replay.policies import policy_from_spec
from messplus.replay.streams import Stream, make_streams
from messplus.router import Route, Router
from messplus.stores import open_store
from messplus.stores.base import Store

MakeRouter = Callable[..., Router]
ENCODER = HashedNgrams(dims=16)


@pytest.fixture(scope="session")
def stream() -> Stream:
    """Recorded requests, with features as a log keeps them."""
    (stream,) = make_streams(shipped_table().select(range(200)), ENCODER)
    return replace(stream, features=stream.features.astype(np.float32).astype(np.float64))


@pytest.fixture(scope="session")
def prompts() -> tuple[str, ...]:
    return shipped_table().select(range(200)).prompts


@pytest.fixture(params=["memory:", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = request.param if request.param == "memory:" else f"sqlite:///{tmp_path / 'log.db'}"
    store = open_store(url)
    yield store
    store.close()


@pytest.fixture
def make_router(stream: Stream, store: Store) -> MakeRouter:
    """A router on the store; another one of the same store goes on where the first was."""

    def make(
        spec: str = "adaptive", *, name: str = "default", seed: int = 3, **more: object
    ) -> Router:
        policy: Policy[object] = policy_from_spec(spec)(stream)
        route = Route(
            name=name,
            alpha=stream.alpha,
            models=stream.models,
            policy=policy,
            policy_name=spec,
            features=Features(ENCODER, attribute_keys=("task",)),
        )
        used = more.pop("store", store)
        return Router(route, used, rng=np.random.default_rng(seed), **more)  # type: ignore[arg-type]

    return make
