"""The figure of the data set that ships: how often each model is right, family by family."""

import numpy as np
from matplotlib.figure import Figure

from messplus.replay.outcomes import OutcomeTable
from messplus.report import style

_MARKS = ("o", "s", "D")
_SIZES = (70, 40, 16)  # a mark on another one leaves that one's rim in sight


@style.styled
def families_figure(table: OutcomeTable) -> Figure:
    """One line per family, one mark per model; families in ascending order of the best model's share.

    Args:
        table: Scores of at most three models.
    """
    tasks = np.array(table.tasks)
    names = np.array(sorted(table.task_names))
    means = np.stack([table.score[tasks == name].mean(axis=0) for name in names])
    order = np.lexsort((names, means.mean(axis=1)))
    names, means = names[order], means[order]
    figure = style.new_figure(height=6.6)
    axes = figure.add_subplot()
    y = np.arange(len(names))
    axes.hlines(y, means.min(axis=1), means.max(axis=1), color="#c9c9c9", linewidth=1.6, zorder=1)
    for m, model in enumerate(table.models):
        axes.scatter(
            means[:, m],
            y,
            s=_SIZES[m],
            color=style.policy_colour(m),
            marker=_MARKS[m],
            label=model,
            zorder=3,
        )
    axes.set_yticks(y, [name.replace("_", " ") for name in names])
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.7, len(names) - 0.3)
    axes.xaxis.set_major_formatter(style.percent)
    axes.set_xlabel("satisfied requests")
    axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=table.n_models)
    return figure
