"""A route over the data set that ships, and routers on it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from messplus.core.types import Policy
from messplus.datasets.shipped import shipped_table
from messplus.encoders import Features, HashedNgrams
from messplus.replay.policies import policy_from_spec
from messplus.replay.streams import Stream, make_streams
from messplus.router import Engine, Route, Router, Zoo
from messplus.stores import MemoryStore, open_store
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
        used = more.pop("store", store)
        routes = more.pop("routes", [Route(name, stream.alpha)])
        engine = engine_of(spec, stream)
        return Router(engine, routes, used, rng=np.random.default_rng(seed), **more)  # type: ignore[arg-type]

    return make


def engine_of(spec: str, stream: Stream) -> Engine:
    """An engine with the policy of a replay."""
    make = policy_from_spec(spec)

    def policy_of(_zoo: Zoo, alpha: float) -> Policy[object]:
        return make(replace(stream, alpha=alpha))

    return Engine(
        zoo=Zoo(stream.models, tuple(stream.cost.mean(axis=0).tolist())),
        features=Features(ENCODER, attribute_keys=("task",)),
        policy_of=policy_of,
        policy_name=spec,
    )


def copied(store: Store) -> MemoryStore:
    """The log of a store, without its snapshots: as after a crash before the first one."""
    copy = MemoryStore()
    for (_, _), group in groupby(
        store.events(), lambda one: (type(one.event), one.event.decision_id)
    ):
        copy.append([one.event for one in group])
    return copy
