"""A judge: what it is asked, and what its words are worth."""

import json
from pathlib import Path
from random import Random

import pytest
from tests.unit.capture.chat_server import ChatServer, Reply

from messplus.capture import Pace, Question, Request, Upstream
from messplus.capture.folder import CaptureFolder
from messplus.capture.graders import Exact, Judged
from messplus.capture.job import Job, Result, carry_out
from messplus.capture.judge import judge_questions, verdicts
from messplus.capture.ledger import Call
from messplus.capture.table import About
from messplus.errors import SettingError
from messplus.replay.readers import read_outcomes

POEM = Question(
    prompt_id="poem",
    task="writing",
    prompt="Write a poem.",
    grader=Judged(reference="Roses are red", rubric="It rhymes."),
)
LETTER = Question(
    prompt_id="letter", task="writing", prompt="Write a letter.", grader=Judged(rubric="Polite.")
)
SUM = Question(prompt_id="sum", task="sums", prompt="what is 1 + 1", grader=Exact("2"))


def answer(question: Question, response: str, error: str = "") -> Call:
    return Call(prompt_id=question.prompt_id, model="small", response=response, error=error)


def by_key(*calls: Call) -> dict[tuple[str, str], Call]:
    return {call.key: call for call in calls}


def test_only_answers_that_no_program_can_grade_are_put_to_the_judge() -> None:
    calls = by_key(
        answer(POEM, "Violets are blue"), answer(LETTER, "  \n"), answer(SUM, "2"),
        Call(prompt_id="letter", model="large", error="HTTP 500"),
        Call(prompt_id="gone", model="small", response="of an earlier plan"),
    )  # fmt: skip
    (asked,) = judge_questions([POEM, LETTER, SUM], calls)
    for part in ("Write a poem.", "Roses are red", "It rhymes.", "Violets are blue", "0 to 10"):
        assert part in asked.prompt
    assert asked.task == "writing"


def test_another_answer_needs_another_verdict() -> None:
    (first,) = judge_questions([POEM], by_key(answer(POEM, "one")))
    (again,) = judge_questions([POEM], by_key(answer(POEM, "one")))
    (other,) = judge_questions([POEM], by_key(answer(POEM, "two")))
    assert first == again
    assert other.prompt_id != first.prompt_id
    (theirs,) = judge_questions(
        [POEM], {("poem", "l"): Call(prompt_id="poem", model="l", response="one")}
    )
    assert theirs.prompt_id != first.prompt_id


@pytest.mark.parametrize(
    ("said", "score"),
    [
        ("8", 0.8),
        (" 8.\n", 0.8),
        ("0", 0.0),
        ("10", 1.0),
        ("10/10", 1.0),
        ("7.5 / 10", 0.75),
        ("Score: 9", 0.9),
        ("**6**", 0.6),
        ("8 out of 10", 0.8),
        ("11", None),
        ("100", None),
        ("11/10", None),
        ("8/100", None),
        ("4/5", None),
        ("1.2.3", None),
        ("excellent", None),
        ("", None),
    ],
)
def test_what_a_verdict_is_worth(said: str, score: float | None) -> None:
    call = answer(POEM, "an answer")
    (asked,) = judge_questions([POEM], by_key(call))
    verdict = Call(prompt_id=asked.prompt_id, model="judge", response=said)
    expected = {} if score is None else {call.key: score}
    assert verdicts([call], by_key(verdict)) == pytest.approx(expected)


def test_a_failed_verdict_is_none() -> None:
    call = answer(POEM, "an answer")
    (asked,) = judge_questions([POEM], by_key(call))
    verdict = Call(prompt_id=asked.prompt_id, model="judge", response="", error="HTTP 500")
    assert verdicts([call], by_key(verdict)) == {}


def grade(prompt: str) -> str:
    """A zoo and a judge in one: the judge likes poems, and stammers about letters to large."""
    if "Your number" not in prompt:
        return prompt.upper()
    return "9" if "<request>\nWrite a poem." in prompt else "hmm"


def carry(
    server: ChatServer,
    folder: Path,
    *plan: Question,
    judge: str = "judge",
    retry_failed: bool = False,
) -> Result:
    models = [
        Upstream(name=name, base_url=server.url, model=name, output_usd_per_mtok=price)
        for name, price in (("small", 1.0), ("large", 10.0))
    ]
    job = Job(
        sources={"plan": lambda: plan},
        upstreams=models,
        judge=Upstream(name=judge, base_url=server.url, model=judge, input_usd_per_mtok=1e6)
        if judge
        else None,
        request=Request(),
        pace=Pace(attempts=1, retry_failed=retry_failed),
        energy={},
        limit=0,
        ask=True,
        about=About(name="judged", source="test", licence=""),
    )
    return carry_out(job, CaptureFolder(folder), rng=Random(0))


def judged_by(server: ChatServer, judge: str = "judge") -> int:
    return sum(asked.model == judge for asked in server.asked)


def test_judging_resumes_and_leaves_out_what_has_no_verdict(tmp_path: Path) -> None:
    with ChatServer(grade) as server:
        result = carry(server, tmp_path, POEM, LETTER, SUM)
        assert judged_by(server) == 4
        assert (result.requests, result.left_out, result.failed) == (2, 1, 0)
        asked = len(server.asked)
        assert carry(server, tmp_path, POEM, LETTER, SUM) == result
        assert len(server.asked) == asked
    read = read_outcomes(result.table)
    assert read.warnings == ()
    assert read.table.prompt_ids == ("poem", "sum")
    assert read.table.score[0].tolist() == [0.9, 0.9]


def test_what_the_judge_costs_is_said_beside_the_table(tmp_path: Path) -> None:
    with ChatServer(grade) as server:
        result = carry(server, tmp_path, POEM)
        words = sum(len(one.prompt.split()) for one in server.asked if one.model == "judge")
    said = json.loads(result.table.with_suffix(".json").read_text())
    assert said["judging"] == {"judge": "judge", "verdicts": 2, "cost_usd": words}


def test_another_judge_gives_its_own_verdicts(tmp_path: Path) -> None:
    """And going back to the first one costs nothing and brings back its verdicts."""
    with ChatServer(grade) as server:
        carry(server, tmp_path, POEM)
        server.answer = lambda prompt: "3" if "Your number" in prompt else prompt
        harsh = carry(server, tmp_path, POEM, judge="harsh")
        assert judged_by(server, "harsh") == 2
        assert read_outcomes(harsh.table).table.score[0].tolist() == [0.3, 0.3]
        kind = carry(server, tmp_path, POEM)
        assert judged_by(server) == 2
        assert read_outcomes(kind.table).table.score[0].tolist() == [0.9, 0.9]


def test_a_judge_that_failed_may_be_asked_again(tmp_path: Path) -> None:
    """Its answer is missing, not wrong: the table waits for it."""

    def broken(prompt: str) -> str | Reply:
        return Reply(400) if "Your number" in prompt else prompt

    with ChatServer(broken) as server:
        result = carry(server, tmp_path, POEM, SUM)
        assert (result.requests, result.left_out) == (1, 1)
        server.answer = grade
        again = carry(server, tmp_path, POEM, SUM, retry_failed=True)
        assert (again.requests, again.left_out) == (2, 0)


def test_without_a_judge_it_says_that_one_is_needed(server: ChatServer, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="2 questions are left to a judge: name it with --judge"):
        carry(server, tmp_path, POEM, LETTER, SUM, judge="")
    assert server.asked == []
