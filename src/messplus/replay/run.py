"""The replay loop: drive one policy over one stream, exactly as a live router would be driven."""

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from messplus.core.types import Bools, Decision, Draws, Floats, Policy, Request, Verdict
from messplus.errors import require_range
from messplus.replay.streams import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """How verdicts come back from users.

    Attributes:
        share: Share of requests that get a verdict at all, in [0, 1]; drawn at random. A verdict
            on an explored request covers every model that was asked.
        delay: Requests that are decided between an answer and its verdict, >= 0.
    """

    share: float = 1.0
    delay: int = 0

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        require_range("feedback", self.share, "in [0, 1]", ok=0.0 <= self.share <= 1.0)
        require_range("feedback-delay", self.delay, "at least 0", ok=self.delay >= 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """What happened, request by request, in the order served. Shapes are (T,) but for `p_sat`.

    Attributes:
        row: Row of the stream that was served.
        model: Model whose answer was delivered.
        explored: Whether more was asked in order to learn.
        satisfied: Satisfaction of the delivered answer, in [0, 1], whether or not it was judged.
        cost_serving: Cost of the delivered answer.
        cost_exploration: Cost of all other answers that were asked for.
        queue: The policy's virtual queue when it decided.
        p_sat: Predicted satisfaction of each model, shape (T, M); NaN for a policy without one.
        judged: Whether a verdict came back before the stream ended.
    """

    row: NDArray[np.intp]
    model: NDArray[np.intp]
    explored: Bools
    satisfied: Floats
    cost: Floats
    queue: Floats
    p_sat: Floats
    judged: Bools


def replay(
    stream: Stream,
    policy: Policy[Any],
    *,
    seed: int = 0,
    shuffle: bool = True,
    feedback: Feedback | None = None,
) -> Trace:
    """Serve a stream with a policy. The table decides what every answer is worth and costs.

    Args:
        stream: Recorded outcomes.
        policy: Anything with the policy protocol.
        seed: Drives the order, the policy's draws and the feedback, each independently: two
            policies with one seed see the same order and the same draws.
        shuffle: Serve in random order; else in the recorded one.
        feedback: How verdicts come back. None: every verdict, at once.
    """
    feedback = feedback or Feedback()
    n, n_models = stream.n_requests, stream.n_models
    order_rng, draw_rng, feedback_rng = np.random.default_rng(seed).spawn(3)
    row = order_rng.permutation(n) if shuffle else np.arange(n)
    draws = [Draws(*pair) for pair in draw_rng.random((n, 2)).tolist()]
    will_judge = feedback_rng.random(n) < feedback.share

    trace = Trace(
        row=row,
        model=np.zeros(n, dtype=np.intp),
        explored=np.zeros(n, dtype=np.bool_),
        satisfied=np.zeros(n),
        cost=np.zeros(n),
        queue=np.zeros(n),
        p_sat=np.zeros((n, n_models)),
        judged=np.zeros(n, dtype=np.bool_),
    )
    waiting: deque[tuple[int, Request, Decision]] = deque()
    state = policy.init(n_models, stream.features.shape[1])

    for t in range(n):
        score, cost = stream.score[row[t]], stream.cost[row[t]]
        request = Request(features=stream.features[row[t]], cost=cost)

        decision, state = policy.decide(state, request, draws[t])
        state = policy.charge(state, request, decision, cost)
        _record(trace, t, decision, score, cost)

        if will_judge[t]:
            waiting.append((t, request, decision))
        while waiting and waiting[0][0] + feedback.delay <= t:
            judged_t, request, decision = waiting.popleft()
            verdicts = stream.score[row[judged_t]]
            state = policy.learn(state, request, decision, Verdict(verdicts, decision.asked_mask))
            trace.judged[judged_t] = True
    return trace


def _record(trace: Trace, t: int, decision: Decision, score: Floats, cost: Floats) -> None:
    """Write down what one decision did."""
    delivered = decision.delivered(score)
    trace.model[t] = delivered
    trace.explored[t] = decision.explored
    trace.satisfied[t] = score[delivered]
    trace.cost[t] = cost[list(decision.asked)].sum()
    trace.queue[t] = decision.queue
    trace.p_sat[t] = decision.p_sat
