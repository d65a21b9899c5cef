"""The picture of the comparison: each router's cost at equal satisfaction, learning charged or not."""

from collections.abc import Sequence

import numpy as np
from benchmarks.board import Board, Where
from benchmarks.roster import HINDSIGHT, KINDS, ROSTER, Kind
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from messplus.replay.equal import LATE, WHOLE
from messplus.report import style

COLOURS: dict[Kind, str] = {
    "ours": "#0072B2",
    "paper": "#D55E00",
    "trained": "#009E73",
    "online": "#CC79A7",
    "blind": "#6b6b6b",
    "cascade": "#E69F00",
}


@style.styled
def forest(board: Board, streams: Sequence[Where]) -> Figure:
    """Geometric means with their intervals, for both accounts, the cheapest at the top."""
    found = []
    for entry in (*ROSTER, HINDSIGHT):
        whole = board.ratio(entry.spec, WHOLE, streams)
        late = board.ratio(entry.spec, LATE, streams)
        if whole.read >= 0.5 and late.read >= 0.5:
            found.append((entry, whole, late))
    found.sort(key=lambda row: -row[1].mean)

    figure = style.new_figure(height=0.9 + 0.27 * max(len(found), 1))
    axes = figure.subplots()
    for y, (entry, whole, late) in enumerate(found):
        colour = COLOURS[entry.kind]
        axes.plot([late.mean, whole.mean], [y, y], color=style.FAINT, linewidth=5, zorder=1)
        for ratio, shift, filled in ((whole, 0.12, True), (late, -0.12, False)):
            axes.plot([ratio.low, ratio.high], [y + shift] * 2, color=colour, linewidth=1.1)
            axes.plot(
                ratio.mean, y + shift, "o", color=colour, markersize=5.5,
                markerfacecolor=colour if filled else "white",
            )  # fmt: skip
    axes.axvline(1.0, color=style.INK, linewidth=1.0, linestyle=(0, (5, 2)))
    axes.set_xscale("log")
    style.log_ticks(axes.xaxis, subs=(1.0, 2.0, 5.0))
    axes.set_yticks(range(len(found)), [entry.name for entry, _, _ in found])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, len(found) - 0.4)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("cost over static mix at equal satisfaction")
    kinds = dict.fromkeys(entry.kind for entry, _, _ in reversed(found))
    marks = [
        Line2D([], [], marker="o", linestyle="", color=style.INK, label="everything charged"),
        Line2D(
            [], [], marker="o", linestyle="", color=style.INK, markerfacecolor="white",
            label="after the first fifth",
        ),
        *(Line2D([], [], color=COLOURS[kind], linewidth=3, label=KINDS[kind]) for kind in kinds),
    ]  # fmt: skip
    figure.legend(handles=marks, loc="outside upper left", ncols=3)
    assert np.isfinite([row[1].mean for row in found]).all()
    return figure
