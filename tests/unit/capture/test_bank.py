"""Our own questions: every row fits its family, every right answer is graded as right."""

import json
import tomllib
from collections import Counter
from importlib.resources import files
from typing import Any

import pytest

from messplus.capture.graders import (
    Choice,
    Contains,
    Exact,
    FirstOf,
    JsonSchema,
    Numeric,
    Regex,
    Word,
)
from messplus.capture.question import Question
from messplus.capture.sources.bank import bank_families, bank_questions
from messplus.errors import SettingError

FOLDER = files("messplus.capture") / "questions"
FAMILIES = bank_families()


def entries_of(family: str) -> dict[str, Any]:
    """What the family's file says."""
    return tomllib.loads((FOLDER / f"{family}.toml").read_text(encoding="utf-8"))


def own_answer(question: Question) -> str:
    """What a model that knows would say."""
    match question.grader:
        case Choice(answer) | FirstOf(answer):
            return answer
        case Numeric(answer):
            return answer
        case Contains(answer) | Exact(answer) | Word(answer):
            return answer.split("|")[0]
        case Regex(pattern):
            return pattern
        case JsonSchema(schema):
            return json.dumps(
                {key: one["const"] for key, one in json.loads(schema)["properties"].items()}
            )
    raise AssertionError(question.grader)


def test_there_are_families() -> None:
    assert {"capitals", "general_knowledge", "dates", "json_records"} <= set(FAMILIES)


def every_question() -> list[Question]:
    return [question for family in FAMILIES for question in bank_questions(family)]


@pytest.mark.parametrize("family", FAMILIES)
def test_its_own_answer_is_right_and_another_is_wrong(family: str) -> None:
    for question in bank_questions(family):
        assert question.grader.grade(own_answer(question)) == 1.0, question
        assert question.grader.grade("Xyzzy?") == 0.0, question
        assert question.grader.grade("") == 0.0, question


def test_no_question_comes_twice() -> None:
    every = every_question()
    assert Counter(one.prompt for one in every).most_common(1)[0][1] == 1
    assert Counter(one.prompt_id for one in every).most_common(1)[0][1] == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_every_row_is_in_its_prompt(family: str) -> None:
    entries = entries_of(family)
    rows = entries["rows"]
    (width,) = {len(row) for row in rows}
    if entries["grader"] != "json_schema":  # its answer is several columns of the prompt
        assert f"{{{width - 1}}}" not in entries["prompt"], "it gives the answer away"
    for question, row in zip(bank_questions(family), rows, strict=True):
        assert question.task == entries["task"]
        used = [row[at] for at in range(len(row)) if f"{{{at}}}" in entries["prompt"]]
        assert used or entries["grader"] == "choice"
        assert all(str(value) in question.prompt for value in used)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_right_letter_stands_before_the_right_option(family: str) -> None:
    entries = entries_of(family)
    if entries["grader"] != "choice":
        return
    for question, row in zip(bank_questions(family), entries["rows"], strict=True):
        assert isinstance(question.grader, Choice)
        lines = question.prompt.splitlines()
        assert f"{question.grader.answer}) {row[-1]}" in lines
        assert {line[3:] for line in lines[-5:-1]} == set(row[-4:])
        assert len(set(row[-4:])) == 4, "two options are the same"


def test_no_letter_is_right_much_more_often_than_another() -> None:
    letters = Counter(
        one.grader.answer for one in every_question() if isinstance(one.grader, Choice)
    )
    assert set(letters) == set("ABCD")
    # Binomial, 1 in 4: five standard deviations; the shuffle has a fixed seed, so this is no luck.
    total = sum(letters.values())
    assert all(abs(n - total / 4) < 5 * (total * 3 / 16) ** 0.5 for n in letters.values())


def test_a_family_is_always_the_same() -> None:
    assert list(bank_questions("general_knowledge")) == list(bank_questions("general_knowledge"))
    (first,) = [one for one in every_question() if one.prompt_id == "general_knowledge-000"]
    assert first.prompt.splitlines()[0] == "Which planet is closest to the Sun?"


def test_an_unknown_family_is_an_error_with_a_hint() -> None:
    with pytest.raises(SettingError, match="did you mean 'capitals'"):
        next(bank_questions("capital"))
