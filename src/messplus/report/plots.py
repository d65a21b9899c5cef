"""The figures of one stream over time. Every function returns a figure of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from messplus.core.types import Floats
from messplus.replay.metrics import TOLERANCE, Curves
from messplus.replay.references import Reference
from messplus.replay.results import Run
from messplus.replay.streams import Stream
from messplus.report import style, text
from messplus.report.labels import End, name_ends

_MAX_POINTS = 160
"""Points per drawn line: more cannot be told apart at page width."""


@dataclass(frozen=True, slots=True, eq=False)
class PolicyRuns:
    """The runs of one policy on one stream.

    Attributes:
        policy: Its spec.
        index: Its place in the grid, which is its colour.
        runs: One per seed, at least one.
    """

    policy: str
    index: int
    runs: tuple[Run, ...]

    @property
    def colour(self) -> str:
        """Its colour in every figure."""
        return style.policy_colour(self.index)

    def over_seeds(self, curve: Callable[[Curves], Floats]) -> tuple[NDArray[np.int64], Floats]:
        """t, shape (K,), and a curve of every run, shape (seeds, K, ...), thinned for drawing."""
        t = self.runs[0].curves.t
        at = np.unique(np.linspace(0, len(t) - 1, min(len(t), _MAX_POINTS)).round().astype(int))
        return t[at], np.stack([curve(run.curves)[at] for run in self.runs])


@style.styled
def satisfaction(stream: Stream, policies: Sequence[PolicyRuns]) -> Figure:
    """Share of satisfied requests so far, against alpha: mean over seeds, band from min to max."""
    figure = style.new_figure()
    axes = figure.add_subplot()
    # The first few requests swing between 0 and 1 and would flatten everything that matters.
    settled = max(10, stream.n_requests // 25)
    seen = [stream.alpha, stream.alpha - TOLERANCE]
    for runs in policies:
        t, values = _banded(axes, runs, lambda curves: curves.satisfaction)
        late = values[:, t >= min(settled, t[-1])]
        seen += [float(late.min()), float(late.max())]
    margin = max(0.08 * (max(seen) - min(seen)), 0.005)
    axes.set_ylim(max(min(seen) - margin, -0.02), min(max(seen) + margin, 1.02))
    axes.axhspan(stream.alpha - TOLERANCE, stream.alpha, color="#000000", alpha=0.07, linewidth=0)
    axes.axhline(stream.alpha, color=style.INK, linewidth=1.2)
    ends = _ends(policies, lambda curves: curves.satisfaction)
    name_ends(axes, [*ends, End(stream.alpha, _alpha_label(stream), style.INK)])
    axes.set_ylabel("satisfied so far")
    axes.yaxis.set_major_formatter(style.percent)
    _requests_axis(axes, stream.n_requests)
    return figure


@style.styled
def queue(stream: Stream, policies: Sequence[PolicyRuns]) -> Figure:
    """The virtual queue, satisfaction owed so far: mean over seeds, band from min to max."""
    figure = style.new_figure()
    axes = figure.add_subplot()
    tops = [_top(runs, _banded(axes, runs, lambda curves: curves.queue)[1]) for runs in policies]
    limit = _queue_limit(tops)
    axes.set_ylim(0.0, limit)
    ends = [
        End(
            end.value,
            f"{end.name} ↑ {end.value:,.0f}" if end.value > limit else end.name,
            end.colour,
        )
        for end in _ends(policies, lambda curves: curves.queue)
    ]
    name_ends(axes, ends)
    axes.set_ylabel("virtual queue, satisfied requests owed")
    _requests_axis(axes, stream.n_requests)
    return figure


_HOPELESS = 0.03
"""Shortfall from which a policy's queue, which only grows, may leave the plot."""


def _top(runs: PolicyRuns, queues: Floats) -> tuple[float, bool]:
    """The longest queue of a policy, and whether it is far from its promise, as the seeds' mean."""
    satisfied = float(np.mean([run.metrics.satisfaction for run in runs.runs]))
    return float(queues.max()), runs.runs[0].cell.alpha - satisfied > _HOPELESS


def _queue_limit(tops: Sequence[tuple[float, bool]]) -> float:
    """Height of the plot: what owes ever more must not flatten the queues that are held."""
    highest = max(top for top, _ in tops)
    held = max((top for top, hopeless in tops if not hopeless), default=highest)
    room = max(held * 1.3, 10.0)
    return room if highest > 2.5 * room else max(highest * 1.05, 1.0)


@style.styled
def cost(stream: Stream, policies: Sequence[PolicyRuns], references: Sequence[Reference]) -> Figure:
    """Cost so far, beside the steady pace of the reference lines."""
    figure = style.new_figure()
    axes = figure.add_subplot()
    lines = [
        line for line in references if line.reference in _PACES and line.cost_total is not None
    ]
    totals = [run.metrics.cost_total for runs in policies for run in runs.runs]
    scale = text.cost_scale(stream.cost_unit, [max(totals)])
    ends = []
    for line in lines:
        total = (line.cost_total or 0.0) / scale.size
        dash = style.REFERENCE_DASHES[line.reference]
        axes.plot(
            (0, stream.n_requests), (0, total), color=style.QUIET, linestyle=dash, linewidth=1.2
        )
        ends.append(End(total, text.reference_title(line.reference), style.QUIET))
    for runs in policies:
        _banded(axes, runs, lambda curves: curves.cost / scale.size)
    axes.set_ylim(bottom=0.0)
    ends += _ends(policies, lambda curves: curves.cost / scale.size)
    name_ends(axes, ends)
    axes.set_ylabel(f"cost so far, {scale.unit}")
    axes.yaxis.set_major_formatter(style.plain)
    _requests_axis(axes, stream.n_requests)
    return figure


_PACES = ("best_single", "static_mix", "clairvoyant")


@style.styled
def model_shares(stream: Stream, policies: Sequence[PolicyRuns]) -> Figure:
    """Which models answered so far, one small plot per policy: mean over seeds."""
    across = 2 if len(policies) == 4 else min(len(policies), 3)
    down = -(-len(policies) // across)
    figure = style.new_figure(height=0.75 + 1.75 * down)
    grid = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
    colours = style.model_colours(stream.n_models)
    for axes, runs in zip(grid.flat, policies, strict=False):
        t, values = runs.over_seeds(lambda curves: curves.model_share)
        axes.stackplot(t, values.mean(axis=0).T, colors=colours, linewidth=0)
        axes.set_title(style.shortened(runs.policy, 72 // across - 4), color=runs.colour)
        axes.set_ylim(0, 1)
        axes.grid(visible=False)
        axes.yaxis.set_major_formatter(style.percent)
        _requests_axis(axes, stream.n_requests, ticks=5 // across + 1, label=False)
    for spare in range(len(policies), down * across):
        grid.flat[spare].set_visible(False)
        grid.flat[spare - across].tick_params(labelbottom=True)  # now the lowest of its column
    figure.supxlabel("requests", fontsize=9)
    figure.supylabel("share of answers so far", fontsize=9)
    _model_legend(figure, stream.models, colours)
    return figure


def _model_legend(
    figure: Figure, models: Sequence[str], colours: Sequence[tuple[float, float, float, float]]
) -> None:
    """The models above the plots, as many to a line as fit."""
    names = [style.shortened(model, 30) for model in models]
    patches = [Patch(color=colour, label=name) for name, colour in zip(names, colours, strict=True)]
    figure.legend(
        handles=patches,
        loc="outside upper left",
        ncols=style.legend_columns(names),
        handlelength=1.0,
        handleheight=1.0,
        columnspacing=1.4,
    )


def _banded(
    axes: Axes, runs: PolicyRuns, curve: Callable[[Curves], Floats]
) -> tuple[NDArray[np.int64], Floats]:
    """Draw the mean over seeds and the band between the extremes; give back what was drawn."""
    t, values = runs.over_seeds(curve)
    if len(values) > 1:
        low, high = values.min(axis=0), values.max(axis=0)
        axes.fill_between(t, low, high, color=runs.colour, alpha=0.16, linewidth=0)
    marker = "o" if len(t) == 1 else None  # a line through one point cannot be seen
    axes.plot(
        t,
        values.mean(axis=0),
        color=runs.colour,
        linestyle=style.policy_dash(runs.index),
        marker=marker,
    )
    return t, values


def _ends(policies: Sequence[PolicyRuns], curve: Callable[[Curves], Floats]) -> list[End]:
    """Where each policy's line ends, its name and its colour."""
    return [
        End(float(np.mean([curve(run.curves)[-1] for run in runs.runs])), runs.policy, runs.colour)
        for runs in policies
    ]


def _alpha_label(stream: Stream) -> str:
    return f"α = {100 * stream.alpha:.4g} %"


def _requests_axis(axes: Axes, n_requests: int, *, ticks: int = 5, label: bool = True) -> None:
    axes.set_xlim(0, max(n_requests, 1))
    axes.xaxis.set_major_locator(MaxNLocator(ticks, integer=True, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(style.plain)
    if label:
        axes.set_xlabel("requests")
