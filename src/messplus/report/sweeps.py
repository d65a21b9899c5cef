"""Figures for studies of a policy: a setting swept, and measurements against bounds.

They take plain arrays, so that a script decides what is drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from messplus.core.types import Floats
from messplus.report import style
from messplus.report.labels import End, name_ends

_BOUND_DASHES = ((0, (6, 2)), (0, (2, 1.5)), (0, (6, 1.5, 1, 1.5)), (0, (1, 1)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """One quantity against the swept setting.

    Attributes:
        y_label: What it is, with its unit.
        lines: Per stream, its value at each setting, shape (K,); NaN where there is none. Drawn
            thin, their mean bold.
        levels: Reference lines that the setting does not move, by name.
        log_y: Logarithmic axis.
        shown_as: Shares are shown in percent, differences of shares in percentage points.
    """

    y_label: str
    lines: Mapping[str, Floats]
    levels: Mapping[str, float] = field(default_factory=dict)
    log_y: bool = False
    shown_as: Literal["number", "percent", "points"] = "number"


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A curve that was measured.

    Attributes:
        name: What it is called.
        t: Requests served, shape (K,).
        mean: Mean over seeds, shape (K,).
        low: Smallest over seeds, shape (K,); None for no band.
        high: Largest over seeds.
    """

    name: str
    t: Floats
    mean: Floats
    low: Floats | None = None
    high: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A curve that theory gives.

    Attributes:
        name: Which bound.
        t: Requests served, shape (K,).
        values: Shape (K,); those that are not finite are not drawn.
    """

    name: str
    t: Floats
    values: Floats


@style.styled
def sweep(
    x_label: str,
    x: Floats,
    panels: Sequence[Panel],
    *,
    marked: Mapping[str, float] | None = None,
    log_x: bool = True,
) -> Figure:
    """One or more quantities against a setting such as V or c.

    Args:
        x_label: The setting, with its unit.
        x: Its values, shape (K,), ascending.
        panels: One plot each, side by side.
        marked: Values of the setting to point out (the paper's, ours), by name.
        log_x: Logarithmic axis; the values must then be positive.
    """
    figure = style.new_figure(width=max(style.WIDTH, 4.4 * len(panels)), height=3.4)
    grid = figure.subplots(1, len(panels), squeeze=False)
    for axes, panel in zip(grid.flat, panels, strict=True):
        if log_x:
            axes.set_xscale("log")
            style.log_ticks(axes.xaxis)
        if panel.log_y:
            axes.set_yscale("log")
            style.log_ticks(axes.yaxis, (1.0, 2.0, 5.0))
        _swept(axes, x, panel)
        for name, value in (marked or {}).items():
            axes.axvline(value, color=style.QUIET, linewidth=0.9, linestyle=(0, (1, 2)))
            axes.annotate(
                name,
                (value, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(3, -10),
                textcoords="offset points",
                color=style.QUIET,
                fontsize=style.LABEL_SIZE,
            )
        axes.set_xlabel(x_label)
        axes.set_ylabel(panel.y_label)
        if panel.shown_as != "number":
            shares = style.percent if panel.shown_as == "percent" else style.points
            axes.yaxis.set_major_formatter(shares)
    return figure


@style.styled
def queue_against_bounds(
    measured: Sequence[Measured],
    bounds: Sequence[Bound],
    *,
    x_label: str = "requests",
    y_label: str = "virtual queue, satisfied requests owed",
    log_log: bool = False,
) -> Figure:
    """Measured queues, mean and band over seeds, under the curves that bound them.

    With other labels, any quantity that has a bound, against anything.
    """
    figure, axes = _against_bounds(measured, bounds, log_log=log_log)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    if not log_log:
        axes.set_ylim(bottom=0.0)
        axes.yaxis.set_major_formatter(style.plain)
    _name_curves(axes, measured, bounds)
    return figure


@style.styled
def shortfall_against_bounds(
    measured: Sequence[Measured],
    bounds: Sequence[Bound],
    *,
    y_label: str = "α minus share satisfied so far",
    log_log: bool = False,
) -> Figure:
    """Measured shortfall, as a share of requests, under the curves that bound it."""
    figure, axes = _against_bounds(measured, bounds, log_log=log_log)
    axes.set_ylabel(y_label)
    if not log_log:
        axes.axhline(0.0, color=style.INK, linewidth=1.0)
        axes.set_ylim(*_settled_range(measured, bounds))
    axes.yaxis.set_major_formatter(style.points)
    _name_curves(axes, measured, bounds)
    return figure


@style.styled
def tail_against_bounds(
    measured: Sequence[Measured], bounds: Sequence[Bound], *, x_label: str, y_label: str
) -> Figure:
    """Measured shares that exceed a value, logarithmic, so that an exponential tail is a line.

    Args:
        measured: By the value exceeded (`t`); shares of zero are not drawn, the last must be more.
        bounds: The same.
        x_label: The value, with its unit.
        y_label: Shares of what.
    """
    figure, axes = _against_bounds(measured, bounds, log_log=False)
    axes.set_yscale("log", nonpositive="mask")
    style.log_ticks(axes.yaxis)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    _name_curves(axes, measured, bounds)
    return figure


def _swept(axes: Axes, x: Floats, panel: Panel) -> None:
    colour = style.policy_colour(0)
    values = np.array(list(panel.lines.values()))
    for line in values:
        axes.plot(x, line, color=colour, linewidth=0.8, alpha=0.4)
    ends = []
    if len(values):
        # A column in which a stream has no value would jump for that reason alone: no mean there.
        mean = values.mean(axis=0)
        axes.plot(x, mean, color=colour, linewidth=2.4, marker="o", markersize=4)
        drawn = mean[np.isfinite(mean)]
        if len(drawn):
            name = "mean" if len(values) > 1 else next(iter(panel.lines))
            ends.append(End(float(drawn[-1]), name, colour))
    for index, (name, level) in enumerate(panel.levels.items()):
        dash = _BOUND_DASHES[index % len(_BOUND_DASHES)]
        axes.axhline(level, color=style.QUIET, linewidth=1.2, linestyle=dash)
        ends.append(End(level, name, style.QUIET))
    if x.min() < x.max():
        axes.set_xlim(float(x.min()), float(x.max()))
    name_ends(axes, ends)


def _against_bounds(
    measured: Sequence[Measured], bounds: Sequence[Bound], *, log_log: bool
) -> tuple[Figure, Axes]:
    figure = style.new_figure(height=3.6)
    axes = figure.add_subplot()
    if log_log:
        axes.set_xscale("log")
        axes.set_yscale("log", nonpositive="mask")
        style.log_ticks(axes.xaxis)
        style.log_ticks(axes.yaxis, (1.0, 2.0, 5.0))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(style.plain)
    for index, curve in enumerate(measured):
        colour = style.policy_colour(index)
        if curve.low is not None and curve.high is not None:
            axes.fill_between(curve.t, curve.low, curve.high, color=colour, alpha=0.16, linewidth=0)
        axes.plot(curve.t, curve.mean, color=colour, linestyle=style.policy_dash(index))
    for index, bound in enumerate(bounds):
        shown = np.where(np.isfinite(bound.values), bound.values, np.nan)
        dash = _BOUND_DASHES[index % len(_BOUND_DASHES)]
        axes.plot(bound.t, shown, color=style.INK, linewidth=1.2, linestyle=dash)
    times = np.concatenate([c.t for c in measured] + [b.t for b in bounds])
    axes.set_xlim(float(times.min()) if log_log else 0.0, float(times.max()))
    axes.set_xlabel("requests")
    return figure, axes


def _settled_range(measured: Sequence[Measured], bounds: Sequence[Bound]) -> tuple[float, float]:
    """Limits that show the measurements, and as much of the bounds as leaves them readable.

    The first requests swing by whole units, and a bound of order 1 / t starts without limit.
    """
    late = [curve.mean[len(curve.mean) // 25 :] for curve in measured]
    late += [
        part[len(part) // 10 :] for c in measured for part in (c.low, c.high) if part is not None
    ]
    ends = [bound.values[np.isfinite(bound.values)][-1:] for bound in bounds]
    low = min([0.0, *(float(part.min()) for part in late)])
    high = max([0.0, *(float(part.max()) for part in late)])
    high = max([high, *(float(end[0]) * 1.5 for end in ends if len(end))])
    room = 0.05 * (high - low) or 0.01
    return low - room, high + room


def _name_curves(axes: Axes, measured: Sequence[Measured], bounds: Sequence[Bound]) -> None:
    """Name every curve at its right end."""
    ends = [
        End(float(curve.mean[-1]), curve.name, style.policy_colour(index))
        for index, curve in enumerate(measured)
    ]
    for bound in bounds:
        drawn = bound.values[np.isfinite(bound.values)]
        if len(drawn):
            ends.append(End(float(drawn[-1]), bound.name, style.INK))
    name_ends(axes, ends)
