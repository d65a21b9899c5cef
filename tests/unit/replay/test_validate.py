"""Every problem of an outcome table, by hand: its severity, its place and its fix."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from messplus.errors import DataError
from messplus.replay.outcomes import OutcomeTable
from messplus.replay.readers.columns import column_problems, model_list_problems
from messplus.replay.validate import (
    Problem,
    alpha_problems,
    default_alpha,
    raise_errors,
    table_problems,
)


def table(
    score: Sequence[Sequence[float]] = ((0, 1), (1, 1), (0, 1), (1, 0)),
    cost: Sequence[Sequence[float]] = ((1, 9), (1, 9), (1, 9), (1, 9)),
    **others: object,
) -> OutcomeTable:
    fields: dict[str, object] = {
        "name": "tiny",
        "models": ("A", "B"),
        "prompt_ids": tuple("abcd"),
        "tasks": ("", "", "", ""),
        "prompts": ("p", "q", "r", "s"),
        **others,
    }
    values = np.array(score, dtype=np.float64), np.array(cost, dtype=np.float64)
    return OutcomeTable(score=values[0], cost=values[1], **fields)  # type: ignore[arg-type]  # varied


def only(problems: Sequence[Problem]) -> Problem:
    assert len(problems) == 1, problems
    return problems[0]


def test_a_good_table_has_no_problem() -> None:
    assert table_problems(table()) == []
    assert alpha_problems(table(alpha=0.75)) == []
    assert alpha_problems(table()) == []


@pytest.mark.parametrize("value", [1.2, -0.1, np.inf, -np.inf])
def test_score_outside_its_range(value: float) -> None:
    problem = only(table_problems(table(score=((0, 1), (1, 1), (0, value), (1, 0)))))
    assert problem.severity == "error"
    assert problem.where == "row 3 (prompt_id 'c'), column 'score__B'"
    assert problem.message.startswith(f"{value:g} is outside [0, 1]; map scores")


def test_rows_with_the_same_problem_are_one_line() -> None:
    score = np.full((12, 2), 50.0)
    score[0] = 0
    many = table(
        score.tolist(),
        np.ones((12, 2)).tolist(),
        prompt_ids=tuple("abcdefghijkl"),
        tasks=("",) * 12,
        prompts=("p",) * 12,
    )
    first, second = table_problems(many)
    assert first.where == "row 2 (prompt_id 'b'), column 'score__A'"
    assert first.message.endswith("[also 10 more rows: 3, 4, 5, 6, 7, ...]")
    assert second.where == "row 2 (prompt_id 'b'), column 'score__B'"


@pytest.mark.parametrize("column", ["score", "cost"])
def test_missing_value(column: str) -> None:
    broken = ((1, 1), (1, np.nan), (1, 1), (0, 1))
    problem = only(table_problems(table(**{column: broken})))
    assert problem.where == f"row 2 (prompt_id 'b'), column '{column}__B'"
    assert problem.message.startswith("is missing (null or NaN)")


@pytest.mark.parametrize("value", [-1.0, np.inf, -np.inf])
def test_cost_outside_its_range(value: float) -> None:
    problem = only(table_problems(table(cost=((value, 99), (1, 99), (1, 99), (1, 99)))))
    assert problem.severity == "error"
    assert problem.where == "row 1 (prompt_id 'a'), column 'cost__A'"
    assert problem.message.startswith(f"{value:g} is outside [0, inf)")


def test_costs_infinite_both_ways_are_found_without_a_numpy_warning() -> None:
    found = table_problems(table(cost=((np.inf, 9), (-np.inf, 9), (1, 9), (1, 9))))
    assert {problem.where for problem in found if problem.severity == "error"} == {
        "row 1 (prompt_id 'a'), column 'cost__A'"
    }


def test_measurements_may_be_missing_but_not_negative() -> None:
    seconds = np.array([[1, np.nan], [1, 1], [1, -2], [1, 1]])
    problem = only(table_problems(table(latency_s=seconds)))
    assert problem.where == "row 3 (prompt_id 'c'), column 'latency__B'"
    assert problem.message.startswith("-2 is outside [0, inf); a latency")


def test_duplicate_ids_name_both_rows_and_a_fix() -> None:
    problem = only(table_problems(table(prompt_ids=("a", "b", "a", "c"))))
    assert problem.where == "row 3 (prompt_id 'a'), column 'prompt_id'"
    assert problem.message == (
        "is the same as on row 1; ids must be unique: add a suffix such as 'a#2'"
    )


def test_single_model() -> None:
    problem = only(table_problems(table(((1,),) * 4, ((1,),) * 4, models=("A",))))
    assert (problem.severity, problem.where) == ("error", "models")
    assert "only 'A' has" in problem.message


def test_empty_table() -> None:
    problem = only(table_problems(table().select([])))
    assert (problem.severity, problem.where) == ("error", "rows")


def test_order_that_is_not_ascending_is_a_warning_that_names_both() -> None:
    problem = only(table_problems(table(cost=((9, 1),) * 4), {"models": "tiny.json, models"}))
    assert (problem.severity, problem.where) == ("warning", "tiny.json, models")
    assert "'A' (mean cost 9) comes before 'B' (1)" in problem.message


def test_labels_replace_column_names() -> None:
    broken = table(score=((2, 1), (1, 1), (0, 1), (1, 0)))
    problem = only(table_problems(broken, {"score__A": "acc_small"}))
    assert problem.where == "row 1 (prompt_id 'a'), column 'acc_small'"


@pytest.mark.parametrize("alpha", [0.0, -0.5, 1.01, np.nan])
def test_alpha_outside_its_range(alpha: float) -> None:
    problem = only(alpha_problems(table(alpha=alpha)))
    assert (problem.severity, problem.where) == ("error", "alpha")
    assert "is outside (0, 1]" in problem.message


def test_alpha_out_of_reach_is_a_warning_that_names_the_best_model() -> None:
    problem = only(alpha_problems(table(alpha=0.8), "tiny.json, alpha"))
    assert (problem.severity, problem.where) == ("warning", "tiny.json, alpha")
    assert "0.8 is more than any model reaches alone: 'B' is best with a mean score of 0.7500" in (
        problem.message
    )


def test_alpha_per_task_is_checked_within_the_task() -> None:
    tasks = ("law", "law", "maths", "maths")
    problem = only(alpha_problems(table(tasks=tasks, alpha={"law": 1.0, "maths": 0.6})))
    assert (problem.severity, problem.where) == ("warning", "alpha['maths']")
    assert "'A' is best with a mean score of 0.5000" in problem.message


def test_alpha_of_a_task_that_does_not_exist_and_a_task_without_alpha() -> None:
    found = alpha_problems(table(tasks=("maths",) * 4, alpha={"math": 0.5}))
    assert [str(problem) for problem in found] == [
        "alpha: there is no task 'math' in the table; did you mean 'maths'?",
        "alpha: task 'maths' has none; add one in (0, 1]",
    ]
    assert {problem.severity for problem in found} == {"error"}


def test_missing_columns() -> None:
    found = column_problems(["promptid", "score__A", "cost__A"])
    assert [str(problem) for problem in found] == [
        "column 'prompt_id': is missing; add it (unique per row); did you mean 'promptid'?",
        "column 'prompt': is missing; add it (the text of the request); did you mean 'promptid'?",
    ]


def test_no_model_columns_points_to_what_looks_like_one() -> None:
    problem = only(column_problems(["prompt_id", "prompt", "score_A"]))
    assert problem.message.startswith("there are no model columns; each model needs score__MODEL")
    assert problem.message.endswith("did you mean 'score_A'?")


def test_score_without_cost_names_it_and_the_nearest_column() -> None:
    columns = ["prompt_id", "prompt", "score__A", "cost__A", "score__gpt-4", "cost_gpt-4"]
    problem = only(column_problems(columns))
    assert problem.severity == "error"
    assert str(problem) == (
        "column 'cost__gpt-4': is missing, but there is 'score__gpt-4'; each model needs both;"
        " did you mean 'cost_gpt-4'?"
    )


def test_cost_without_score() -> None:
    problem = only(column_problems(["prompt_id", "prompt", "score__A", "cost__A", "cost__B"]))
    assert str(problem).startswith("column 'score__B': is missing, but there is 'cost__B'")


def test_measurement_of_an_unknown_model_is_a_warning() -> None:
    columns = ["prompt_id", "prompt", "score__large", "cost__large", "energy__Large"]
    problem = only(column_problems(columns))
    assert problem.severity == "warning"
    assert str(problem).startswith("column 'energy__Large': is ignored: there is no score__Large")


def test_models_that_only_the_sidecar_or_only_the_table_has() -> None:
    found = model_list_problems(["small", "larg"], ["small", "large"], "x.json, models")
    assert [str(problem) for problem in found] == [
        "x.json, models: lists 'larg', which has no columns; did you mean 'large'?",
        "x.json, models: lacks 'large', which has columns; add it, or remove the columns",
    ]


def test_all_errors_are_raised_together_and_ten_are_listed() -> None:
    errors = [Problem("error", f"row {row}", "is bad") for row in range(1, 13)]
    with pytest.raises(DataError) as caught:
        raise_errors([Problem("warning", "alpha", "is high"), *errors], "tiny.csv")
    lines = str(caught.value).splitlines()
    assert lines[0] == "tiny.csv breaks the data contract in 12 places:"
    assert lines[1] == "  - row 1: is bad"
    assert lines[10:] == ["  - row 10: is bad", "  ... and 2 more"]


def test_warnings_are_handed_back() -> None:
    warning = Problem("warning", "alpha", "is high")
    assert raise_errors([warning], "tiny.csv") == (warning,)


def test_default_alpha_is_three_quarters_of_the_way_from_cheapest_to_best() -> None:
    # The cheapest satisfies 2 of 4, the best 3 of 4.
    assert default_alpha(table()) == 0.5 + 0.75 * 0.25


def test_default_alpha_when_the_cheapest_is_the_best() -> None:
    assert default_alpha(table(score=((1, 0), (1, 0), (1, 1), (0, 1)))) == 0.75


def test_default_alpha_needs_a_satisfied_request() -> None:
    with pytest.raises(DataError, match="tiny: no model satisfies any request"):
        default_alpha(replace(table(), score=np.zeros((4, 2))))
