"""The results of a grid of runs, and their JSON form (the replay contract)."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from messplus.replay.feedback import Judge
from messplus.replay.metrics import WINDOW, Curves, Metrics
from messplus.replay.references import Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One run to be made: a policy on a stream with a seed. Everything that its result depends on.

    Attributes:
        data: Name of the data set.
        task: Name of the task, or "all".
        alpha: The promise.
        cost_unit: Unit of every cost.
        policy: Spec of the policy, as given.
        seed: Drives order, draws and feedback.
        shuffle: Whether the stream was served in random order.
        feedback: Share of users that answer.
        feedback_delay: Requests decided between an answer and its user's verdict.
        encoder: Identity of the encoder behind the features.
        feedback_satisfied: Share that answers of those satisfied; None: as `feedback`.
        feedback_dissatisfied: Share that answers of the others; None: as `feedback`.
        audits: Share of requests whose delivered answer is checked.
        audit_delay: Requests decided between an answer and its audit.
        judge: Gives an opinion on delivered answers; None: there is no judge.
        scenarios: Specs of what happened to the stream while it was served, as given.
        window: Requests of a contract window.
    """

    data: str
    task: str
    alpha: float
    cost_unit: str
    policy: str
    seed: int
    shuffle: bool
    feedback: float
    feedback_delay: int
    encoder: str
    feedback_satisfied: float | None = None
    feedback_dissatisfied: float | None = None
    audits: float = 0.0
    audit_delay: int = 0
    judge: Judge | None = None
    scenarios: tuple[str, ...] = ()
    window: int = WINDOW


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """One run that was made.

    Attributes:
        cell: What was run.
        metrics: Its figures.
        curves: Its course over time.
        cost_over_static_mix: cost_total over that of the best prompt-blind mix in hindsight; None
            if alpha is out of that mix's reach, or the mix is free. Where a scenario changes the
            stream: over the mixes of this very order's segments, summed (see `references`).
        wall_s: Time of the run alone on one core, encoding included, in seconds.
        warnings: Problems that the policy had detected at the end, as sentences.
    """

    cell: Cell
    metrics: Metrics
    curves: Curves
    cost_over_static_mix: float | None
    wall_s: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Results:
    """All runs of a grid and the reference lines of its streams, in the order of the grid."""

    runs: tuple[Run, ...]
    references: tuple[Reference, ...]
    synthetic: bool = False

    def as_json(self) -> dict[str, list[dict[str, object]]]:
        """`{"runs": [...], "references": [...]}`, each a flat record of plain values."""
        return {
            "runs": [_flat(run) for run in self.runs],
            "references": [asdict(reference) for reference in self.references],
        }


def streams_of(runs: Iterable[Run]) -> list[tuple[str, str]]:
    """The (data, task) pairs that occur, in order of appearance."""
    return list(dict.fromkeys((run.cell.data, run.cell.task) for run in runs))


def policies_of(runs: Iterable[Run]) -> list[str]:
    """The policies that occur, in order of appearance."""
    return list(dict.fromkeys(run.cell.policy for run in runs))


def _flat(run: Run) -> dict[str, object]:
    return {
        **asdict(run.cell),
        **asdict(run.metrics),
        "cost_over_static_mix": run.cost_over_static_mix,
        "wall_s": run.wall_s,
        "warnings": run.warnings,
    }
