"""The plan: questions in order, mixed evenly, written once and read back as they were."""

from pathlib import Path

import pytest
from tests.unit.capture.test_graders import RIGHT

from messplus.capture.graders import GRADERS, Exact, Grader, Judged
from messplus.capture.plan import interleave, merge, read_plan, write_plan
from messplus.capture.question import Question
from messplus.errors import DataError, SettingError


def question(prompt_id: str, task: str = "", prompt: str = "Hello?") -> Question:
    return Question(prompt_id=prompt_id, task=task, prompt=prompt, grader=Exact("hello"))


def ids(questions: list[Question]) -> list[str]:
    return [one.prompt_id for one in questions]


def test_tasks_are_mixed_evenly_and_keep_their_order() -> None:
    sums = [question(f"s{k}", "sums") for k in range(4)]
    facts = [question(f"f{k}", "facts") for k in range(2)]
    assert ids(interleave([*sums, *facts])) == ["s0", "f0", "s1", "s2", "f1", "s3"]


def test_merging_adds_what_is_new_behind() -> None:
    plan = [question("b"), question("a")]
    assert ids(merge(plan, [question("c"), question("a")])) == ["b", "a", "c"]


def test_a_question_that_has_changed_is_refused() -> None:
    with pytest.raises(DataError, match="'a' is not what this capture began with"):
        merge([question("a")], [question("a", prompt="Bye?")])


def test_an_id_may_come_only_once_even_for_the_same_question() -> None:
    with pytest.raises(DataError, match="'a' is given to two questions"):
        merge([], [question("a"), question("a")])


def test_every_kind_of_grader_survives_the_file(tmp_path: Path) -> None:
    graders: list[Grader] = [*(one for one, _ in RIGHT), Judged("good", "kind"), Judged()]
    assert {type(one) for one in graders} == set(GRADERS.values())
    plan = [
        Question(prompt_id=f"q{at}", task="t", prompt="p", grader=one, max_tokens=at + 1)
        for at, one in enumerate(graders)
    ]
    write_plan(tmp_path / "questions.jsonl", plan)
    assert read_plan(tmp_path / "questions.jsonl") == plan


def test_odd_line_ends_inside_a_prompt_are_no_line_ends(tmp_path: Path) -> None:
    odd = "a\u2028b\u2029c\x85d\x0be\r\nf\ng\x1c"
    write_plan(tmp_path / "questions.jsonl", [question("a", prompt=odd), question("b")])
    assert [one.prompt for one in read_plan(tmp_path / "questions.jsonl")] == [odd, "Hello?"]


def test_no_file_is_an_empty_plan(tmp_path: Path) -> None:
    assert read_plan(tmp_path / "questions.jsonl") == []


@pytest.mark.parametrize(
    "line", [b"{", b"[]", b"{}", b'{"prompt_id": "a"}', b'{"prompt_id": "\xff"}', b"7"]
)
def test_a_line_that_is_no_question_is_named(line: bytes, tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    write_plan(path, [question("a")])
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(DataError, match=r"questions.jsonl, line 2 is no question"):
        read_plan(path)


@pytest.mark.parametrize(
    ("prompt_id", "prompt", "max_tokens", "message"),
    [
        ("", "p", 1, "prompt_id must be not empty"),
        ("a", "", 1, "prompt must be not empty"),
        ("a", "p", 0, "max_tokens must be at least 1, got 0"),
    ],
)
def test_a_question_out_of_range_is_refused(
    prompt_id: str, prompt: str, max_tokens: int, message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        Question(
            prompt_id=prompt_id, task="", prompt=prompt, grader=Exact("a"), max_tokens=max_tokens
        )
