"""A judge reads what is to be judged as data, and its reply is read tolerantly."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messplus.gateway.signals.answer import Answer
from messplus.gateway.signals.verdict import (
    GENERAL,
    MOST_ANSWER,
    MOST_PROMPT,
    MOST_REASON,
    opinion,
    question,
)

ANSWER = Answer(
    decision_id="0193-decision", model="secret-model", text="Paris.", prompt="Capital of France?"
)


def asked(answer: Answer = ANSWER, instructions: str | None = None) -> tuple[str, str]:
    """What the judge is told, and what it is shown."""
    system, user = question(answer, instructions, lambda: "mark")
    assert (system["role"], user["role"]) == ("system", "user")
    return system["content"], user["content"]


def test_the_judge_sees_request_and_answer_and_neither_model_nor_decision() -> None:
    system, user = asked()
    assert "--- request mark ---\nCapital of France?\n--- end of request mark ---" in user
    assert "--- answer mark ---\nParis.\n--- end of answer mark ---" in user
    assert GENERAL in system
    for name in (ANSWER.decision_id, ANSWER.model):
        assert name not in system + user


def test_instructions_take_the_place_of_the_general_ones() -> None:
    system, _ = asked(instructions="Satisfactory means: {curt}.")
    assert "{curt}" in system
    assert GENERAL not in system


def test_nobody_can_guess_where_what_is_quoted_ends() -> None:
    first, second = (question(ANSWER, None)[1]["content"] for _ in range(2))
    assert first != second


def test_an_answer_that_calls_tools_says_so() -> None:
    answer = Answer(decision_id="d", model="m", text="", tool_calls=("search", "sum"), prompt="?")
    assert "[calls the tools: search, sum]" in asked(answer)[1]
    assert (
        "[empty]" in asked(Answer(decision_id="d", model="m", text=" ", prompt="?"))[1] + "[empty]"
    )


def test_of_what_is_long_beginning_and_end_are_shown() -> None:
    text = "first" + "x" * 10 * MOST_ANSWER + "last"
    _, user = asked(Answer(decision_id="d", model="m", text=text, prompt=text))
    assert user.count("first") == user.count("last") == 2
    assert len(user) < MOST_ANSWER + MOST_PROMPT + 1000


@pytest.mark.parametrize(
    ("text", "satisfied"),
    [
        ('{"reason": "right", "satisfied": true}', True),
        ('{"satisfied": false, "reason": "wrong"}', False),
        ('```json\n{"reason": "right", "satisfied": true}\n```', True),
        ('<think>{maybe} so</think>Here: {"satisfied": true}. Done.', True),
        ('{"reason": "the set {1, 2} is {right}", "satisfied": true}', True),
        ('{"satisfied": true} ... {"satisfied": true}', True),
    ],
)
def test_a_verdict_is_found(text: str, satisfied: bool) -> None:
    found = opinion(text)
    assert found is not None
    assert found.satisfied is satisfied


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I cannot judge that.",
        "satisfied: true",
        '{"satisfied": "yes"}',
        '{"satisfied": 1}',
        '{"satisfied": null}',
        '{"verdict": true}',
        '{"satisfied": true',
        '{"satisfied": true} no, {"satisfied": false}',
        '[{"satisfaction": true}]',
        "{" * 10_000,
        '{"a":' * 5_000,
    ],
)
def test_no_verdict_is_not_a_bad_one(text: str) -> None:
    assert opinion(text) is None


def test_a_reason_is_cut_and_may_be_missing() -> None:
    long = opinion(json.dumps({"reason": "x" * 5000, "satisfied": True}))
    none = opinion('{"satisfied": true, "reason": 3}')
    assert long is not None
    assert none is not None
    assert (len(long.reason), none.reason) == (MOST_REASON, "")


@given(text=st.text(alphabet='{}[]":,\\ satisfiedtruefals', max_size=200))
def test_whatever_a_judge_replies_is_read(text: str) -> None:
    assert opinion(text) is None or '"satisfied"' in text


@given(before=st.text(max_size=50), reason=st.text(max_size=50), satisfied=st.booleans())
def test_a_verdict_is_found_in_any_prose_without_braces(
    before: str, reason: str, satisfied: bool
) -> None:
    prose = before.replace("{", "(")
    found = opinion(prose + json.dumps({"reason": reason, "satisfied": satisfied}))
    assert found is not None
    assert (found.satisfied, found.reason) == (satisfied, reason)
