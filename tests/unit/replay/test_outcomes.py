"""The outcome table: shapes, read-only arrays, rows, tasks and digest."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest

from messplus.errors import DataError
from messplus.replay.outcomes import OutcomeTable


def table() -> OutcomeTable:
    return OutcomeTable(
        name="tiny",
        models=("small", "large"),
        prompt_ids=("a", "b", "c"),
        tasks=("maths", "law", "maths"),
        prompts=("one", "two", "three"),
        score=np.array([[0.0, 1.0], [1.0, 1.0], [0.5, 0.0]]),
        cost=np.array([[1.0, 9.0], [2.0, 8.0], [3.0, 7.0]]),
        latency_s=np.array([[0.1, 0.9], [0.2, np.nan], [0.3, 0.7]]),
        alpha={"maths": 0.5, "law": 0.9},
    )


def test_counts_and_tasks_in_order_of_appearance() -> None:
    assert (table().n_requests, table().n_models) == (3, 2)
    assert table().task_names == ("maths", "law")


def test_arrays_are_read_only_and_the_callers_array_stays_writable() -> None:
    score = np.zeros((3, 2))
    made = replace(table(), score=score)
    with pytest.raises(ValueError, match="read-only"):
        made.score[0, 0] = 1.0
    score[0, 0] = 1.0


def test_wrong_shape_names_column_and_shapes() -> None:
    with pytest.raises(DataError, match=r"cost must have shape \(3, 2\), got \(2, 2\)"):
        replace(table(), cost=np.ones((2, 2)))
    with pytest.raises(DataError, match="prompts must have 3 entries, got 1"):
        replace(table(), prompts=("one",))


@pytest.mark.parametrize("rows", [[2, 0], np.array([2, 0])])
def test_select_takes_rows_in_the_order_given(rows: list[int]) -> None:
    picked = table().select(rows)
    assert picked.prompt_ids == ("c", "a")
    assert picked.score.tolist() == [[0.5, 0.0], [0.0, 1.0]]
    assert picked.latency_s is not None
    assert picked.latency_s.tolist() == [[0.3, 0.7], [0.1, 0.9]]
    assert picked.energy_j is None
    assert picked.alpha == {"maths": 0.5}


def test_select_takes_truth_values() -> None:
    assert table().select(np.array([False, True, True])).prompt_ids == ("b", "c")


def test_select_nothing() -> None:
    assert table().select([]).n_requests == 0


def test_of_task_is_a_stream_with_its_own_alpha() -> None:
    maths = table().of_task("maths")
    assert maths.prompt_ids == ("a", "c")
    assert maths.alpha == 0.5
    assert replace(table(), alpha=0.7).of_task("law").alpha == 0.7


def test_of_task_names_the_nearest_task() -> None:
    with pytest.raises(DataError, match="no task 'math'; did you mean 'maths'"):
        table().of_task("math")


@pytest.mark.parametrize(
    "change",
    [
        {"models": ("tiny", "large")},
        {"prompts": ("one", "two", "thre")},
        {"prompts": ("onet", "wo", "three")},
        {"tasks": ("maths", "maths", "law")},
        {"score": np.zeros((3, 2))},
        {"cost": np.zeros((3, 2))},
        {"cost_unit": "joule"},
    ],
)
def test_digest_changes_with_the_content(change: dict[str, object]) -> None:
    assert replace(table(), **change).digest != table().digest  # type: ignore[arg-type]  # varied


def test_digest_does_not_depend_on_name_alpha_or_memory_layout() -> None:
    same = replace(table(), name="other", alpha=None, score=np.asfortranarray(table().score))
    assert same.digest == table().digest
    assert len(same.digest) == 64


def test_survives_copies_and_pickles() -> None:
    for again in (copy.deepcopy(table()), pickle.loads(pickle.dumps(table()))):
        assert again.digest == table().digest
        assert again.alpha == table().alpha
