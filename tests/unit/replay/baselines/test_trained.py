"""Collecting, training, handing over: what a trained router sees and what it is charged."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from messplus.core.types import Draws, Policy, Request, Verdict
from messplus.errors import SettingError
from messplus.replay.baselines.blind import always
from messplus.replay.baselines.trained import LEAST, Past, Trained, train_requests
from messplus.replay.feedback import Feedback
from messplus.replay.run import replay
from messplus.replay.scenarios import scenario_from_spec
from messplus.replay.streams import Stream


@dataclass
class Recorder:
    """A course that remembers what it was taught, and makes a policy of model 1."""

    taught: Past | None = None
    luck: float = 0.0

    def graduate(self, past: Past, rng: np.random.Generator) -> Policy[Any]:
        self.taught, self.luck = past, float(rng.random())
        return always(1, past.n_models)


def make_stream(n: int = 100) -> Stream:
    rng = np.random.default_rng(0)
    return Stream(
        data="d", task="t", alpha=0.7, models=("a", "b", "c"), cost_unit="usd",
        score=(rng.random((n, 3)) < (0.3, 0.9, 0.5)).astype(float),
        cost=np.array([1.0, 3.0, 9.0]) * rng.uniform(0.9, 1.1, (n, 3)),
        features=rng.normal(size=(n, 2)),
    )  # fmt: skip


def test_it_pays_for_every_answer_of_the_training_split_and_learns_from_no_other() -> None:
    stream, course = make_stream(), Recorder()
    trace = replay(stream, Trained(requests=20, course=course), seed=4)
    past, rest = trace.row[:20], trace.row[20:]
    np.testing.assert_allclose(trace.cost[:20], stream.cost[past].sum(axis=1))
    assert trace.explored[:20].all()
    assert not trace.explored[20:].any()
    np.testing.assert_allclose(trace.cost[20:], stream.cost[rest, 1])
    assert course.taught is not None
    np.testing.assert_array_equal(course.taught.features, stream.features[past])
    np.testing.assert_array_equal(course.taught.score, stream.score[past])
    np.testing.assert_array_equal(course.taught.cost, stream.cost[past])


def test_meanwhile_the_best_so_far_is_delivered_the_largest_first() -> None:
    stream = make_stream()
    trace = replay(stream, Trained(requests=50, course=Recorder()), seed=1)
    score = stream.score[trace.row]
    assert trace.model[0] == 2
    for t in range(1, 50):
        so_far = score[:t].mean(axis=0)
        assert so_far[trace.model[t]] == so_far.max()


def test_a_request_without_a_verdict_is_not_trained_on() -> None:
    stream, course = make_stream(), Recorder()
    trace = replay(stream, Trained(requests=60, course=course), feedback=Feedback(share=0.5))
    judged = trace.by_user[:60]
    assert course.taught is not None
    np.testing.assert_array_equal(course.taught.score, stream.score[trace.row[:60][judged]])


def test_without_enough_verdicts_the_largest_model_serves() -> None:
    stream, course = make_stream(), Recorder()
    trace = replay(stream, Trained(requests=LEAST - 1, course=course))
    assert course.taught is None
    assert set(trace.model[LEAST - 1 :]) == {2}


def test_verdicts_that_come_after_training_change_nothing() -> None:
    stream, course = make_stream(), Recorder()
    replay(stream, Trained(requests=40, course=course), feedback=Feedback(delay=15), seed=2)
    assert course.taught is not None
    assert len(course.taught) == 25  # those whose verdict was there when request 41 came


def test_a_model_that_nobody_has_heard_of_is_dear_and_useless() -> None:
    stream, course = make_stream(), Recorder()
    joins = [scenario_from_spec("join:a,at=0.5")]
    replay(stream, Trained(requests=30, course=course), scenarios=joins)
    assert course.taught is not None
    assert (course.taught.score[:, 0] == 0).all()
    assert (course.taught.cost[:, 0] >= 10 * course.taught.cost[:, 1:].max() - 1e-9).all()


def test_a_model_that_came_late_is_known_by_its_mean() -> None:
    policy = Trained(requests=12, course=(course := Recorder()))
    state = policy.init(2, 1)
    for t in range(13):
        there = np.array([True, t >= 8])
        request = Request(features=np.array([float(t)]), available=there)
        decision, state = policy.decide(state, request, Draws(0.0, 0.3))
        state = policy.charge(state, request, decision, np.array([1.0, 5.0 + t]))
        verdict = Verdict(np.array([0.0, float(t % 2)]), decision.asked_mask)
        state = policy.learn(state, request, decision, verdict)
    assert course.taught is not None
    np.testing.assert_allclose(course.taught.score[:, 1], [0.5] * 8 + [0, 1, 0, 1])
    np.testing.assert_allclose(course.taught.cost[:, 1], [14.5] * 8 + [13, 14, 15, 16])


def test_its_chances_are_the_seeds() -> None:
    def luck(seed: int) -> float:
        course = Recorder()
        replay(make_stream(), Trained(requests=20, course=course), seed=seed)
        return course.luck

    assert luck(1) == luck(1) != luck(2)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1])
def test_the_training_share_is_checked(share: float) -> None:
    with pytest.raises(SettingError, match=r"train_share must be in \(0, 1\)"):
        train_requests(100, share)
