"""The figure of a change: what was satisfied around it, and who answered."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from messplus.core.types import Floats
from messplus.replay.results import Run
from messplus.replay.streams import Stream
from messplus.report import style

LATEST = 200
"""Requests over which shares are taken, about."""

FIRST = 50
"""Requests that are not drawn: a mean of few verdicts swings between 0 and 1."""


@style.styled
def around_change(stream: Stream, runs: Mapping[str, Sequence[Run]], at: float) -> Figure:
    """Satisfied so far and lately, and the models' shares of the first policy's latest answers.

    Args:
        stream: As recorded.
        runs: Of each policy by its name, one per seed.
        at: Where the change is, as a share of the stream.
    """
    figure = style.new_figure(height=6.4)
    so_far, lately, shares = figure.subplots(3, 1, sharex=True)
    change = round(at * stream.n_requests)
    t = next(iter(runs.values()))[0].curves.t
    drawn = t >= FIRST
    for index, (name, of_policy) in enumerate(runs.items()):
        colour = style.policy_colour(index)
        means = np.stack([run.curves.satisfaction for run in of_policy])
        recent = np.stack([_latest(t, run.curves.satisfaction[:, None])[:, 0] for run in of_policy])
        for axes, values in zip((so_far, lately), (means, recent), strict=True):
            low, high = values.min(axis=0)[drawn], values.max(axis=0)[drawn]
            axes.fill_between(t[drawn], low, high, color=colour, alpha=0.16, linewidth=0)
            axes.plot(t[drawn], values.mean(axis=0)[drawn], color=colour, label=name)
    for axes in (so_far, lately):
        axes.axhline(stream.alpha, color=style.INK, linewidth=1.2, label="α")
        axes.yaxis.set_major_formatter(style.percent)
    so_far.legend(loc="lower right", ncols=len(runs) + 1)
    so_far.set_ylabel("satisfied so far")
    lately.set_ylabel(f"of the latest {LATEST}")

    first, of_first = next(iter(runs.items()))
    share = np.mean([_latest(t, run.curves.model_share) for run in of_first], axis=0)
    colours = style.model_colours(stream.n_models)
    shares.stackplot(t, share.T, colors=colours, linewidth=0)
    shares.set_ylim(0, 1)
    shares.grid(visible=False)
    shares.set_ylabel(f"{first}: who answers")
    shares.yaxis.set_major_formatter(style.percent)
    shares.set_xlim(0, stream.n_requests)
    shares.set_xlabel("requests")
    shares.xaxis.set_major_formatter(style.plain)
    names = [style.shortened(model, 30) for model in stream.models]
    figure.legend(
        handles=[Patch(color=c, label=n) for n, c in zip(names, colours, strict=True)],
        loc="outside lower left",
        ncols=style.legend_columns(names),
    )
    for axes in (so_far, lately, shares):
        axes.axvline(change, color=style.INK, linewidth=1.0, linestyle=(0, (3, 2)))
    return figure


def _latest(t: NDArray[np.int64], mean: Floats) -> Floats:
    """Means over the latest requests, from means over all so far, shape (K, n)."""
    total = t[:, None] * mean
    before = np.searchsorted(t, t - LATEST, side="right") - 1
    start = np.where(before >= 0, t[before], 0)
    earlier = np.where(before[:, None] >= 0, total[before], 0.0)
    return np.asarray((total - earlier) / (t - start)[:, None])
