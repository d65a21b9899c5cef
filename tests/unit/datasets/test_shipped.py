"""The data set that ships: what it promises, and that the recorded calls make it."""

from pathlib import Path

import numpy as np
import pytest
from polars.testing import assert_frame_equal

import messplus
from messplus.capture.ledger import last_calls
from messplus.capture.plan import read_plan
from messplus.capture.table import outcome_frame
from messplus.capture.upstreams import read_upstreams
from messplus.datasets.shipped import SHIPPED_NAME, copy_shipped, shipped_frame, shipped_table
from messplus.replay.outcomes import OutcomeTable
from messplus.replay.readers import read_outcomes

RECORDING = Path(messplus.__file__).parents[2] / "recordings" / SHIPPED_NAME


@pytest.fixture(scope="module")
def table() -> OutcomeTable:
    return shipped_table()


def test_it_is_recorded_and_of_the_size_that_its_datasheet_says(
    table: OutcomeTable, tmp_path: Path
) -> None:
    copied = copy_shipped(tmp_path)
    found = read_outcomes(copied)
    assert found.warnings == ()
    assert found.table.digest == table.digest
    assert not table.synthetic
    assert table.licence == "Apache-2.0"
    told = copied.with_suffix(".md").read_text()
    assert f"{table.n_requests:,} questions of {len(table.task_names)} families" in told
    assert len(set(table.prompts)) == table.n_requests


def test_no_model_is_best_in_every_family(table: OutcomeTable) -> None:
    tasks = np.array(table.tasks)
    means = np.stack([table.score[tasks == task].mean(axis=0) for task in table.task_names])
    assert len(means) >= 12
    assert (means.argmax(axis=1) != table.n_models - 1).sum() >= 3
    assert (np.diff(table.score.mean(axis=0)) > 0.1).all()  # and yet it pays to have the larger


def test_families_are_mixed_evenly(table: OutcomeTable) -> None:
    half = table.tasks[: table.n_requests // 2]
    for task in table.task_names:
        assert half.count(task) == pytest.approx(table.tasks.count(task) / 2, abs=1)


def test_the_recorded_calls_make_it() -> None:
    """Whoever changes a grader or a price sees here that the data set is another one then."""
    if not RECORDING.is_dir():
        pytest.skip("recordings are in the repository, not in the source archive")
    plan = read_plan(RECORDING / "questions.jsonl")
    calls = last_calls(RECORDING / "calls.jsonl")
    made = outcome_frame(plan, read_upstreams(RECORDING / "zoo.yaml"), calls)
    assert_frame_equal(made, shipped_frame(), check_column_order=False)
