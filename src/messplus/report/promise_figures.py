"""The figures of a promise, from what the log knows of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from messplus.core.types import Floats
from messplus.evidence import PromiseEvidence
from messplus.report import style


@dataclass(frozen=True, slots=True)
class Planned:
    """A figure to be drawn.

    Attributes:
        name: Of its file, without suffix.
        title: What it shows.
        alt: For those who cannot see it.
        draw: Draws it.
    """

    name: str
    title: str
    alt: str
    draw: Callable[[], Figure]


def figures_of(promise: PromiseEvidence, stem: str) -> list[Planned]:
    """Those that there is something to draw for."""
    told = []
    if len(promise.series.buckets) > 1:
        told += [
            Planned(
                f"{stem}-satisfaction",
                "Satisfaction from the beginning",
                f"{promise.name}: running satisfaction with its confidence sequence, and alpha.",
                lambda: satisfaction(promise),
            ),
            Planned(
                f"{stem}-queue",
                "Virtual queue: satisfied requests owed",
                f"{promise.name}: the virtual queue over time.",
                lambda: queue(promise),
            ),
            Planned(
                f"{stem}-models",
                "Who answers",
                f"{promise.name}: the share of each model over time.",
                lambda: shares(promise),
            ),
            Planned(
                f"{stem}-cost",
                "Cost per request",
                f"{promise.name}: mean cost of an answer over time.",
                lambda: cost(promise),
            ),
        ]
    if promise.counted is not None:
        told.append(
            Planned(
                f"{stem}-calibration",
                "Predicted against satisfied",
                f"{promise.name}: of answers predicted alike, the share that satisfied.",
                lambda: calibration(promise),
            )
        )
    return told


@style.styled
def satisfaction(promise: PromiseEvidence) -> Figure:
    """Running satisfaction, its band, and alpha."""
    figure, axes, at = _over_time(promise)
    running = promise.running()
    colour = style.policy_colour(0)
    axes.fill_between(at, running.low, running.high, color=colour, alpha=0.15, linewidth=0)
    axes.plot(at, running.value, color=colour, label="satisfied so far")
    axes.axhline(promise.alpha, color=style.INK, linestyle=(0, (5, 3)), linewidth=1, label="alpha")
    axes.yaxis.set_major_formatter(style.percent)
    axes.legend(loc="lower right")
    return figure


@style.styled
def queue(promise: PromiseEvidence) -> Figure:
    """What is owed."""
    figure, axes, at = _over_time(promise)
    axes.plot(at, [one.queue for one in promise.series.buckets], color=style.policy_colour(1))
    axes.set_ylim(bottom=0)
    return figure


@style.styled
def shares(promise: PromiseEvidence) -> Figure:
    """Which models answer."""
    figure, axes, at = _over_time(promise)
    buckets = promise.series.buckets
    models = [*promise.models, *(one for one in promise.calls if one not in promise.models)]
    rows = np.array(
        [[one.shares.get(model, 0) / max(one.requests, 1) for one in buckets] for model in models]
    )
    axes.stackplot(at, rows, labels=models, colors=style.model_colours(len(models)), linewidth=0)
    axes.yaxis.set_major_formatter(style.percent)
    axes.set_ylim(0, 1)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=style.legend_columns(models))
    return figure


@style.styled
def cost(promise: PromiseEvidence) -> Figure:
    """Mean cost of an answer."""
    figure, axes, at = _over_time(promise)
    means = [one.cost / one.calls if one.calls else np.nan for one in promise.series.buckets]
    axes.plot(at, means, color=style.policy_colour(2))
    axes.set_ylim(bottom=0)
    return figure


@style.styled
def calibration(promise: PromiseEvidence) -> Figure:
    """Of answers predicted alike, how many satisfied."""
    figure = style.new_figure()
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=style.FAINT, linewidth=1)
    for index, (model, sources) in enumerate(sorted(promise.by_model.items())):
        judged = sources.get(promise.counted or "")
        if judged is None:
            continue
        bins = judged.calibration.bins()
        x, y = _column([one.predicted for one in bins]), _column([one.satisfied for one in bins])
        below = y - _column([one.low for one in bins])
        above = _column([one.high for one in bins]) - y
        axes.errorbar(
            x, y, yerr=[below, above], fmt="o", markersize=4, linewidth=1,
            color=style.policy_colour(index), label=style.shortened(model),
        )  # fmt: skip
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(style.percent)
    axes.set_xlabel("predicted")
    axes.set_ylabel("satisfied")
    axes.legend(loc="upper left")
    return figure


def _over_time(promise: PromiseEvidence) -> tuple[Figure, Axes, Floats]:
    figure = style.new_figure(height=2.8)
    axes = figure.subplots()
    locator = AutoDateLocator(tz=UTC)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    style_of_dates = ConciseDateFormatter(locator, tz=UTC)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(style_of_dates)
    ends = [one.start_s + promise.series.width_s for one in promise.series.buckets]
    axes.xaxis_date(UTC)
    return figure, axes, _column([one / 86_400.0 for one in ends])  # days, as matplotlib has them


def _column(values: Sequence[float]) -> Floats:
    return np.asarray(values, dtype=np.float64)
