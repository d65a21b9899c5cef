"""One figure over all streams: what each policy cost, and whether it kept its promise."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from messplus.replay.results import Results, policies_of, streams_of
from messplus.report import style, text
from messplus.report.aggregate import over, reference_lines, runs_of

_LOG_FROM = 6.0
"""Ratio of the largest to the smallest cost from which the axis is logarithmic."""

_WIDTH = 8.0

_REFERENCES = ("text_router", "clairvoyant")


@dataclass(frozen=True, slots=True)
class _Dots:
    """The runs of one policy on one stream: a value per seed, at one height."""

    values: tuple[float, ...]
    height: float
    colour: str


@style.styled
def overview(results: Results) -> Figure:
    """Cost over static mix, and satisfaction minus alpha, per stream and policy."""
    streams, policies = streams_of(results.runs), policies_of(results.runs)
    figure = style.new_figure(_WIDTH, 1.2 + (0.26 + 0.13 * len(policies)) * len(streams))
    left, right = figure.subplots(1, 2, sharey=True)
    cost, margin = _dots(results)
    marks = _reference_ratios(results)
    _draw(left, cost)
    _draw(right, margin)
    for name, places in marks.items():
        for ratio, height in places:
            left.add_line(_mark(name, ratio, height))
    _say_out_of_reach(left, results)

    ratios = [value for dots in cost for value in dots.values]
    _cost_axis(left, [*ratios, *(ratio for found in marks.values() for ratio, _ in found)])
    _margin_axis(right, [value for dots in margin for value in dots.values])
    labels = text.stream_labels(streams)
    left.set_yticks(range(len(streams)), [style.shortened(labels[s], 30) for s in streams])
    left.set_ylim(len(streams) - 0.5, -0.5)
    for axes in (left, right):
        axes.tick_params(axis="y", length=0, labelcolor=style.INK)
        axes.grid(visible=False, axis="y")
        for edge in range(1, len(streams)):
            axes.axhline(edge - 0.5, color=style.FAINT, linewidth=0.8, zorder=0)
    _legend(figure, policies, [name for name, found in marks.items() if found])
    return figure


def _dots(results: Results) -> tuple[list[_Dots], list[_Dots]]:
    """Cost over static mix, and satisfaction minus alpha in points; a height per policy."""
    policies = policies_of(results.runs)
    step = _slot(results)
    cost: list[_Dots] = []
    margin: list[_Dots] = []
    for place, stream in enumerate(streams_of(results.runs)):
        for index, policy in enumerate(policies):
            runs = runs_of(results, stream, policy)
            at, colour = place - 0.4 + step * (index + 0.5), style.policy_colour(index)
            ratios = [r.cost_over_static_mix for r in runs if r.cost_over_static_mix is not None]
            cost.append(_Dots(tuple(ratios), at, colour))
            above = [100.0 * (r.metrics.satisfaction - r.cell.alpha) for r in runs]
            margin.append(_Dots(tuple(above), at, colour))
    return cost, margin


def _slot(results: Results) -> float:
    """Height of one policy within a stream's row; one more slot is for the reference lines."""
    return 0.8 / (len(policies_of(results.runs)) + 1)


def _reference_ratios(results: Results) -> dict[str, list[tuple[float, float]]]:
    """Per reference line: its cost over static mix and the height of its stream."""
    static = reference_lines(results, "static_mix")
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in _REFERENCES}
    for name in _REFERENCES:
        lines = reference_lines(results, name)
        for place, stream in enumerate(streams_of(results.runs)):
            if stream not in lines or stream not in static:
                continue
            ratio = over(lines[stream].cost_total, static[stream].cost_total)
            if ratio is not None:
                found[name].append((ratio, place + 0.4 - _slot(results) / 2))
    return found


def _draw(axes: Axes, dots: Sequence[_Dots]) -> None:
    """Seeds light, their mean bold."""
    for row in dots:
        if not row.values:
            continue
        if len(row.values) > 1:
            heights = [row.height] * len(row.values)
            axes.scatter(row.values, heights, s=13, color=row.colour, alpha=0.35, linewidth=0)
        mean = sum(row.values) / len(row.values)
        axes.scatter(
            mean, row.height, s=36, color=row.colour, edgecolor="white", linewidth=0.6, zorder=5
        )


def _mark(name: str, ratio: float, height: float) -> Line2D:
    return Line2D(
        [ratio],
        [height],
        linestyle="none",
        marker=style.REFERENCE_MARKS[name],
        markersize=8 if name == "clairvoyant" else 6,
        markerfacecolor="white",
        markeredgecolor=style.INK,
        markeredgewidth=0.9,
        zorder=4,
    )


def _say_out_of_reach(axes: Axes, results: Results) -> None:
    """Say why a stream has no cost over static mix."""
    static = reference_lines(results, "static_mix")
    for place, stream in enumerate(streams_of(results.runs)):
        if stream in static and static[stream].cost_total is None:
            axes.text(
                0.03,
                place,
                "α is out of reach of any mix",
                transform=axes.get_yaxis_transform(),
                verticalalignment="center",
                fontsize=8,
                color=style.QUIET,
            )


def _cost_axis(axes: Axes, values: Sequence[float]) -> None:
    axes.axvline(1.0, color=style.INK, linewidth=1.0, zorder=1)
    low, high = min(values, default=1.0), max(values, default=1.0)
    low, high = min(low, 1.0), max(high, 1.0)
    if low > 0 and high > _LOG_FROM * low:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlim(low / 1.25, high * 1.25)
    else:
        axes.set_xlim(0.0, high * 1.1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×"))
    axes.set_xlabel("cost over that of the static mix")


def _margin_axis(axes: Axes, values: Sequence[float]) -> None:
    low, high = min(*values, 0.0), max(*values, 0.0)
    room = max(0.06 * (high - low), 0.2)
    axes.set_xlim(low - room, high + room)
    axes.axvline(0.0, color=style.INK, linewidth=1.0, zorder=1)
    axes.axvspan(low - room, 0.0, color="#000000", alpha=0.05, linewidth=0, zorder=0)
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value:+g}".replace("-", "−") if value else "α")
    )
    axes.set_xlabel("satisfaction above α, percentage points")


def _legend(figure: Figure, policies: Sequence[str], references: Sequence[str]) -> None:
    handles = [
        Line2D([], [], linestyle="none", marker="o", markersize=6, color=style.policy_colour(i))
        for i in range(len(policies))
    ]
    names = [style.shortened(policy) for policy in policies]
    for name in references:
        handles.append(_mark(name, 0.0, 0.0))
        names.append(text.reference_title(name))
    figure.legend(
        handles,
        names,
        loc="outside upper left",
        ncols=style.legend_columns(names, _WIDTH),
        columnspacing=1.2,
        handletextpad=0.2,
    )
