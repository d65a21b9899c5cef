"""`name:key=value,...`, parsed once into settings."""

from dataclasses import dataclass, field
from typing import Literal

import pytest

from messplus.errors import SettingError
from messplus.specs import Spec, parse, settings


@dataclass(frozen=True)
class Options:
    model: str
    v: float = 1e-4
    seeds: int = 3
    first: bool = True
    deliver: Literal["largest", "best"] = "largest"
    limit: int | None = None
    mode: Literal["slow", "fast"] | None = None
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Nothing:
    pass


def read(text: str) -> Options:
    return settings(Options, parse(text), "policy")


@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        ("cheapest", "cheapest", {}),
        ("cheapest:", "cheapest", {}),
        (" messplus:v=1e-4,c=0.1 ", "messplus", {"v": "1e-4", "c": "0.1"}),
        ("messplus: v = 1, c = 2", "messplus", {"v": "1", "c": "2"}),
        ("always:Qwen2-7B", "always", {"": "Qwen2-7B"}),
        ("always:Qwen2-7B,v=1", "always", {"": "Qwen2-7B", "v": "1"}),
        ("mix:weights=1,2,3,v=4", "mix", {"weights": "1,2,3", "v": "4"}),
        ("remote:url=http://x/y?z=1", "remote", {"url": "http://x/y?z=1"}),
    ],
)
def test_parse(text: str, name: str, options: dict[str, str]) -> None:
    spec = parse(text)
    assert (spec.name, dict(spec.options)) == (name, options)


@pytest.mark.parametrize("text", ["", "  ", ":v=1"])
def test_a_spec_has_a_name(text: str) -> None:
    with pytest.raises(SettingError, match="a spec reads NAME or NAME:KEY=VALUE"):
        parse(text)


def test_a_key_comes_once() -> None:
    with pytest.raises(SettingError, match=r"'v' is given twice in 'messplus:v=1,v=2'"):
        parse("messplus:v=1,v=2")


def test_each_option_is_read_as_the_type_of_its_field() -> None:
    read_options = read("p:model=m,v=1e-2,seeds=5,first=no,deliver=best,limit=7,mode=fast")
    assert read_options == Options("m", 0.01, 5, False, "best", 7, "fast")


def test_what_is_not_given_keeps_its_default() -> None:
    assert read("p:m") == Options("m")


def test_the_unnamed_option_is_the_first_field() -> None:
    assert read("p:Qwen2-7B").model == "Qwen2-7B"


@pytest.mark.parametrize("text", ["true", "yes", "1", "True"])
def test_yes(text: str) -> None:
    assert read(f"p:m,first={text}").first is True


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p:m,seed=1", r"unknown option of policy 'p': 'seed'; did you mean 'seeds'\?"),
        ("p:m,model=x", r"'model' is given twice for policy 'p'"),
        ("p:v=1", r"policy 'p' needs model: p:model=\.\.\."),
        ("p:m,v=much", r"p:v must be a number, got 'much'"),
        ("p:m,seeds=1.5", r"p:seeds must be a whole number, got '1.5'"),
        ("p:m,first=maybe", r"p:first must be yes or no, got 'maybe'"),
        ("p:m,deliver=worst", r"p:deliver must be one of largest, best, got 'worst'"),
        ("p:m,limit=few", r"p:limit must be a whole number, got 'few'"),
        ("p:m,mode=swift", r"p:mode must be one of slow, fast, got 'swift'"),
    ],
)
def test_what_cannot_be_read_is_an_error_with_the_fix(text: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        read(text)


def test_a_policy_without_settings_takes_no_option() -> None:
    assert settings(Nothing, Spec("cheapest"), "policy") == Nothing()
    with pytest.raises(SettingError, match="unknown option of policy 'cheapest': 'x'"):
        settings(Nothing, parse("cheapest:x"), "policy")
