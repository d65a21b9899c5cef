"""Questions from a user's file, in three formats, and what is said of a bad one."""

import json
from pathlib import Path

import polars as pl
import pytest

from messplus.capture.graders import Contains, Exact, Grader, JsonSchema, Judged, Numeric, Regex
from messplus.capture.question import Question
from messplus.capture.sources import label, questions
from messplus.errors import DataError, SettingError

CSV = """prompt_id,task,prompt,grader,answer,tolerance,max_tokens
pi,sums,What is pi?,numeric,3.14,0.01,8
,facts,Capital of France?,contains,Paris,,
v,facts,Which Python?,,3.10,,
z,facts,Which agent?,exact,007,,
t,facts,Is it?,exact,true,,
"""


def write(tmp_path: Path, name: str, text: str) -> str:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_csv_is_taken_by_the_letter(tmp_path: Path) -> None:
    found = list(questions(write(tmp_path, "mine.csv", CSV), max_tokens=50))
    assert found[0] == Question(
        prompt_id="pi",
        task="sums",
        prompt="What is pi?",
        grader=Numeric("3.14", tolerance=0.01),
        max_tokens=8,
    )
    assert found[1] == Question(
        prompt_id="mine-00002",
        task="facts",
        prompt="Capital of France?",
        grader=Contains("Paris"),
        max_tokens=50,
    )
    assert [one.grader for one in found[2:]] == [Exact("3.10"), Exact("007"), Exact("true")]


ROWS = [
    {"prompt": "a?", "answer": "a"},
    {"prompt": "b?", "grader": "json_schema", "schema": {"type": "object", "required": ["b"]}},
    {"prompt": "c?", "grader": "json_schema", "schema": {"const": 1}},
    {"prompt": "d?", "grader": "numeric", "answer": 42, "tolerance": 0.5, "max_tokens": 7},
    {"prompt": "e?", "grader": "judge", "reference": "r", "rubric": "s"},
    {"prompt": "f?", "grader": "regex", "pattern": "f+"},
]
GRADERS: list[Grader] = [
    Exact("a"),
    JsonSchema('{"type": "object", "required": ["b"]}'),
    JsonSchema('{"const": 1}'),
    Numeric("42", tolerance=0.5),
    Judged("r", "s"),
    Regex("f+"),
]


@pytest.mark.parametrize("ending", ["jsonl", "ndjson"])
def test_json_lines_keep_each_row_as_it_is(ending: str, tmp_path: Path) -> None:
    text = "\n".join(map(json.dumps, ROWS)) + "\n\n"
    found = list(questions(write(tmp_path, f"mine.{ending}", text)))
    assert [one.grader for one in found] == GRADERS
    assert [one.max_tokens for one in found] == [256, 256, 256, 7, 256, 256]
    assert [one.prompt_id for one in found] == [f"mine-{k:05d}" for k in range(1, 7)]


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "mine.parquet"
    pl.DataFrame(
        {
            "prompt": ["a?", "b?"],
            "answer": [1, 2],
            "grader": [None, "numeric"],
            "tolerance": [None, 0.1],
        }
    ).write_parquet(path)
    found = list(questions(str(path), grader="contains"))
    assert [one.grader for one in found] == [Contains("1"), Numeric("2", tolerance=0.1)]


def test_a_column_of_another_rows_grader_is_not_in_the_way(tmp_path: Path) -> None:
    text = "prompt,grader,answer,pattern\na?,exact,a,\nb?,regex,,b+\n"
    found = list(questions(write(tmp_path, "mine.csv", text)))
    assert [one.grader for one in found] == [Exact("a"), Regex("b+")]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("m.csv", "question,answer\na,b\n", "has no column 'prompt'"),
        ("m.csv", "prompt,anser\na,b\n", "did you mean 'answer'"),
        ("m.csv", "prompt,answer,grader\na,b,exat\n", "did you mean 'exact'"),
        ("m.csv", "prompt,answer\na,b\n,c\n", "m.csv, row 2: prompt must be not empty"),
        ("m.csv", "prompt,answer\na,b\nc,\n", "m.csv, row 2: grader 'exact'"),
        ("m.csv", "prompt,answer,max_tokens\na,b,many\n", "m.csv, row 1: max_tokens must be a"),
        ("m.csv", "prompt,answer,max_tokens\na,b,-1\n", "m.csv, row 1: max_tokens must be at"),
        ("m.csv", "prompt,answer,grader,tolerance\na,1,numeric,x\n", "tolerance must be a number"),
        ("m.csv", "", "cannot read"),
        ("m.jsonl", '{"prompt": "a"}\n\n{"prompt": "a"', "line 3 is not JSON"),
        ("m.jsonl", '["a"]\n', "line 1 is no JSON object"),
        ("m.jsonl", '{"prompt": "a", "answer": "b", "mood": 1}\n', "unknown column"),
        ("m.jsonl", "", "has no column 'prompt'"),
        ("m.parquet", "no parquet", "cannot read"),
        ("m.xlsx", "a", "questions are read from .jsonl, .ndjson, .csv, .parquet"),
    ],
)
def test_what_is_wrong_is_named(name: str, text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises((DataError, SettingError)) as refused:
        list(questions(write(tmp_path, name, text)))
    assert message in str(refused.value)


def test_a_source_that_is_nothing() -> None:
    with pytest.raises(SettingError, match=r"no questions in 'nowhere\.csv': give a file"):
        questions("nowhere.csv")


def test_a_file_with_other_content_is_another_source(tmp_path: Path) -> None:
    before = label(write(tmp_path, "mine.csv", CSV))
    assert label(write(tmp_path, "mine.csv", CSV)) == before
    assert label(write(tmp_path, "mine.csv", CSV + "x,y,z?,exact,a,,\n")) != before
    assert before.startswith("mine.csv sha256:")
    assert label("gym:chain_sum,size=3") == "gym:chain_sum,size=3"
