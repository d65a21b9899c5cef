"""What a trace amounts to: the figures of one run, and the curves that are drawn of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from messplus.core import queue
from messplus.core.types import Bools, Floats
from messplus.replay.run import Trace
from messplus.replay.streams import Stream

BURN_IN = 200
"""Requests after which the running mean of satisfaction is held against alpha."""

TOLERANCE = 0.01
"""How far below alpha a running mean may be before `share_below_1pp` counts it."""

WINDOW = 500
"""Requests of a contract window, unless told otherwise."""

LATE = 0.2
"""Share of a stream after which the `late` figures count: what trained routers are trained on."""

_SLACK = 1e-9  # a sum of floats is not taken for a broken promise

MAX_CURVE_POINTS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The figures of one run (the replay contract). Costs are in the stream's unit.

    Attributes:
        requests: T.
        models: M.
        cost_total: All that was charged: serving, exploration and feedback.
        cost_serving: Charged for requests on which the policy did not explore.
        cost_exploration: Charged for explored requests: every model that was asked.
        cost_feedback: Charged for the opinions of a judge.
        cost_mean: cost_total / T.
        cost_mean_late: cost per request after the first fifth of the stream: what a router costs that
            was trained on that fifth, or has served it.
        satisfaction: Mean satisfaction of the delivered answers, judged or not.
        satisfaction_late: The same after the first fifth.
        shortfall_final: max(0, alpha - satisfaction).
        shortfall_worst: Largest alpha - running mean from request 200 on (from the last one in a
            shorter stream); negative if the running mean was above alpha throughout.
        share_below_1pp: Share of these requests after which the running mean is below alpha - 0.01.
        first_compliance: First request (from 1) after which the running mean stays >= alpha; None
            if it ends below.
        queue_final: Virtual queue after the last request, had every answer been judged at once.
        queue_mean: Time average of that queue.
        explored_requests: Requests on which more was asked than the delivered model.
        calls: Share of the delivered answers that each model gave; sums to 1.
        feedback_used: Requests whose user's verdict came back before the stream ended.
        audits_used: The same of audits.
        judge_used: The same of the judge's opinions.
        satisfaction_believed: Mean satisfaction that the policy thinks it delivered; None if it
            keeps no account of its own.
        windows: Full contract windows: so many requests in a row, one window after the other.
        windows_violated: Share of them whose mean satisfaction is below alpha; None if there is
            no full window.
    """

    requests: int
    models: int
    cost_total: float
    cost_serving: float
    cost_exploration: float
    cost_feedback: float
    cost_mean: float
    cost_mean_late: float
    satisfaction: float
    satisfaction_late: float
    shortfall_final: float
    shortfall_worst: float
    share_below_1pp: float
    first_compliance: int | None
    queue_final: float
    queue_mean: float
    explored_requests: int
    calls: Mapping[str, float]
    feedback_used: int
    audits_used: int
    judge_used: int
    satisfaction_believed: float | None
    windows: int
    windows_violated: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curves:
    """A run over time, thinned to at most 400 points, each after request `t`.

    Attributes:
        t: Requests served, shape (K,), ending with T.
        satisfaction: Running mean of satisfaction, shape (K,).
        queue: Virtual queue, shape (K,).
        cost: Cumulative cost, exploration and feedback included, shape (K,).
        model_share: Share of each model among the answers so far, shape (K, M).
    """

    t: NDArray[np.int64]
    satisfaction: Floats
    queue: Floats
    cost: Floats
    model_share: Floats


def running_mean(satisfied: Floats) -> Floats:
    """Mean of the first t values, for t = 1 .. T."""
    return np.asarray(np.cumsum(satisfied) / np.arange(1, len(satisfied) + 1))


def first_compliance(mean: Floats, alpha: float) -> int | None:
    """First request (from 1) after which a running mean stays >= alpha; None if it ends below."""
    below = np.flatnonzero(mean < alpha)
    if len(below) == 0:
        return 1
    return None if below[-1] == len(mean) - 1 else int(below[-1]) + 2


def windows_below(satisfied: Floats, alpha: float, window: int) -> Bools:
    """Which full windows have a mean below alpha, shape (T // window,); what is left over is not."""
    full = len(satisfied) // window
    means = satisfied[: full * window].reshape(full, window).mean(axis=1)
    return np.asarray(means < alpha - _SLACK)


def measure(stream: Stream, trace: Trace, *, window: int = WINDOW) -> Metrics:
    """The figures of a trace on its stream, with contract windows of so many requests."""
    alpha, n = stream.alpha, stream.n_requests
    mean = running_mean(trace.satisfied)
    settled = mean[min(BURN_IN, n) - 1 :]
    debt = queue.path(alpha, trace.satisfied)
    exploration = float(trace.cost[trace.explored].sum())
    serving = float(trace.cost[~trace.explored].sum())
    feedback = float(trace.cost_feedback.sum())
    total = serving + exploration + feedback
    broken = windows_below(trace.satisfied, alpha, window)
    late = slice(min(round(LATE * n), n - 1), None)
    share = np.bincount(trace.model, minlength=stream.n_models) / n
    return Metrics(
        requests=n,
        models=stream.n_models,
        cost_total=total,
        cost_serving=serving,
        cost_exploration=exploration,
        cost_feedback=feedback,
        cost_mean=total / n,
        cost_mean_late=float((trace.cost[late] + trace.cost_feedback[late]).mean()),
        satisfaction=float(mean[-1]),
        satisfaction_late=float(trace.satisfied[late].mean()),
        shortfall_final=max(0.0, alpha - float(mean[-1])),
        shortfall_worst=float((alpha - settled).max()),
        share_below_1pp=float((settled < alpha - TOLERANCE).mean()),
        first_compliance=first_compliance(mean, alpha),
        queue_final=float(debt[-1]),
        queue_mean=float(debt.mean()),
        explored_requests=int(trace.explored.sum()),
        calls=dict(zip(stream.models, share.tolist(), strict=True)),
        feedback_used=int(trace.by_user.sum()),
        audits_used=int(trace.by_audit.sum()),
        judge_used=int(trace.by_judge.sum()),
        satisfaction_believed=trace.believed,
        windows=len(broken),
        windows_violated=float(broken.mean()) if len(broken) else None,
    )


def curves(stream: Stream, trace: Trace) -> Curves:
    """A trace as curves that are cheap to keep and to draw."""
    n = stream.n_requests
    at = np.unique(np.linspace(1, n, min(n, MAX_CURVE_POINTS)).round().astype(np.int64)) - 1
    answered = np.zeros((n, stream.n_models))
    answered[np.arange(n), trace.model] = 1.0
    return Curves(
        t=at + 1,
        satisfaction=running_mean(trace.satisfied)[at],
        queue=queue.path(stream.alpha, trace.satisfied)[at],
        cost=np.cumsum(trace.cost + trace.cost_feedback)[at],
        model_share=(np.cumsum(answered, axis=0) / np.arange(1, n + 1)[:, None])[at],
    )
