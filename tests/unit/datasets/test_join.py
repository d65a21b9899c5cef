"""One row per request out of one list per model, and fields out of published records."""

from pathlib import Path

import pytest

from messplus.datasets.readers.fields import first_text, json_lines, number, records, text
from messplus.datasets.readers.join import Outcome, side_by_side
from messplus.errors import DataError


def outcome(prompt_id: str, score: float = 1.0, cost: float = 1.0) -> Outcome:
    return Outcome(prompt_id=prompt_id, task="t", prompt=f"p{prompt_id}", score=score, cost=cost)


def test_requests_that_a_model_lacks_are_left_out_and_order_is_the_first_models() -> None:
    nan = float("nan")
    runs = {
        "a": [outcome("3"), outcome("1"), outcome("2"), outcome("4", score=nan)],
        "b": [outcome("1"), outcome("3"), outcome("4"), outcome("5")],
    }
    frame = side_by_side(runs, "here")
    assert frame["prompt_id"].to_list() == ["3", "1"]
    assert frame.columns == [
        "prompt_id", "task", "prompt", "score__a", "score__b", "cost__a", "cost__b",
    ]  # fmt: skip


def test_a_request_twice_is_an_error() -> None:
    with pytest.raises(DataError, match="'a' has 2 outcomes for 1 requests"):
        side_by_side({"a": [outcome("1"), outcome("1")], "b": [outcome("1")]}, "here")


def test_nothing_in_common_is_an_error() -> None:
    with pytest.raises(DataError, match=r"no request has .* \('a' has 1, 'b' has 0\)"):
        side_by_side({"a": [outcome("1")], "b": []}, "here")


def test_wrong_fields_are_named() -> None:
    record = {"prompt": 3, "reward": "high", "flag": True, "output": []}
    with pytest.raises(DataError, match="here: 'prompt' must be text, got 3"):
        text(record, "prompt", "here")
    with pytest.raises(DataError, match="here: 'rewards' is missing; did you mean 'reward'"):
        number(record, "rewards", "here")
    for key in ("reward", "flag"):
        with pytest.raises(DataError, match="must be a number"):
            number(record, key, "here")
    with pytest.raises(DataError, match="begins with a text"):
        first_text(record, "output", "here")


def test_what_is_not_a_list_of_records_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="here is not JSON"):
        records(b"<html>", "here")
    with pytest.raises(DataError, match="must hold a list of records, got dict"):
        records(b"{}", "here")
    with pytest.raises(DataError, match="record 2: must be a JSON object, got 3"):
        records(b"[{}, 3]", "here")
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": "\u2028"}\n\n{"a": ', encoding="utf-8")
    with pytest.raises(DataError, match="line 3 is not JSON"):
        json_lines(path)
    path.write_text('{"a": "\u2028"}\n\n', encoding="utf-8")
    assert json_lines(path) == [{"a": "\u2028"}]
