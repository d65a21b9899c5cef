"""Procedural tasks: their scorers know their own answers, and settings are checked."""

import json
from collections import Counter

import pytest

pytest.importorskip("reasoning_gym", reason="needs the tasks extra")

from messplus.capture.graders import Contains, Exact, Numeric
from messplus.capture.graders.gym import Gym
from messplus.capture.graders.notation import from_json, to_json
from messplus.capture.question import Question
from messplus.capture.sources import questions
from messplus.capture.sources.gym import gym_questions
from messplus.capture.sources.standard import _FAMILIES, SEED, _Family, standard_questions
from messplus.errors import SettingError


def own_answer(question: Question) -> str:
    """The answer that the task itself gives."""
    match question.grader:
        case Numeric(answer) | Exact(answer) | Contains(answer):
            return answer
        case Gym() as grader:
            return str(json.loads(grader.entry)["answer"])
    raise AssertionError(question.grader)


@pytest.mark.parametrize("family", _FAMILIES, ids=lambda one: one.name)
def test_a_standard_family_accepts_its_own_answers_only(family: _Family) -> None:
    asked = list(
        gym_questions(
            family.name,
            size=5,
            seed=SEED,
            grading=family.grading,
            max_tokens=family.max_tokens,
            settings=family.settings,
        )
    )
    assert len({one.prompt_id for one in asked}) == 5
    for question in asked:
        answer = own_answer(question)
        assert question.grader.grade(answer) == 1.0
        assert question.grader.grade(f" **{answer}**\n") == 1.0
        assert question.grader.grade("") == 0.0
        assert question.grader.grade("I do not know.") == 0.0
        assert from_json(to_json(question.grader)) == question.grader


@pytest.mark.parametrize("family", [one.name for one in _FAMILIES if one.grading == "gym"])
@pytest.mark.parametrize("response", ["", "[", "1e999", "()" * 500, "\x00", "a/0", "𝟜𝟚", "None"])
def test_a_scorer_that_stumbles_over_an_answer_means_0(family: str, response: str) -> None:
    (question,) = gym_questions(family, size=1, seed=0, settings={})
    assert question.grader.grade(response) == 0.0


def test_the_standard_questions_hold_every_family_and_no_prompt_twice() -> None:
    every = list(standard_questions())
    assert Counter(one.prompt for one in every).most_common(1)[0][1] == 1
    assert Counter(one.prompt_id for one in every).most_common(1)[0][1] == 1
    assert {one.name for one in _FAMILIES} | {"capitals", "dates"} <= {one.task for one in every}


def test_the_same_words_make_the_same_questions() -> None:
    source = "gym:chain_sum,size=3,seed=7,max_terms=3,grading=numeric,max_tokens=9,closing=Now!"
    once, again = (list(questions(source)) for _ in range(2))
    assert once == again
    made = [one.prompt_id for one in once]
    assert made == [f"chain_sum-seed=7-max_terms=3-{k:04d}" for k in range(3)]
    assert all(one.prompt.endswith("\nNow!") and one.max_tokens == 9 for one in once)
    assert all(isinstance(one.grader, Numeric) for one in once)
    other = list(questions(source.replace("seed=7", "seed=8")))
    assert not {one.prompt for one in once} >= {one.prompt for one in other}
    assert not {*made} & {one.prompt_id for one in other}  # both fit into one plan


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("gym:chain_sums", "did you mean 'chain_sum'"),
        ("gym:chain_sum,grading=numerc", "did you mean 'numeric'"),
        ("gym:chain_sum,size=0", "size must be a whole number of at least 1, got '0'"),
        ("gym:chain_sum,size=many", "size must be a whole number of at least 1, got 'many'"),
        ("gym:chain_sum,min_terms=9,max_terms=2", "settings of procedural task 'chain_sum'"),
        ("gym:chain_sum,colour=red", "settings of procedural task 'chain_sum'"),
        ("gym:chain_sum,seed=-1", "seed must be a whole number of at least 0, got '-1'"),
    ],
)
def test_bad_settings_are_refused(source: str, message: str) -> None:
    with pytest.raises(SettingError) as refused:
        list(questions(source))
    assert message in str(refused.value)
