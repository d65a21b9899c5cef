"""The plane of cost and satisfaction: what the zoo offers, and where each policy came to lie."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from messplus.core.types import Floats
from messplus.replay.references import Reference
from messplus.replay.streams import Stream
from messplus.report import style, text
from messplus.report.labels import name_points
from messplus.report.plots import PolicyRuns

_LOG_FROM = 20.0
"""Ratio of the largest to the smallest cost from which the axis is logarithmic."""


@style.styled
def plane(
    stream: Stream, policies: Sequence[PolicyRuns], references: Sequence[Reference]
) -> Figure:
    """Cost per request against satisfaction: models, the mixes between them, references, runs."""
    figure = style.new_figure(height=4.0)
    axes = figure.add_subplot()
    model_cost, model_score = stream.cost.mean(axis=0), stream.score.mean(axis=0)
    lines = [line for line in references if line.cost_mean is not None]
    marks = _marks(stream, policies, lines)
    scale = text.cost_scale(stream.cost_unit, marks[:, 0].tolist())
    # The price of one answer is a fraction of a cent: that of a thousand is easier to read.
    requests = 1000 if np.median(marks[:, 0]) < 0.1 * scale.size else 1
    size = scale.size / requests
    marks[:, 0] /= size
    log = marks[:, 0].min() > 0 and marks[:, 0].max() > _LOG_FROM * marks[:, 0].min()
    if log:
        axes.set_xscale("log")

    (mixes,) = axes.plot(
        *_mixes(model_cost / size, model_score), color="#9a9a9a", linewidth=1.2, zorder=2
    )
    axes.axhline(stream.alpha, color=style.INK, linewidth=1.2, zorder=2)
    axes.scatter(model_cost / size, model_score, s=14, color=style.INK, zorder=8)
    handles = [_policy_marks(axes, runs, size) for runs in policies]
    handles += [_reference_mark(axes, line, size) for line in lines]
    handles += [
        _handle(marker="o", color=style.INK, label="single model", markersize=4),
        Line2D([], [], color="#9a9a9a", linewidth=1.2, label="static mixes"),
    ]
    per = "1,000 requests" if requests > 1 else "request"
    axes.set_xlabel(f"cost per {per}, {scale.unit}" + (" (log scale)" if log else ""))
    axes.set_ylabel("satisfied requests")
    axes.yaxis.set_major_formatter(style.percent)
    _limits(axes, marks[:, 0], log=log)
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0)
    axes.annotate(
        f"α = {100 * stream.alpha:.4g} %",
        (1.0, stream.alpha),
        xycoords=("axes fraction", "data"),
        xytext=(-2, 3),
        textcoords="offset points",
        horizontalalignment="right",
        fontsize=8.5,
    )
    obstacles = np.concatenate([marks, mixes.get_xydata(), _across(axes, stream.alpha)])
    name_points(axes, stream.models, model_cost / size, model_score, obstacles)
    return figure


def _marks(stream: Stream, policies: Sequence[PolicyRuns], lines: Sequence[Reference]) -> Floats:
    """Cost per request and satisfaction of everything that is marked, shape (N, 2)."""
    found = [*zip(stream.cost.mean(axis=0), stream.score.mean(axis=0), strict=True)]
    for runs in policies:
        every = [(run.metrics.cost_mean, run.metrics.satisfaction) for run in runs.runs]
        found += [*every, tuple(np.mean(every, axis=0))]
    found += [(line.cost_mean or 0.0, line.satisfaction) for line in lines]
    return np.array(found)


def _mixes(cost: Floats, score: Floats) -> tuple[Floats, Floats]:
    """The cheapest mix at every satisfaction, from the cheapest model to the best one.

    Sampled between the corners: on a logarithmic axis a mix of two points is no straight line.
    """
    corners = [int(np.lexsort((-score, cost))[0])]
    while True:
        at = corners[-1]
        better = np.flatnonzero(score > score[at])
        if len(better) == 0:
            break
        slope = (cost[better] - cost[at]) / (score[better] - score[at])
        corners.append(int(better[np.lexsort((-score[better], slope))[0]]))
    x, y = [cost[corners[:1]]], [score[corners[:1]]]
    for a, b in pairwise(corners):
        weight = np.linspace(0.0, 1.0, 40)[1:]
        x.append((1 - weight) * cost[a] + weight * cost[b])
        y.append((1 - weight) * score[a] + weight * score[b])
    return np.concatenate(x), np.concatenate(y)


def _policy_marks(axes: Axes, runs: PolicyRuns, size: float) -> Line2D:
    cost = np.array([run.metrics.cost_mean for run in runs.runs]) / size
    score = np.array([run.metrics.satisfaction for run in runs.runs])
    if len(cost) > 1:
        axes.scatter(cost, score, s=22, color=runs.colour, alpha=0.35, linewidth=0, zorder=4)
    axes.scatter(
        cost.mean(), score.mean(), s=70, color=runs.colour, edgecolor="white", linewidth=1, zorder=6
    )
    return _handle(marker="o", color=runs.colour, label=style.shortened(runs.policy), markersize=8)


def _reference_mark(axes: Axes, line: Reference, size: float) -> Line2D:
    marker = style.REFERENCE_MARKS.get(line.reference, "P")
    area = 90 if marker == "*" else 42
    axes.scatter(
        (line.cost_mean or 0.0) / size,
        line.satisfaction,
        s=area,
        marker=marker,
        facecolor="white",
        edgecolor=style.INK,
        linewidth=1.1,
        zorder=5,
    )
    label = text.reference_title(line.reference)
    handle = _handle(marker=marker, color="white", label=label, markersize=8 if area > 50 else 6)
    handle.set_markeredgecolor(style.INK)
    return handle


def _handle(*, marker: str, color: str, label: str, markersize: float) -> Line2D:
    return Line2D(
        [], [], linestyle="none", marker=marker, color=color, label=label, markersize=markersize
    )


def _limits(axes: Axes, cost: Floats, *, log: bool) -> None:
    """Room for labels around the marks, and ticks that read as numbers."""
    low, high = float(cost.min()), float(cost.max())
    if log:
        axes.set_xlim(low / 1.6, high * 2.2)
        style.log_ticks(axes.xaxis, (1.0, 2.0, 5.0) if high < 200 * low else (1.0,))
    else:
        axes.set_xlim(min(0.0, low), high * 1.12 or 1.0)
        axes.xaxis.set_major_formatter(style.plain)
    axes.margins(y=0.14)


def _across(axes: Axes, height: float) -> Floats:
    """Points along a horizontal line from edge to edge, shape (200, 2)."""
    along = np.linspace(0.0, 1.0, 200)
    line = (axes.transAxes + axes.transData.inverted()).transform(np.stack([along, along], 1))
    line[:, 1] = height
    return np.asarray(line)
