"""Reference lines: what could have been had, with full hindsight.

best_single    cheapest model whose mean satisfaction reaches alpha
static_mix     cheapest prompt-blind mix that reaches alpha: the line that any router must
               beat to have learned anything
text_router    predictions from the same features as the policy's (5-fold, out of fold), and
               the best multiplier in hindsight
clairvoyant    knows every outcome

Where the world changes while a stream is served, one line over all of it would mean little. Then each
line is drawn for every stretch between two changes, alpha kept in each, and costs are summed: it
knows what changes, and when.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from messplus.core.types import Floats
from messplus.replay.serving import Served
from messplus.replay.streams import Stream

FOLDS = 5
RIDGE = 1.0  # penalty on each weight, in units of observations, features being of order one
MULTIPLIERS = 241
ROUNDING = 1e-12
"""By how much a mean may be below alpha and still reach it: the two may be the same sum, rounded."""

NAMES = ("best_single", "static_mix", "text_router", "clairvoyant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One reference line for one stream. Costs are None where alpha is out of reach.

    Attributes:
        data: Name of the data set.
        task: Name of the task, or "all".
        alpha: The promise.
        reference: Which line.
        cost_total: Cost of the whole stream, in the stream's unit.
        cost_mean: Cost per request.
        satisfaction: Mean satisfaction that goes with it, >= alpha if there is a cost.
        detail: What it consists of, for people.
    """

    data: str
    task: str
    alpha: float
    reference: str
    cost_total: float | None
    cost_mean: float | None
    satisfaction: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Mix:
    """A mix of two points: `weight` of `first` and the rest of `second` (which may be the same)."""

    first: int
    second: int
    weight: float
    cost: float
    satisfaction: float


def cheapest_mix(cost: Floats, satisfaction: Floats, alpha: float) -> Mix | None:
    """The cheapest mix of points whose mean satisfaction reaches alpha; None if none does.

    One constraint on a mix makes two points enough: the optimum lies on an edge of the convex hull.

    Args:
        cost: Mean cost of each point, shape (K,).
        satisfaction: Mean satisfaction of each point, shape (K,).
        alpha: The promise.
    """
    reached = satisfaction >= alpha - ROUNDING
    above = np.flatnonzero(reached)
    if len(above) == 0:
        return None
    best = int(above[np.argmin(cost[above])])
    mix = Mix(best, best, 1.0, float(cost[best]), float(satisfaction[best]))
    below = np.flatnonzero(~reached)
    if len(below):
        gap = satisfaction[above][None, :] - satisfaction[below][:, None]
        weight = (satisfaction[above][None, :] - alpha).clip(0.0) / gap  # of the point below
        mixed = weight * cost[below][:, None] + (1.0 - weight) * cost[above][None, :]
        i, j = np.unravel_index(int(np.argmin(mixed)), mixed.shape)
        if mixed[i, j] < mix.cost:
            return Mix(int(below[i]), int(above[j]), float(weight[i, j]), float(mixed[i, j]), alpha)
    return mix


def references(stream: Stream) -> list[Reference]:
    """The four reference lines of one stream, in the order of `NAMES`."""
    return [best_single(stream), static_mix(stream), text_router(stream), clairvoyant(stream)]


def segmented_references(served: Served) -> list[Reference]:
    """The four reference lines of a stream as served: drawn for each segment, and summed."""
    return [segmented(served, line) for line in (best_single, static_mix, text_router, clairvoyant)]


def segmented(served: Served, line: Callable[[Stream], Reference]) -> Reference:
    """One reference line, drawn for each segment, and summed.

    Out of reach in one segment is out of reach: a promise that another segment makes up for would
    be another promise.
    """
    segments = served.segments()
    parts = [line(segment) for segment in segments]
    costs = [part.cost_total for part in parts if part.cost_total is not None]
    total = sum(costs) if len(costs) == len(parts) else None
    satisfied = sum(p.satisfaction * s.n_requests for p, s in zip(parts, segments, strict=True))
    return replace(
        parts[0],
        cost_total=total,
        cost_mean=None if total is None else total / served.n_requests,
        satisfaction=satisfied / served.n_requests,
        detail="; then ".join(dict.fromkeys(part.detail for part in parts if part.detail)),
    )


def best_single(stream: Stream) -> Reference:
    """The cheapest model whose mean satisfaction reaches alpha."""
    cost, score = stream.cost.mean(axis=0), stream.score.mean(axis=0)
    adequate = np.flatnonzero(score >= stream.alpha - ROUNDING)
    if len(adequate) == 0:
        return _out_of_reach(stream, "best_single", float(score.max()))
    m = int(adequate[np.argmin(cost[adequate])])
    return _reference(stream, "best_single", cost[m], score[m], stream.models[m])


def static_mix(stream: Stream) -> Reference:
    """The cheapest prompt-blind mix that reaches alpha."""
    cost, score = stream.cost.mean(axis=0), stream.score.mean(axis=0)
    mix = cheapest_mix(cost, score, stream.alpha)
    if mix is None:
        return _out_of_reach(stream, "static_mix", float(score.max()))
    detail = stream.models[mix.first]
    if mix.first != mix.second:
        detail = f"{mix.weight:.0%} {detail}, {1 - mix.weight:.0%} {stream.models[mix.second]}"
    return _reference(stream, "static_mix", mix.cost, mix.satisfaction, detail)


def text_router(stream: Stream) -> Reference:
    """A frozen text router at its best multiplier: argmin of mean cost - multiplier * prediction.

    Satisfaction is predicted by ridge regression from the stream's features, each request by a model
    fitted on the other folds; cost is each model's mean. Cost and satisfaction are then counted on
    the recorded outcomes, at every multiplier, and the points mixed with those of the single models:
    where text says nothing, this is the static mix.
    """
    cost_mean, score_mean = stream.cost.mean(axis=0), stream.score.mean(axis=0)
    predicted = out_of_fold(stream.features, stream.score)
    spread = float(np.ptp(cost_mean)) or 1.0
    rows = np.arange(stream.n_requests)
    points = [(float(c), float(s)) for c, s in zip(cost_mean, score_mean, strict=True)]
    for multiplier in spread * np.geomspace(1e-2, 1e3, MULTIPLIERS):
        model = np.argmin(cost_mean - multiplier * predicted, axis=1)
        points.append((stream.cost[rows, model].mean(), stream.score[rows, model].mean()))
    cost, score = np.array(points).T
    mix = cheapest_mix(cost, score, stream.alpha)
    if mix is None:
        return _out_of_reach(stream, "text_router", float(score.max()))
    return _reference(stream, "text_router", mix.cost, mix.satisfaction)


def clairvoyant(stream: Stream) -> Reference:
    """The linear program that knows every outcome: min cost subject to mean score >= alpha.

    One constraint means one multiplier: argmin of cost - multiplier * score for each request, with
    the multiplier bisected until two neighbouring solutions enclose alpha; these are mixed. The
    integrality gap is at most one request's cost.
    """
    rows = np.arange(stream.n_requests)
    scale = float(stream.cost.max()) or 1.0

    def solve(multiplier: float) -> tuple[float, float]:
        model = np.argmin(stream.cost - multiplier * stream.score, axis=1)
        return float(stream.cost[rows, model].mean()), float(stream.score[rows, model].mean())

    low, high = 1e-9 * scale, 1e9 * scale  # prices at which only cost, or only score, counts
    below, above = solve(low), solve(high)
    if above[1] < stream.alpha:
        return _out_of_reach(stream, "clairvoyant", above[1])
    if below[1] >= stream.alpha:
        return _reference(stream, "clairvoyant", *below)
    for _ in range(100):
        middle = float(np.sqrt(low * high))
        found = solve(middle)
        if found[1] >= stream.alpha:
            high, above = middle, found
        else:
            low, below = middle, found
    mix = cheapest_mix(np.array([below[0], above[0]]), np.array([below[1], above[1]]), stream.alpha)
    assert mix is not None  # `above` reaches alpha
    return _reference(stream, "clairvoyant", mix.cost, mix.satisfaction)


def out_of_fold(features: Floats, score: Floats) -> Floats:
    """Ridge predictions of every model's score, each row from the folds that it is not in.

    Args:
        features: Shape (T, d).
        score: Shape (T, M).

    Returns:
        Predictions, shape (T, M); not clipped to [0, 1]. The folds are fixed (seed 0), and requests
        with equal features share one: a repeated prompt would tell its own answer.
    """
    n = len(score)
    _, group = np.unique(features, axis=0, return_inverse=True)
    fold = (np.random.default_rng(0).permutation(group.max() + 1) % FOLDS)[group.ravel()]
    predicted = np.empty_like(score)
    for held_out in range(FOLDS):
        test = fold == held_out
        train = ~test if test.sum() < n else test
        x_mean, s_mean = features[train].mean(axis=0), score[train].mean(axis=0)
        x = features[train] - x_mean
        gram = x.T @ x + RIDGE * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, x.T @ (score[train] - s_mean))
        predicted[test] = (features[test] - x_mean) @ weights + s_mean
    return predicted


def _reference(
    stream: Stream, name: str, cost_mean: float, satisfaction: float, detail: str = ""
) -> Reference:
    return Reference(
        data=stream.data,
        task=stream.task,
        alpha=stream.alpha,
        reference=name,
        cost_total=float(cost_mean) * stream.n_requests,
        cost_mean=float(cost_mean),
        satisfaction=float(satisfaction),
        detail=detail,
    )


def _out_of_reach(stream: Stream, name: str, satisfaction: float) -> Reference:
    return Reference(
        data=stream.data,
        task=stream.task,
        alpha=stream.alpha,
        reference=name,
        cost_total=None,
        cost_mean=None,
        satisfaction=satisfaction,
        detail=f"alpha = {stream.alpha:g} is out of reach: at most {satisfaction:.4f}",
    )
