"""Captures: whatever models say, it is graded; whatever happens to a file, what was written stays."""

import json
import string
from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

for _module in ("aiohttp", "jsonschema", "psutil", "yaml"):
    pytest.importorskip(_module, reason="needs the capture extra")

from messplus.capture.client import _retry_after_s
from messplus.capture.completion import Completion, read_completion
from messplus.capture.energy import Shares
from messplus.capture.graders import (
    Choice,
    Contains,
    Exact,
    FirstOf,
    Grader,
    JsonSchema,
    Judged,
    Numeric,
    Regex,
    Word,
)
from messplus.capture.judge import judge_questions, verdicts
from messplus.capture.ledger import Call, Ledger, read_calls
from messplus.capture.plan import interleave, merge, read_plan, write_plan
from messplus.capture.question import Question

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
WORD = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=8)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
# Half of a character, very long and very large numbers, NaN, and what looks like JSON but is none.
RESPONSE = (
    st.text()
    | st.text("0123456789.,-/eE+ −¼٣", max_size=30)
    | st.text('[]{}",:0123456789 \\', max_size=30)
    | ANY_JSON.map(json.dumps)
    | st.sampled_from(["9" * 5000, "1" + "0" * 400, "[" * 5000, "1e999", "NaN", "0/0", "\ud83d"])
)
SCHEMA = '{"anyOf": [{"multipleOf": 0.5}, {"uniqueItems": true}, {"pattern": "^a"}]}'


@st.composite
def words(draw: st.DrawFn) -> list[str]:
    """Two to four different words."""
    return draw(st.lists(WORD, min_size=2, max_size=4, unique_by=str.casefold))


@st.composite
def graders(draw: st.DrawFn) -> Grader:
    """Any grader that a program can apply."""
    several = draw(words())
    number = draw(st.integers() | st.decimals(allow_nan=False, allow_infinity=False, places=3))
    some: list[Grader] = [
        Exact("|".join(several)),
        Contains("|".join(several)),
        Word("|".join(several)),
        FirstOf(several[0], "|".join(several)),
        Regex(r"(\w+|\d*)\s?"),
        Numeric(str(number), tolerance=0.1),
        Choice(draw(st.sampled_from(string.ascii_uppercase))),
        JsonSchema(SCHEMA),
        JsonSchema(json.dumps({"const": several})),
    ]
    return draw(st.sampled_from(some))


@given(graders(), RESPONSE)
def test_no_response_makes_a_grader_raise(grader: Grader, response: str) -> None:
    assert grader.grade(response) in (0.0, 1.0)


FORMATS = (
    "{}", " {}\n", "{}.", "**{}**", "_{}_", "`{}`", "({})", "${}$", "\\boxed{{{}}}", "= {}", "={}",
    "The answer is {}.", "The answer is...{}", "1 + 2 gives {}!", "x = {} km", "1. {}", "3,{}, ok",
    "answer:{}", "{},", "\"{}\"", "```\n{}\n```", "€{}", "{}%",
)  # fmt: skip
# Of up to eight digits: one more or less is then further off than the tolerance.
NUMBER = st.integers(-(10**8), 10**8) | st.decimals(-(10**5), 10**5, places=3)


@given(NUMBER, st.sampled_from(FORMATS), st.sampled_from(["{}", "{:,}", "{:f}", "{:+}"]))
@example(-1, "3,{}, ok", "{}")
def test_a_number_is_known_however_it_is_written(number: int, sentence: str, notation: str) -> None:
    said = sentence.format(notation.format(number))
    if sentence == "3,{}, ok":
        said = said.replace("3,", "3, ", 1)  # without the space it may be one number
    assert Numeric(str(number)).grade(said) == 1.0
    assert Numeric(str(number)).grade(said.replace("-", "−")) == 1.0
    assert Numeric(str(number + 1)).grade(said) == 0.0


@given(st.fractions(max_denominator=1000))
def test_a_fraction_is_the_same_as_its_decimals(fraction: Fraction) -> None:
    assert Numeric(str(fraction)).grade(f"about {float(fraction)!r}") == 1.0
    assert Numeric(repr(float(fraction))).grade(f"It is {fraction}.") == 1.0


@given(words(), st.data())
def test_any_of_several_answers_is_right_wherever_it_stands(
    several: list[str], data: st.DataObject
) -> None:
    said = data.draw(st.sampled_from(several))
    answers = "|".join(several)
    assert Exact(answers).grade(said) == 1.0
    assert Contains(answers).grade(f"It is «{said}», I think") == 1.0
    assert Word(answers).grade(f"It is {said}.") == 1.0
    assert FirstOf(said, answers).grade(f"{said}!") == 1.0


CALLS = st.builds(
    Call,
    prompt_id=TEXT,
    model=TEXT,
    response=TEXT,
    error=TEXT,
    prompt_tokens=st.integers(0),
    tokens_counted=st.booleans(),
    latency_s=st.floats(0, allow_nan=False),
    energy_j=st.none() | st.floats(0, allow_nan=False),
)


@given(st.lists(CALLS, max_size=5), st.lists(CALLS, max_size=2), st.data())
def test_whatever_is_cut_off_a_ledger_the_calls_before_it_stay(
    calls: list[Call], more: list[Call], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "calls.jsonl"
        with Ledger(path) as book:
            for call in calls:
                book.append(call)
        assert list(read_calls(path)) == calls
        whole = path.read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        path.write_bytes(whole[:cut])
        kept = list(read_calls(path))
        assert kept == calls[: whole[:cut].count(b"\n")]
        with Ledger(path) as book:
            for call in more:
                book.append(call)
        assert list(read_calls(path)) == kept + more


@st.composite
def plans(draw: st.DrawFn) -> list[Question]:
    """Questions of a few tasks, with ids of their own."""
    tasks = draw(st.lists(st.sampled_from("abcde"), min_size=1, max_size=30))
    return [
        Question(
            prompt_id=f"{at}{draw(TEXT)}",
            task=task,
            prompt=draw(TEXT.filter(bool)),
            grader=draw(graders() | st.builds(Judged, TEXT, TEXT)),
            max_tokens=draw(st.integers(1)),
        )
        for at, task in enumerate(tasks)
    ]


@given(plans())
def test_a_plan_survives_its_file(plan: list[Question]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "questions.jsonl"
        write_plan(path, plan)
        read = read_plan(path)
    assert read == plan
    assert merge(read, plan) == plan


@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=60))
def test_every_prefix_of_a_plan_holds_about_its_share_of_every_task(tasks: list[str]) -> None:
    plan = [
        Question(prompt_id=f"{at:02d}", task=task, prompt="p", grader=Exact("a"))
        for at, task in enumerate(tasks)
    ]
    mixed = interleave(plan)
    share = {task: n / len(plan) for task, n in Counter(tasks).items()}
    for task in share:
        own = [one.prompt_id for one in mixed if one.task == task]
        assert own == [one.prompt_id for one in plan if one.task == task]
    for size in range(len(mixed) + 1):
        counts = Counter(one.task for one in mixed[:size])
        for task, part in share.items():
            # A task is at most half a question off its place, and so is each of the others.
            assert abs(counts[task] - part * size) <= 0.5 + 0.5 * part * len(share) + 1e-9


class Scripted:
    """A meter that reads what a test says."""

    method = "by script"

    def __init__(self) -> None:
        self.j = 0

    def read_j(self) -> float:
        return float(self.j)


@given(st.lists(st.tuples(st.sampled_from(["start", "stop"]), st.integers(0, 1000))))
def test_calls_are_charged_what_was_counted_while_any_was_under_way(
    events: list[tuple[str, int]],
) -> None:
    meter = Scripted()
    shares = Shares(meter)
    under_way: list[int] = []
    counted, charged = 0.0, 0.0
    for event, joules in [*events, *[("stop", 7)] * len(events)]:
        meter.j += joules
        counted += joules if under_way else 0
        if event == "start":
            under_way.append(shares.start())
        elif under_way:
            spent = shares.stop(under_way.pop(0))
            assert spent >= 0
            charged += spent
    assert charged == pytest.approx(counted)


@given(
    ANY_JSON.map(json.dumps)
    | st.text()
    | st.fixed_dictionaries(
        {},
        optional={
            "choices": ANY_JSON
            | st.lists(
                st.fixed_dictionaries({"message": st.fixed_dictionaries({"content": st.text()})})
            ),
            "usage": ANY_JSON | st.fixed_dictionaries({"prompt_tokens": ANY_JSON}),
            "model": st.text() | ANY_JSON,
        },
    ).map(json.dumps)
)
def test_whatever_comes_is_a_completion_or_a_reason_why_not(body: str) -> None:
    found = read_completion(body)
    if isinstance(found, Completion):
        (found.content + found.finish_reason + found.model).encode()  # fits into a file
        assert found.prompt_tokens is None or found.prompt_tokens >= 0
    else:
        assert found


@given(st.text() | st.floats().map(str) | st.datetimes().map(lambda at: at.strftime("%c GMT")))
def test_any_retry_after_is_some_time_from_now(header: str) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
    assert _retry_after_s(header, lambda: now) >= 0


@given(TEXT)
def test_a_verdict_is_a_score_or_none(said: str) -> None:
    question = Question(prompt_id="q", task="", prompt="p", grader=Judged())
    call = Call(prompt_id="q", model="m", response="an answer")
    (asked,) = judge_questions([question], {call.key: call})
    verdict = Call(prompt_id=asked.prompt_id, model="judge", response=said)
    assert all(0 <= score <= 1 for score in verdicts([call], {verdict.key: verdict}).values())
