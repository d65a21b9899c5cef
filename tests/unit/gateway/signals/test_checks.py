"""Rules find what is wrong with an answer, say nothing of what it says, and end."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messplus.errors import SettingError
from messplus.gateway.config.settings import Check
from messplus.gateway.signals.answer import Answer
from messplus.gateway.signals.checks import Checks
from messplus.gateway.signals.limits import MOST_CHARACTERS, MOST_SCHEMA_CHARACTERS

PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


def answer(text: str = "Paris.", **more: Any) -> Answer:  # noqa: ANN401  # its other fields
    return Answer(decision_id="d1", model="small", text=text, **more)


def passed(kind: str, to: Answer, **more: Any) -> bool | None:  # noqa: ANN401  # of the rule
    """What one rule says of an answer."""
    (finding,) = Checks([Check.model_validate({"kind": kind, **more})]).look(to)
    assert (finding.why == "") == (finding.passed is True)
    return finding.passed


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        (answer(), True),
        (answer(""), False),
        (answer(" \n\t"), False),
        (answer("", tool_calls=("search",)), True),
    ],
)
def test_not_empty(to: Answer, expected: bool) -> None:
    assert passed("not_empty", to) is expected


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("stop", True),
        ("tool_calls", True),
        ("", True),
        ("length", False),
        ("content_filter", False),
    ],
)
def test_finished(reason: str, expected: bool) -> None:
    assert passed("finished", answer(finish_reason=reason)) is expected


def test_a_pattern_is_found_anywhere() -> None:
    assert passed("regex", answer("It is 42 km."), pattern=r"\b\d+ km") is True
    assert passed("regex", answer("It is far."), pattern=r"\b\d+ km") is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": [1, 2.5, null, true]}', True),
        (' "text" ', True),
        ("", False),
        ("{'a': 1}", False),
        ("NaN", False),
        ('```json\n{"a": 1}\n```', False),  # no program could read it
        ("[" * 100_000, False),
        ("1" * 10_000, False),
    ],
)
def test_json(text: str, expected: bool) -> None:
    assert passed("json", answer(text)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"name": "Ann", "age": 3}', True),
        ('{"name": "Ann"}', False),
        ('{"name": "Ann", "age": -3}', False),
        ('{"name": "Ann", "age": 3, "more": 1}', False),
        ("Ann is 3.", False),
    ],
)
def test_a_schema_of_the_route_and_one_of_the_request(text: str, expected: bool) -> None:
    assert passed("json_schema", answer(text), json_schema=PERSON) is expected
    assert passed("json_schema", answer(text, json_schema=PERSON)) is expected


def test_where_there_is_nothing_to_look_at_a_rule_is_kept() -> None:
    assert passed("json_schema", answer("Not JSON, and nobody asked for it.")) is True
    tools = answer("", tool_calls=("search",), json_schema=PERSON)
    assert passed("json_schema", tools) is True
    assert passed("regex", tools, pattern="never") is True


def test_why_tells_where_and_not_what() -> None:
    rules = Checks([Check(kind="json_schema", json_schema=PERSON)])
    (finding,) = rules.look(answer('{"name": "Secret", "age": "forty"}'))
    assert finding.why == "$.age breaks `type`"


def test_rules_speak_in_their_order_and_know_whether_they_are_quick() -> None:
    rules = Checks([Check(kind="not_empty"), Check(kind="finished", decides="always")])
    findings = rules.look(answer("", finish_reason="length"))
    assert [(one.name, one.decides) for one in findings] == [
        ("not_empty", "failure"),
        ("finished", "always"),
    ]
    assert rules.quick
    assert rules.always
    slow = Checks([Check(kind="not_empty"), Check(kind="json")])
    assert not slow.quick
    assert not slow.always
    assert not Checks([])


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^(a|aa)+$", "a" * 60 + "b"),
        (r"^(.*)(.*)(.*)(.*)(.*)(.*)\d$", "a" * 3000),
    ],
)
def test_a_pattern_that_backtracks_for_ever_tells_nothing(pattern: str, text: str) -> None:
    assert passed("regex", answer(text), pattern=pattern) is None
    assert passed("json_schema", answer(f'"{text}"', json_schema={"pattern": pattern})) is None


def test_a_schema_that_doubles_the_work_with_each_reference_is_given_up() -> None:
    twice = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)}
    schema = {"$defs": {**twice, "d40": {"type": "integer"}}, "$ref": "#/$defs/d0"}
    assert passed("json_schema", answer("1", json_schema=schema)) is None


def test_a_schema_that_refers_to_itself_for_ever_is_given_up() -> None:
    schema = {"$defs": {"me": {"$ref": "#/$defs/me"}}, "$ref": "#/$defs/me"}
    assert passed("json_schema", answer("1", json_schema=schema)) is None


def test_many_items_that_must_differ_are_given_up() -> None:
    items = "[" + ",".join(f'{{"n":{n}}}' for n in range(10_000)) + "]"
    assert passed("json_schema", answer(items, json_schema={"uniqueItems": True})) is None
    assert passed("json_schema", answer("[1, 1]", json_schema={"uniqueItems": True})) is False


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:9/person.json"},
        {"$ref": "file:///etc/passwd"},
        {"$ref": "#/$defs/nowhere"},
        {"type": "no such type"},
        {"pattern": "(", "type": "string"},
        {"patternProperties": {"(a+)+$": {}}},
        {"enum": ["x" * MOST_SCHEMA_CHARACTERS]},
    ],
)
def test_a_request_s_schema_that_cannot_be_used_says_nothing_of_the_answer(
    schema: dict[str, Any],
) -> None:
    assert passed("json_schema", answer('"aaa"', json_schema=schema)) is None


@pytest.mark.parametrize("schema", [{"type": "no such type"}, {"patternProperties": {"^a": {}}}])
def test_a_route_s_schema_that_cannot_be_used_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match="json_schema"):
        Checks([Check(kind="json_schema", json_schema=schema)])


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(SettingError, match="regular expression"):
        Checks([Check(kind="regex", pattern="(")])


def test_what_is_too_long_is_not_read() -> None:
    long = answer("x" * (MOST_CHARACTERS + 1))
    assert passed("regex", long, pattern="y") is None
    assert passed("json", long) is None
    assert passed("not_empty", long) is True


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=15,
)
WORDS = st.sampled_from(
    ("$ref", "type", "properties", "items", "allOf", "not", "enum", "pattern", "required", "$schema",
     "$defs", "minimum", "uniqueItems", "const", "if", "then", "$id", "$anchor", "multipleOf")
)  # fmt: skip
SCHEMAS = st.dictionaries(
    WORDS,
    JSON | st.dictionaries(WORDS, JSON) | st.sampled_from(("#", "string", "object")),
    max_size=4,
)


@given(schema=SCHEMAS, text=st.text(max_size=30) | st.sampled_from(("1", "[1, 1]", '{"type": 3}')))
def test_nothing_that_a_client_sends_raises(schema: dict[str, Any], text: str) -> None:
    assert passed("json_schema", answer(text or "0", json_schema=schema)) in (True, False, None)
