"""What `messplus check` has to say of checks and judges."""

from typing import Any

import pytest
from tests.unit.gateway.signals.fakes import settings

from messplus.gateway.signals.advice import faults, warnings

JUDGE = {"model": "large", "share": 0.1}


@pytest.mark.parametrize(
    ("route", "said"),
    [
        ({"judge": {**JUDGE, "model": "small", "trust": "audit"}}, "judges its own answers"),
        ({"judge": {**JUDGE, "trust": "audit"}, "models": None}, "judges its own answers"),
        ({"judge": {**JUDGE, "share": 0}}, "never asked"),
        ({"judge": JUDGE, "checks": [{"kind": "json", "decides": "always"}]}, "never asked"),
        ({"checks": [{"kind": "json_schema", "decides": "always"}]}, "asks for no schema"),
    ],
)
def test_a_warning(route: dict[str, Any], said: str) -> None:
    (found,) = warnings(settings(**route))
    assert found.place[:2] == ("routes", "chat")
    assert said in found.text


@pytest.mark.parametrize(
    "route",
    [
        {},
        {"judge": {**JUDGE, "trust": "audit"}},
        {"judge": {**JUDGE, "model": "small"}},
        {"checks": [{"kind": "json_schema"}], "judge": JUDGE},
    ],
)
def test_nothing_to_warn_of(route: dict[str, Any]) -> None:
    assert warnings(settings(**route)) == ()
    assert faults(settings(**route)) == ()


def test_patterns_and_schemas_that_are_none_are_found_all_at_once() -> None:
    checks = [
        {"kind": "not_empty"},
        {"kind": "regex", "pattern": "("},
        {"kind": "json_schema", "json_schema": {"type": "thing"}},
    ]
    found = faults(settings(checks=checks))
    assert [one.place for one in found] == [
        ("routes", "chat", "checks", 1),
        ("routes", "chat", "checks", 2),
    ]
