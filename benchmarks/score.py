"""What runs amount to: the columns that the results pages share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from benchmarks.streams import RECORDING

from messplus.core.types import Floats
from messplus.replay.results import Run

MJ = 1e6

COLUMNS = "cost / static mix | above α, pp | worst, pp | kept, % | within 0.5 pp, % | > 1 pp short, % of time |"
ALIGNED = "--:|" * 6


@dataclass(frozen=True, slots=True)
class Score:
    """What a policy did on a set of runs; each attribute has one value per run."""

    over_static_mix: Floats
    margin_pp: Floats
    below_1pp: Floats
    cost: Floats

    @classmethod
    def of(cls, runs: Iterable[Run]) -> "Score":
        """Collect the runs whose promise is within reach of a static mix."""
        kept = [run for run in runs if run.cost_over_static_mix is not None]
        return cls(
            np.array([run.cost_over_static_mix for run in kept], dtype=np.float64),
            np.array([100 * (run.metrics.satisfaction - run.cell.alpha) for run in kept]),
            np.array([100 * run.metrics.share_below_1pp for run in kept]),
            np.array([run.metrics.cost_total for run in kept]),
        )

    @property
    def geometric(self) -> float:
        """Geometric mean of cost over static mix."""
        return geometric(self.over_static_mix)

    @property
    def kept(self) -> float:
        """Percentage of runs that end at or above alpha."""
        return 100 * float((self.margin_pp >= 0).mean())

    @property
    def nearly_kept(self) -> float:
        """Percentage of runs that end no more than half a point below alpha."""
        return 100 * float((self.margin_pp >= -0.5).mean())

    def cells(self) -> str:
        """The common columns of every table; dashes if there are no runs."""
        if not len(self.cost):
            return " | ".join(["–"] * COLUMNS.count("|"))
        return (
            f"{self.geometric:.2f} | {self.margin_pp.mean():+.2f} | {self.margin_pp.min():+.2f} "
            f"| {self.kept:.0f} | {self.nearly_kept:.0f} | {self.below_1pp.mean():.1f}"
        )


def geometric(values: Sequence[float] | Floats) -> float:
    """Geometric mean of positive numbers; NaN if there are none."""
    return float(np.exp(np.log(values).mean())) if len(values) else np.nan


def runs_of(runs: Iterable[Run], policy: str, data: str = "", task: str = "") -> list[Run]:
    """The runs of a policy, on one data set or stream or on all."""
    return [
        run
        for run in runs
        if run.cell.policy == policy and data in ("", run.cell.data) and task in ("", run.cell.task)
    ]


def in_group(runs: Iterable[Run], *, recording: bool) -> list[Run]:
    """The runs on the MESS+ recording, or those on the other tables."""
    return [run for run in runs if (run.cell.data == RECORDING) == recording]
