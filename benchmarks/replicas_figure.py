"""The figures of benchmarks/replicas.py."""

from collections.abc import Mapping, Sequence

import numpy as np
from benchmarks.replicas_runs import ONE, REPLICAS, STEPS, Outcome, Way, remedied, trace_of
from benchmarks.score import geometric
from matplotlib.figure import Figure

from messplus.replay.streams import Stream
from messplus.report import style

SHOWN_AT = 1000
"""Delay of the course that is drawn, in requests."""

_BOTH = "debts 10 times as often, softer by 1 + d/1,000"


@style.styled
def over_delay(found: Mapping[tuple[str, Way], list[Outcome]], streams: Sequence[Stream]) -> Figure:
    """Cost over one process, and the worst that was owed, against d."""
    figure = style.new_figure(height=5.2)
    costs, debts = figure.subplots(2, 1, sharex=True)
    lines = {f"N = {n:,}": [Way(replicas=n, every=d) for d in STEPS] for n in REPLICAS}
    lines[f"N = {REPLICAS[-1]:,}, remedy"] = [remedied(_BOTH, d) for d in STEPS[1:]]
    for index, (name, ways) in enumerate(lines.items()):
        colour = style.policy_colour(index)
        every = [way.every for way in ways]
        ratios, worst = [], []
        for way in ways:
            pairs = [
                (a, b)
                for s in streams
                for a, b in zip(found[s.label, way], found[s.label, ONE], strict=True)
            ]
            ratios.append(geometric([a.late_cost / b.late_cost for a, b in pairs]))
            worst.append(np.mean([a.worst_debt for a, _ in pairs]))
        costs.plot(every, ratios, marker="o", markersize=3.5, color=colour, label=name)
        debts.plot(every, worst, marker="o", markersize=3.5, color=colour, label=name)
    costs.axhline(1.0, color=style.INK, linewidth=1.0)
    costs.set_ylabel("cost / one process,\nlater half")
    debts.set_ylabel("largest debt, requests")
    debts.set_yscale("log")
    debts.set_xscale("log")
    debts.set_xlabel("d: requests from one version to the next")
    style.log_ticks(debts.xaxis, (1.0, 3.0))
    style.log_ticks(debts.yaxis, (1.0, 3.0))
    costs.legend(loc="upper left")
    return figure


@style.styled
def course(stream: Stream) -> Figure:
    """The debt over time: one process, many with a delay, and the same with the remedy."""
    figure = style.new_figure(height=3.4)
    axes = figure.subplots()
    ways = {
        "one process": ONE,
        f"N = {REPLICAS[-1]:,}, d = {SHOWN_AT:,}": Way(replicas=REPLICAS[-1], every=SHOWN_AT),
        "the same, remedy": remedied(_BOTH, SHOWN_AT),
    }
    for index, (name, way) in reversed(list(enumerate(ways.items()))):
        trace = trace_of(stream, way, 0)
        debt = np.cumsum(trace.alpha - trace.satisfied)
        axes.plot(
            np.arange(1, len(debt) + 1)[::5],
            debt[::5],
            color=style.policy_colour(index),
            label=name,
        )
    axes.axhline(0.0, color=style.INK, linewidth=1.0)
    axes.set_ylabel("debt, requests")
    axes.set_xlabel("requests")
    axes.xaxis.set_major_formatter(style.plain)
    axes.legend(loc="best")
    return figure
