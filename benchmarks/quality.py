"""RouterBench's AIQ of every trained router: the whole curve of its knob, not one promise."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from messplus.replay.baselines.frozen import Freeze, Router
from messplus.replay.baselines.trained import Past, Trained
from messplus.replay.compare import aiq
from messplus.replay.metrics import LATE
from messplus.replay.policies import policy_from_spec
from messplus.replay.serving import Randomness
from messplus.replay.streams import Stream

AT_ONCE = 250
"""Requests for which every setting of a knob is tried at once: bounds the memory."""


class Quality(NamedTuple):
    """How high the curve of one router is on one stream.

    Attributes:
        data: Name of the data set.
        task: Stream of it.
        policy: Spec; "" for the hull of the single models, RouterBench's Zero router.
        seed: Of the order, whose first fifth it was trained on.
        aiq: Mean quality between the cost of the cheapest and that of the dearest model.
    """

    data: str
    task: str
    policy: str
    seed: int
    aiq: float


def qualities(
    streams: Sequence[Stream], policies: Sequence[str], seeds: int, parallel: Parallel
) -> list[Quality]:
    """The AIQ of each trained router that has a knob, on each table: it needs no promise."""
    tables = {stream.digest: stream for stream in streams}
    work = (
        delayed(_of_table)(stream, tuple(policies), seed)
        for stream in tables.values()
        for seed in range(seeds)
    )
    return [one for found in parallel(work) for one in found]


def _of_table(stream: Stream, policies: Sequence[str], seed: int) -> list[Quality]:
    with threadpool_limits(1):
        return list(_qualities(stream, policies, seed))


def _qualities(stream: Stream, policies: Sequence[str], seed: int) -> Iterator[Quality]:
    order = Randomness.of(seed).order.permutation(stream.n_requests)
    rest = order[
        round(LATE * stream.n_requests) :
    ]  # the same for all, however much each learned from
    cost, score = stream.cost, stream.score
    for policy in policies:
        trained = policy_from_spec(policy)(stream)
        assert isinstance(trained, Trained)
        if not isinstance(trained.course, Freeze) or len(trained.course.trainer.knobs) == 1:
            continue  # it has no knob to turn
        first = order[: trained.requests]
        past = Past(features=stream.features[first], score=score[first], cost=cost[first])
        trainer = trained.course.trainer
        router = trainer.train(past, np.random.default_rng(seed))
        at = _curve(router, np.array(trainer.knobs), stream, rest)
        yield Quality(stream.data, stream.task, policy, seed, _height(*at, stream, rest))
    singles = cost[rest].mean(axis=0), score[rest].mean(axis=0)
    yield Quality(stream.data, stream.task, "", seed, _height(*singles, stream, rest))


def _curve(
    router: Router, knobs: np.ndarray, stream: Stream, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean cost and score at each setting, each of shape (K,)."""
    cost, score = np.zeros(len(knobs)), np.zeros(len(knobs))
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        chosen = router.choose(stream.features[part], knobs)
        cost += np.take_along_axis(stream.cost[part], chosen, axis=1).sum(axis=0)
        score += np.take_along_axis(stream.score[part], chosen, axis=1).sum(axis=0)
    return cost / len(rows), score / len(rows)


def _height(cost: np.ndarray, score: np.ndarray, stream: Stream, rows: np.ndarray) -> float:
    single = stream.cost[rows].mean(axis=0)
    return aiq(cost, score, float(single.min()), float(single.max()))
