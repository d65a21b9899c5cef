"""The table: what was recorded is what replay reads."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from messplus.capture import Question, Upstream
from messplus.capture.graders import Exact
from messplus.capture.ledger import Call
from messplus.capture.table import About, Judging, outcome_frame, sidecar
from messplus.errors import DataError
from messplus.replay.readers import read_outcomes
from messplus.replay.writing import write_outcomes

QUESTIONS = [
    Question(prompt_id=f"q{k}", task="sums", prompt=f"what is {k} + {k}", grader=Exact(str(2 * k)))
    for k in range(4)
]
# Named dear first: the table's order is by what they cost.
LARGE = Upstream(
    name="large", base_url="http://h/v1", model="vendor/large",
    input_usd_per_mtok=2.0, output_usd_per_mtok=10.0,
)  # fmt: skip
SMALL = Upstream(
    name="small", base_url="http://h/v1", model="small", output_usd_per_mtok=0.5
)  # fmt: skip
ABOUT = About(name="mine", source="a test", licence="CC0-1.0", alpha=0.7)


def call(at: int, model: str, response: str, *, energy_j: float | None = None) -> Call:
    return Call(
        prompt_id=f"q{at}", model=model, response=response, prompt_tokens=100 + at,
        output_tokens=10 * at, latency_s=0.12345678, energy_j=energy_j,
    )  # fmt: skip


def ledger(*calls: Call) -> dict[tuple[str, str], Call]:
    return {one.key: one for one in calls}


CALLS = ledger(
    *(call(at, "small", "2") for at in range(4)),
    *(call(at, "large", str(2 * at), energy_j=1.23456 * at) for at in range(4)),
)


def test_what_is_written_is_read_back_without_warnings(tmp_path: Path) -> None:
    path = tmp_path / "mine.parquet"
    frame = outcome_frame(QUESTIONS, [LARGE, SMALL], CALLS)
    write_outcomes(path, frame, sidecar(frame, [LARGE, SMALL], ABOUT))
    read = read_outcomes(path)
    assert read.warnings == ()
    table = read.table
    assert (table.name, table.models) == ("mine", ("small", "large"))
    assert (table.source, table.licence, table.alpha) == ("a test", "CC0-1.0", 0.7)
    assert table.prompt_ids == ("q0", "q1", "q2", "q3")
    assert table.prompts == tuple(one.prompt for one in QUESTIONS)
    assert set(table.tasks) == {"sums"}
    assert table.score.T.tolist() == [[0, 1, 0, 0], [1, 1, 1, 1]]
    assert table.cost_unit == "usd"
    wanted = [[10 * at * 0.5e-6 for at in range(4)]]
    wanted += [[(100 + at) * 2e-6 + 10 * at * 10e-6 for at in range(4)]]
    assert pytest.approx(np.array(wanted)) == table.cost.T
    assert table.latency_s is not None
    assert table.latency_s == pytest.approx(np.full((4, 2), 0.1235))
    assert table.energy_j is not None
    assert np.isnan(table.energy_j[:, 0]).all()
    assert table.energy_j[:, 1] == pytest.approx([0, 1.235, 2.469, 3.704])
    assert table.output_tokens is not None
    assert table.output_tokens[:, 0].tolist() == [0, 10, 20, 30]


def test_a_failed_call_is_a_row_with_score_0_and_its_error(tmp_path: Path) -> None:
    failed = replace(CALLS["q2", "large"], error="HTTP 500: sorry", response="4")
    frame = outcome_frame(QUESTIONS, [LARGE, SMALL], CALLS | ledger(failed))
    assert frame["score__large"].to_list() == [1, 1, 0, 1]
    assert frame["error__large"].to_list() == [None, None, "HTTP 500: sorry", None]
    assert "error__small" not in frame.columns
    write_outcomes(tmp_path / "t.parquet", frame, sidecar(frame, [LARGE, SMALL], ABOUT))
    assert read_outcomes(tmp_path / "t.parquet").warnings == ()


def test_a_question_that_one_model_was_not_asked_is_left_out() -> None:
    some = {key: one for key, one in CALLS.items() if key != ("q1", "small")}
    frame = outcome_frame(QUESTIONS, [LARGE, SMALL], some)
    assert frame["prompt_id"].to_list() == ["q0", "q2", "q3"]
    assert outcome_frame(QUESTIONS, [LARGE], some).height == 4


def test_calls_of_other_questions_and_models_do_no_harm() -> None:
    more = CALLS | ledger(Call(prompt_id="old", model="small"), Call(prompt_id="q0", model="gone"))
    assert outcome_frame(QUESTIONS, [SMALL], more).equals(outcome_frame(QUESTIONS, [SMALL], CALLS))


def test_no_complete_question_is_an_error() -> None:
    with pytest.raises(DataError, match="nothing to make a table of"):
        outcome_frame(QUESTIONS, [LARGE, SMALL], ledger(CALLS["q0", "large"]))


def test_what_no_energy_was_read_for_has_no_energy_column() -> None:
    frame = outcome_frame(QUESTIONS, [SMALL, LARGE], CALLS)
    assert [name for name in frame.columns if name.startswith("energy")] == ["energy__large"]


def test_the_sidecar_says_how_it_was_made(tmp_path: Path) -> None:
    frame = outcome_frame(QUESTIONS, [LARGE, SMALL], CALLS)
    about = replace(ABOUT, energy="RAPL", alpha=None, judging=Judging("judge", 7, 0.01))
    write_outcomes(tmp_path / "t.parquet", frame, sidecar(frame, [LARGE, SMALL], about))
    said = json.loads((tmp_path / "t.json").read_text())
    assert said["models_ascending_cost"] == ["small", "large"]
    assert said["energy"] == "RAPL"
    assert said["judging"] == {"judge": "judge", "verdicts": 7, "cost_usd": 0.01}
    assert said["requests"] == 4
    assert "alpha" not in said
    assert said["models"]["large"] == {
        "served_as": "vendor/large",
        "input_usd_per_mtok": 2.0,
        "output_usd_per_mtok": 10.0,
        "score_mean": 1.0,
        "cost_usd_mean": pytest.approx(353e-6, rel=1e-3),
    }


def test_free_models_are_ordered_by_price_then_as_named(tmp_path: Path) -> None:
    free = [Upstream(name=name, base_url="http://h/v1", model=name) for name in ("b", "a")]
    calls = ledger(*(call(at, one.name, "x") for at in range(4) for one in free))
    frame = outcome_frame(QUESTIONS, free, calls)
    write_outcomes(tmp_path / "t.parquet", frame, sidecar(frame, free, ABOUT))
    assert read_outcomes(tmp_path / "t.parquet").table.models == ("b", "a")


def test_odd_texts_survive(tmp_path: Path) -> None:
    odd = 'line\n\u2028 \x00 \N{PILE OF POO} \\ "'
    asked = [replace(one, prompt=f"{odd}{at}") for at, one in enumerate(QUESTIONS)]
    calls = {key: replace(one, response=odd) for key, one in CALLS.items()}
    zoo = [SMALL, LARGE]
    frame = outcome_frame(asked, zoo, calls)
    write_outcomes(tmp_path / "t.parquet", frame, sidecar(frame, zoo, ABOUT))
    assert pl.read_parquet(tmp_path / "t.parquet")["response__small"].to_list() == [odd] * 4
    assert read_outcomes(tmp_path / "t.parquet").table.prompts[0] == f"{odd}0"
