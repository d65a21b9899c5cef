"""Streams on which the right answer is known, for the trained routers."""

import numpy as np

from messplus.core.types import Bools, Floats
from messplus.replay.policies import policy_from_spec
from messplus.replay.run import Trace, replay
from messplus.replay.streams import Stream


def halves(n: int = 3000) -> Stream:
    """The cheap model answers the left half, the dear one all: 80 % needs 30 % of dear calls."""
    rng = np.random.default_rng(7)
    side = rng.choice((-1.0, 1.0), n)
    noise = 0.1 * rng.normal(size=(n, 2))
    return _stream(side[:, None] * np.array([1.0, 0.0]) + noise, easy=side < 0, alpha=0.8)


def corners(n: int = 3000) -> Stream:
    """As `halves`, but what is easy lies in two opposite corners of four: no line divides it."""
    rng = np.random.default_rng(8)
    corner = rng.choice((-1.0, 1.0), (n, 2))
    noise = 0.2 * rng.normal(size=(n, 2))
    return _stream(corner + noise, easy=corner.prod(axis=1) < 0, alpha=0.8)


def assert_dear_calls_are_spent_on_what_is_hard(spec: str, stream: Stream) -> Trace:
    """After training the policy keeps 80 % with 30 % of dear calls, none of them on easy requests."""
    trace = replay(stream, policy_from_spec(spec)(stream), seed=0)
    served = slice(round(0.2 * stream.n_requests), None)
    dear = trace.model[served] == 1
    easy = stream.score[trace.row[served], 0] == 1
    assert not dear[easy].any()
    # Of 2,400 requests the share of the hard half and the draw of the mix each have an sd of .01,
    # and the share among the 600 that set the mix one of .02.
    assert abs(trace.satisfied[served].mean() - 0.8) < 0.04
    assert abs(dear.mean() - 0.3) < 0.04
    return trace


def _stream(features: Floats, *, easy: Bools, alpha: float) -> Stream:
    n = len(features)
    return Stream(
        data="d", task="t", alpha=alpha, models=("cheap", "dear"), cost_unit="usd",
        score=np.stack((easy, np.ones(n)), axis=1).astype(float),
        cost=np.tile((1.0, 11.0), (n, 1)),
        features=features,
    )  # fmt: skip
