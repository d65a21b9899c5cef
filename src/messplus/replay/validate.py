"""The data contract of outcome tables: what is checked, and what each problem says.

Problems are collected, not raised one by one, so that a user repairs a table in one go. Errors end
in one `DataError` (`raise_errors`); warnings are handed to the caller, who shows them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Literal

import numpy as np

from messplus.core.types import Bools, Floats
from messplus.errors import DataError
from messplus.replay.outcomes import OutcomeTable

_LISTED = 10  # problems in one message
_ROWS_NAMED = 5  # further rows with the same problem in one column
_SLACK = 1e-9  # means that differ by less are equal: the order of a sum moves them that far
_MISSING = "is missing (null or NaN); every model needs one for every request"
_NO_LABELS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a table.

    Attributes:
        severity: With an error the table is not usable; a warning is for the user to judge.
        where: Row (1-based, header not counted) and column, or the entry of the sidecar.
        message: The value, what is allowed, and the fix.
    """

    severity: Literal["error", "warning"]
    where: str
    message: str

    def __str__(self) -> str:
        """Where and what, on one line."""
        return f"{self.where}: {self.message}"


def default_alpha(table: OutcomeTable) -> float:
    """The promise for data that brings none: reachable, but not by the cheapest model alone.

    Returns:
        3/4 of the way from the cheapest model's mean score to the best model's, in (0, 1].

    Raises:
        DataError: No model satisfies any request, so there is nothing to promise.
    """
    means = table.score.mean(axis=0)
    best, cheapest = float(means.max()), float(means[0])
    if best <= 0.0:
        raise DataError(f"{table.name}: no model satisfies any request: there is no alpha to keep")
    return cheapest + 0.75 * (best - cheapest)


def raise_errors(problems: Iterable[Problem], what: str) -> tuple[Problem, ...]:
    """Raise all errors among the problems as one, or hand back the warnings.

    Args:
        problems: All that was found.
        what: The table, for the message: usually its path.

    Raises:
        DataError: There are errors; the message lists the first ten.
    """
    found = tuple(problems)
    errors = [problem for problem in found if problem.severity == "error"]
    if not errors:
        return found
    lines = [f"{what} breaks the data contract in {_count(len(errors), 'place')}:"]
    lines += [f"  - {problem}" for problem in errors[:_LISTED]]
    if len(errors) > _LISTED:
        lines.append(f"  ... and {len(errors) - _LISTED} more")
    raise DataError("\n".join(lines))


def table_problems(table: OutcomeTable, labels: Mapping[str, str] = _NO_LABELS) -> list[Problem]:
    """What the values of a table break: ids, scores, costs, measurements, order and alpha.

    Args:
        table: Shapes agree (the constructor saw to it), anything else may be wrong.
        labels: What the user calls a column, where that is not `score__MODEL` and so on; also for
            "alpha" and "models".
    """
    if table.n_requests == 0:
        return [error("rows", "the table is empty; it needs at least one request")]
    found: list[Problem] = []
    if table.n_models == 1:
        message = (
            f"only {table.models[0]!r} has a score and a cost; routing needs a choice: add another"
        )
        found.append(error("models", message))
    found += _repeated_ids(table.prompt_ids, labels.get("prompt_id", "prompt_id"))
    for prefix, values in (
        ("score", table.score),
        ("cost", table.cost),
        ("latency", table.latency_s),
        ("energy", table.energy_j),
        ("output_tokens", table.output_tokens),
    ):
        if values is None:
            continue
        for m, model in enumerate(table.models):
            column = f"{prefix}__{model}"
            label = labels.get(column, column)
            found += _value_problems(prefix, label, values[:, m], table.prompt_ids)
    return found + _order_problems(table, labels.get("models", "models"))


def alpha_problems(table: OutcomeTable, where: str = "alpha") -> list[Problem]:
    """What the promise breaks: range, tasks that do not exist or have none, out of reach."""
    if table.alpha is None:
        return []
    if not isinstance(table.alpha, Mapping):
        return _reach_problems(table.alpha, table.score, table, where)
    found: list[Problem] = []
    tasks = np.array(table.tasks)
    names = table.task_names
    for task, alpha in table.alpha.items():
        if task in names:
            found += _reach_problems(alpha, table.score[tasks == task], table, f"{where}[{task!r}]")
        else:
            message = f"there is no task {task!r} in the table{nearest(task, names)}"
            found.append(error(where, message))
    for task in names:
        if task not in table.alpha:
            found.append(error(where, f"task {task!r} has none; add one in (0, 1]"))
    return found


def missing_text(column: str, missing: Bools, prompt_ids: Sequence[str]) -> list[Problem]:
    """Rows of a text column that are null."""
    return _in_rows(column, missing, prompt_ids, lambda row: "is missing; give every row a text")


def error(where: str, message: str) -> Problem:
    """A problem that makes a table unusable."""
    return Problem("error", where, message)


def nearest(name: str, names: Collection[str], cutoff: float = 0.6) -> str:
    """The end of a message that points to the closest of the names, or nothing."""
    close = get_close_matches(name, names, n=1, cutoff=cutoff)
    return f"; did you mean {close[0]!r}?" if close else ""


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _in_rows(
    column: str, bad: Bools, prompt_ids: Sequence[str], message: Callable[[int], str]
) -> list[Problem]:
    """One error for all rows of a column with the same problem: it describes the first of them."""
    rows = np.flatnonzero(bad).tolist()
    if not rows:
        return []
    first, *others = rows
    text = message(first)
    if others:
        named = ", ".join(str(row + 1) for row in others[:_ROWS_NAMED])
        dots = ", ..." if len(others) > _ROWS_NAMED else ""
        text += f" [also {_count(len(others), 'more row')}: {named}{dots}]"
    where = f"row {first + 1} (prompt_id {prompt_ids[first]!r}), column {column!r}"
    return [error(where, text)]


def _repeated_ids(prompt_ids: Sequence[str], column: str) -> list[Problem]:
    first_row: dict[str, int] = {}
    repeated = np.zeros(len(prompt_ids), dtype=np.bool_)
    for row, prompt_id in enumerate(prompt_ids):
        repeated[row] = first_row.setdefault(prompt_id, row) != row
    return _in_rows(
        column,
        repeated,
        prompt_ids,
        lambda row: (
            f"is the same as on row {first_row[prompt_ids[row]] + 1}; ids must be unique: "
            f"add a suffix such as {prompt_ids[row] + '#2'!r}"
        ),
    )


def _value_problems(
    kind: str, column: str, values: Floats, prompt_ids: Sequence[str]
) -> list[Problem]:
    """What one column of one model breaks. Only scores and costs must be there for every row."""
    missing = np.isnan(values)
    if kind == "score":
        outside = (values < 0) | (values > 1)
        fix = "is outside [0, 1]; map scores so that 1 is satisfied, e.g. percent / 100"
    else:
        outside = (values < 0) | np.isinf(values)
        fix = f"is outside [0, inf); a {kind} is a finite number that is not negative"
    found = _in_rows(column, outside, prompt_ids, lambda row: f"{values[row]:g} {fix}")
    if kind in ("score", "cost"):
        found += _in_rows(column, missing, prompt_ids, lambda row: _MISSING)
    return found


def _order_problems(table: OutcomeTable, where: str) -> list[Problem]:
    """Neighbours in the zoo's order of which the first costs more on average."""
    with np.errstate(invalid="ignore"):  # infinite costs have a problem of their own
        means = table.cost.mean(axis=0).tolist()
    return [
        Problem(
            "warning",
            where,
            f"{table.models[m]!r} (mean cost {means[m]:.6g}) comes before {table.models[m + 1]!r} "
            f"({means[m + 1]:.6g}), but models go in ascending cost; the order is kept as it is, "
            "so the first counts as the cheapest model and the last as the largest",
        )
        for m in range(table.n_models - 1)
        if means[m + 1] * (1 + _SLACK) < means[m] < np.inf
    ]


def _reach_problems(alpha: float, score: Floats, table: OutcomeTable, where: str) -> list[Problem]:
    if not 0.0 < alpha <= 1.0:
        return [error(where, f"{alpha!r} is outside (0, 1]; it is the share to be satisfied")]
    if not score.size:
        return []
    means = score.mean(axis=0)
    best = int(means.argmax())
    if alpha <= means[best] + _SLACK:
        return []
    return [
        Problem(
            "warning",
            where,
            f"{alpha:g} is more than any model reaches alone: {table.models[best]!r} is best with a "
            f"mean score of {means[best]:.4f}; no router may be able to keep this promise",
        )
    ]
