"""Many replicas of a policy, which know late what the others did."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messplus.core import bounds
from messplus.core.adaptive import Adaptive
from messplus.errors import SettingError
from messplus.replay.policies import policy_from_spec
from messplus.replay.replicas import Fleet, FleetTrace, replay_fleet
from messplus.replay.run import replay
from messplus.replay.streams import Stream

NEVER = 10**9


def _stream(n: int = 240) -> Stream:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(n, 3))
    p = np.clip(np.array([0.6, 0.75, 0.95]) + 0.1 * features[:, :1], 0.0, 1.0)
    return Stream(
        data="made-up",
        task="all",
        alpha=0.8,
        models=("small", "medium", "large"),
        cost_unit="usd",
        score=(rng.random(p.shape) < p).astype(np.float64),
        cost=np.array([1.0, 3.0, 8.0]) * rng.uniform(0.5, 1.5, (n, 3)),
        features=features,
    )


STREAM = _stream()


def adaptive(spec: str = "adaptive") -> Adaptive[Any, Any]:
    policy = policy_from_spec(spec)(STREAM)
    assert isinstance(policy, Adaptive)
    return policy


def fleet(n: int, d: int, debts: int | None = None, *, own: bool = True) -> FleetTrace:
    settings = Fleet(replicas=n, knowledge_every=d, debts_every=debts, own=own)
    return replay_fleet(STREAM, adaptive(), settings, seed=1)


def test_one_replica_with_no_version_is_an_ordinary_replay() -> None:
    alone, ordinary = fleet(1, NEVER), replay(STREAM, adaptive(), seed=1)
    assert (alone.row == ordinary.row).all()
    assert (alone.model == ordinary.model).all()
    assert alone.cost == pytest.approx(ordinary.cost)
    assert np.maximum(0.0, alone.known) == pytest.approx(ordinary.queue)


@given(
    n=st.integers(1, 12),
    d=st.integers(1, 90),
    debts=st.none() | st.integers(1, 90),
    own=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_what_is_known_of_the_debt_differs_by_what_is_unseen_at_most(
    n: int, d: int, debts: int | None, own: bool
) -> None:
    trace = fleet(n, d, debts, own=own)
    at_most = min(d, debts or d) - 1
    assert trace.unseen.min() >= 0
    assert trace.unseen.max() <= at_most
    off = np.abs(trace.known - trace.owed)
    assert (off <= bounds.unseen_steps(trace.alpha, trace.unseen.astype(np.float64)) + 1e-9).all()


def test_the_debt_told_is_the_debt_there_is_ahead_too() -> None:
    told = Fleet(replicas=6, knowledge_every=60, debts_every=1)
    trace = replay_fleet(STREAM, adaptive(), told, seed=1, n_requests=600)
    assert trace.unseen.max() == 0
    assert trace.owed.min() < -5.0
    assert trace.known == pytest.approx(trace.owed, abs=1e-9)
    late = fleet(6, 60)
    assert late.known != pytest.approx(late.owed, abs=1e-9)


def test_one_replica_has_seen_everything_whenever_versions_come() -> None:
    trace = fleet(1, 30)
    assert trace.unseen.max() == 0
    assert trace.known == pytest.approx(trace.owed, abs=1e-9)


def test_without_its_own_a_replica_is_one_of_infinitely_many() -> None:
    without, many = fleet(1, 30, own=False), fleet(10**9, 30)
    assert (without.model == many.model).all()
    assert without.known == pytest.approx(many.known)


def test_replicas_that_know_nothing_of_each_other_learn_apart() -> None:
    # Two replicas, one epoch: each serves its own requests as if it were alone.
    trace = fleet(2, NEVER)
    for number in (0, 1):
        mine = trace.replica == number
        own_debt = np.cumsum(trace.alpha - trace.satisfied[mine])
        assert trace.known[mine][1:] == pytest.approx(own_debt[:-1], abs=1e-9)


def test_at_first_one_replica_may_be_alone() -> None:
    settings = Fleet(replicas=50, knowledge_every=40, own=False, alone=100)
    trace = replay_fleet(STREAM, adaptive(), settings, seed=1)
    assert list(settings.epochs(240)) == [(0, 100), (100, 140), (140, 180), (180, 220), (220, 240)]
    assert (trace.model[:100] == replay(STREAM, adaptive(), seed=1).model[:100]).all()
    assert trace.unseen[:101].max() == 0
    assert trace.unseen[100:140].tolist() == list(range(40))


def test_a_longer_replay_serves_every_row_again() -> None:
    length = 2 * STREAM.n_requests + 10
    settings = Fleet(replicas=3, knowledge_every=50)
    trace = replay_fleet(STREAM, adaptive(), settings, n_requests=length)
    served = np.bincount(trace.row)
    assert len(trace.row) == length
    assert served.min() == 2
    assert served.max() == 3


def test_one_seed_gives_one_course() -> None:
    first, second = fleet(5, 20), fleet(5, 20)
    assert (first.model == second.model).all()
    assert (first.replica == second.replica).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"replicas": 0}, "replicas must be at least 1, got 0"),
        ({"knowledge_every": 0}, "knowledge_every must be at least 1, got 0"),
        ({"debts_every": 0}, "debts_every must be at least 1, got 0"),
        ({"alone": -1}, "alone must be at least 0, got -1"),
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, int], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        replace(Fleet(replicas=1, knowledge_every=1), **wrong)  # type: ignore[arg-type]  # by name
