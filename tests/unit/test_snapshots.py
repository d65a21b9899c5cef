"""States that are written and read back go on exactly as if nothing had happened."""

import json
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest

from messplus.core.messplus import State
from messplus.core.types import Draws, Policy, Request, Verdict
from messplus.datasets.shipped import shipped_table
from messplus.encoders import HashedNgrams
from messplus.errors import StoreError
from messplus.replay.policies import policy_from_spec
from messplus.replay.streams import Stream, make_streams
from messplus.snapshots import from_bytes, to_bytes

POLICIES = ("adaptive", "adaptive:contract=50", "messplus", "messplus:predictor=knn")


@pytest.fixture(scope="module")
def stream() -> Stream:
    (stream,) = make_streams(shipped_table().select(range(120)), HashedNgrams(dims=16))
    return stream


def served(
    policy: Policy[object], state: object, stream: Stream, rows: range
) -> tuple[object, list[int]]:
    """The state and the models after some requests, every third without a verdict."""
    models = []
    draws = np.random.default_rng(1).random((stream.n_requests, 2))
    for row in rows:
        request = Request(features=stream.features[row])
        decision, state = policy.decide(state, request, Draws(*draws[row]))
        state = policy.charge(state, request, decision, stream.cost[row])
        if row % 3:
            verdict = Verdict(stream.score[row], decision.asked_mask)
            state = policy.learn(state, request, decision, verdict)
        models.append(decision.model)
    return state, models


@pytest.mark.parametrize("spec", POLICIES)
def test_a_state_goes_on_where_it_was_written(spec: str, stream: Stream) -> None:
    policy = policy_from_spec(spec)(stream)
    begun = policy.init(stream.n_models, stream.features.shape[1])
    state, _ = served(policy, begun, stream, range(60))
    copy = from_bytes(to_bytes(state))
    assert type(copy) is type(state)
    kept, expected = served(policy, state, stream, range(60, 120))
    again, models = served(policy, copy, stream, range(60, 120))
    assert models == expected
    assert to_bytes(again) == to_bytes(kept)


def test_nothing_but_states_is_written() -> None:
    with pytest.raises(TypeError, match="pathlib"):
        to_bytes(State(predictor=__import__("pathlib").Path(), costs=None))
    with pytest.raises(TypeError, match="Python objects"):
        to_bytes(np.array([object()]))


@pytest.mark.parametrize(
    "named",
    [
        ("os", "system"),
        ("messplus.core.adaptive", "replace"),
        ("messplus.errors", "StoreError"),
        ("messplus.core.types", "np"),
    ],
)
def test_nothing_but_states_is_made(named: tuple[str, str]) -> None:
    with pytest.raises(StoreError, match="no part of a state"):
        from_bytes(forged({"version": 1, "state": ["object", [*named, {}]]}))


@pytest.mark.parametrize("content", [b"", b"no zip", to_bytes(1.0)[:-30]])
def test_what_is_no_snapshot_is_an_error(content: bytes) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        from_bytes(content)


def test_another_version_is_an_error() -> None:
    with pytest.raises(StoreError, match="version 7"):
        from_bytes(forged({"version": 7, "state": ["value", 1]}))


def forged(tree: object) -> bytes:
    file = BytesIO()
    np.savez(file, tree=np.frombuffer(json.dumps(tree).encode(), dtype=np.uint8))
    return file.getvalue()


def test_special_numbers_come_back() -> None:
    state = replace(State(predictor=(1, None, "é"), costs=[True, 2.5]), queue=float("inf"))
    copy = from_bytes(to_bytes(state))
    assert copy == state
