"""The reference says what the settings are."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import get_args

import pytest
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from messplus.gateway.config import settings as module
from messplus.gateway.config.settings import Section, Settings

DOCS = Path(__file__).parents[4] / "docs"
TEXT = (DOCS / "reference" / "configuration.md").read_text()
ROWS = re.findall(r"^\| `(\w+)` \| (.*?) \|", TEXT, re.MULTILINE)
SECTIONS = [
    one
    for one in vars(module).values()
    if isinstance(one, type) and issubclass(one, Section) and one not in (Section, module.Cost)
]


def fields() -> Iterator[tuple[str, FieldInfo]]:
    for section in SECTIONS:
        yield from section.model_fields.items()


@pytest.mark.parametrize("section", SECTIONS, ids=lambda one: one.__name__)
def test_every_key_has_a_row_with_its_default(section: type[BaseModel]) -> None:
    for name, field in section.model_fields.items():
        told = [default for key, default in ROWS if key == name]
        assert told, name
        if field.is_required():
            assert "needed" in told, name
        elif isinstance(field.default, bool):
            assert str(field.default).lower() in told, name
        elif isinstance(field.default, int | float):
            assert f"{field.default:g}" in told or "0" in told, name
        elif isinstance(field.default, str):
            assert f"`{field.default}`" in told, name


def test_no_row_is_about_something_else() -> None:
    assert {name for name, _ in ROWS} == {name for name, _ in fields()}


def test_words_to_choose_from_are_all_there() -> None:
    for name, field in fields():
        for word in (one for one in get_args(field.annotation) if one is not NoneType):
            if isinstance(word, str):
                assert f"`{word}`" in TEXT, (name, word)


def test_the_example_is_a_configuration() -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    Settings.model_validate(yaml.safe_load(example))
