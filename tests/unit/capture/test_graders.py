"""Graders, by hand: what models say, and what it is worth."""

import json

import pytest

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
    bare,
)
from messplus.capture.graders.notation import from_json, to_json
from messplus.errors import DataError, SettingError

RIGHT: list[tuple[Grader, str]] = [
    (Exact("Paris"), "Paris"),
    (Exact("Paris"), " **paris**. "),
    (Exact("Straße"), "STRASSE"),
    (Exact("[1, 2]"), "```python\n[1, 2]\n```"),
    (Exact("grey|gray"), "Gray"),
    (Contains("Paris"), "It is paris, of course."),
    (Contains("São Paulo|Sao Paulo"), "I would say SÃO PAULO!"),
    (Contains("São Paulo|Sao Paulo"), "sao paulo"),
    (Contains(" grey | gray "), "a gray cat"),
    (Contains("C++"), "I like C++."),
    (Contains("東京"), "答えは「東京」です"),
    (Word("He"), "The symbol is **He**."),
    (Word("He"), "He"),
    (Word("Au | Ag"), "Ag"),
    (FirstOf("positive", "positive|negative"), "Positive, not negative."),
    (FirstOf("hot dog", "hot|hot dog"), "A hot dog"),
    (Regex(r"\d{4}-\d{2}-\d{2}"), "`2005-11-19`"),
    (Regex(r"a.b"), "a\nb"),
    (Numeric("42"), "42"),
    (Numeric("42"), "12 + 30 = 42."),
    (Numeric("42"), "**42**"),
    (Numeric("42"), "_42_"),
    (Numeric("42"), "The answer is...42"),
    (Numeric("42"), "$\\boxed{42}$"),
    (Numeric("42"), "42 km"),
    (Numeric("42"), "42km"),
    (Numeric("42"), "+42.0"),
    (Numeric("42"), "84/2"),
    (Numeric("42"), "4.2e1"),
    (Numeric("-42"), "\N{MINUS SIGN}42"),
    (Numeric("-42"), "x=-42"),
    (Numeric("1234.5"), "$1,234.50"),
    (Numeric("0.5"), ".5"),
    (Numeric("3/4"), "0.75"),
    (Numeric("0"), "-0.0"),
    (Numeric("100", tolerance=0.05), "about 104"),
    (Choice("B"), "B"),
    (Choice("B"), "(b)"),
    (Choice("B"), "**B) Berlin**"),
    (Choice("B"), "The answer is B, not C."),
    (Choice("B"), "I think it is B."),
    (JsonSchema('{"type": "object", "required": ["a"]}'), '{"a": 1}'),
    (JsonSchema('{"const": 7}'), "Here it is:\n```json\n7\n```\nDone."),
    (JsonSchema('{"const": "é"}'), '"\\u00e9"'),
]
WRONG: list[tuple[Grader, str]] = [
    (Exact("Paris"), "Paris, France"),
    (Exact("Paris"), ""),
    (Contains("art"), "party"),
    (Contains("São"), "SãoX"),
    (Contains("Paris"), ""),
    (Word("He"), "he"),
    (Word("He"), "He is helium"),
    (Word("He"), ""),
    (FirstOf("positive", "positive|negative"), "negative, not positive"),
    (FirstOf("positive", "positive|negative"), "neither"),
    (FirstOf("hot", "hot|hot dog"), "A hot dog"),
    (Regex(r"\d+"), "42 apples"),
    (Numeric("42"), "x42"),
    (Numeric("42"), "42 or 43"),
    (Numeric("42"), "-42"),
    (Numeric("42"), "forty-two"),
    (Numeric("42"), "42/0"),
    (Numeric("42"), "1e999"),
    (Numeric("2"), "3.2.1"),
    (Numeric("100", tolerance=0.05), "106"),
    (Numeric("0.1", tolerance=0.05), "0.12"),
    (Numeric("1e-12"), "0"),
    (Choice("B"), "C, not B"),
    (Choice("B"), "Berlin"),
    (Choice("B"), ""),
    (JsonSchema('{"type": "object", "required": ["a"]}'), '{"b": 1}'),
    (JsonSchema('{"type": "number"}'), "NaN"),
    (JsonSchema('{"type": "object"}'), 'Sure: {"a": 1}'),
    (JsonSchema("{}"), "not JSON"),
    (JsonSchema("{}"), "[" * 100_000),
    (JsonSchema("{}"), "1" * 5000),
    (JsonSchema('{"multipleOf": 0.5}'), "1" + "0" * 400),
    (Judged(), " \n"),
]


@pytest.mark.parametrize(("grader", "response"), RIGHT)
def test_right(grader: Grader, response: str) -> None:
    assert grader.grade(response) == 1.0


@pytest.mark.parametrize(("grader", "response"), WRONG)
def test_wrong(grader: Grader, response: str) -> None:
    assert grader.grade(response) == 0.0


def test_what_only_a_judge_can_grade_is_not_guessed() -> None:
    with pytest.raises(NotImplementedError, match="verdict"):
        Judged().grade("an answer")


@pytest.mark.parametrize(
    ("dressed", "plain"),
    [
        ("  yes. ", "yes"),
        ('"yes!"', "yes"),
        ("**yes**", "yes"),
        ("```\nyes\n```", "yes"),
        ("```text\nyes\nno\n```", "yes\nno"),
        ("```", ""),
        ("", ""),
    ],
)
def test_decoration_is_taken_off(dressed: str, plain: str) -> None:
    assert bare(dressed) == plain


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"kind": "exakt", "answer": "a"}, "did you mean 'exact'"),
        ({"kind": "exact", "anser": "a"}, "did you mean 'answer'"),
        ({"kind": "exact"}, "missing 1 required positional argument: 'answer'"),
        ({"kind": "exact", "answer": 42}, "answer must be a text, got 42"),
        ({"kind": "numeric", "answer": "42", "tolerance": "0.1"}, "tolerance must be a number"),
        ({"kind": "numeric", "answer": "42", "tolerance": True}, "tolerance must be a number"),
        ({"kind": "numeric", "answer": "42", "tolerance": -1.0}, "tolerance must be at least 0"),
        ({"kind": "numeric", "answer": "many"}, "answer must be a number such as 42"),
        ({"kind": "numeric", "answer": "nan"}, "answer must be a number such as 42"),
        ({"kind": "numeric", "answer": "inf"}, "answer must be a number such as 42"),
        ({"kind": "choice", "answer": "b"}, "answer must be a letter, A to Z, got 'b'"),
        ({"kind": "choice", "answer": "BC"}, "a letter, A to Z"),
        ({"kind": "first_of", "answer": "x", "choices": "a|b"}, "one of a|b, got 'x'"),
        ({"kind": "regex", "pattern": "("}, "is no regular expression"),
        ({"kind": "contains", "answer": ""}, "answer must be"),
        ({"kind": "contains", "answer": "a|"}, "answer must be"),
        ({"kind": "json_schema", "schema": "{"}, "schema must be a JSON schema"),
        ({"kind": "json_schema", "schema": '{"type": 7}'}, "schema must be a JSON schema"),
        ({"kind": "json_schema", "schema": '{"pattern": "("}'}, "schema must be a JSON schema"),
    ],
)
def test_a_bad_grader_is_refused_where_it_is_written(
    entry: dict[str, object], message: str
) -> None:
    with pytest.raises((DataError, SettingError)) as refused:
        from_json(entry)
    assert message in str(refused.value)


@pytest.mark.parametrize("grader", [grader for grader, _ in RIGHT], ids=repr)
def test_a_grader_survives_being_written(grader: Grader) -> None:
    assert from_json(json.loads(json.dumps(to_json(grader)))) == grader
