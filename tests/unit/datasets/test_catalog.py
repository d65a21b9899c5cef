"""What the catalog says holds together."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from messplus.datasets.catalog import BY_HAND, DATA_SETS, find
from messplus.datasets.entry import ByHand, DataSet
from messplus.datasets.readers import LAYOUTS
from messplus.errors import SettingError

FETCHED = pytest.mark.parametrize("entry", DATA_SETS, ids=lambda entry: entry.name)
EVERY = pytest.mark.parametrize("entry", [*DATA_SETS, *BY_HAND], ids=lambda entry: entry.name)


@FETCHED
def test_addresses_and_copies_are_distinct(entry: DataSet) -> None:
    for values in (
        [file.url for file in entry.files],
        [file.name for file in entry.files],
        [file.about or file.name for file in entry.files],
    ):
        assert len(set(values)) == len(values)
    for file in entry.files:
        assert urlsplit(file.url).scheme == "https"
        assert "/" not in file.name


@FETCHED
def test_costs_can_be_worked_out(entry: DataSet) -> None:
    assert entry.layout in LAYOUTS
    priced = [model.price is not None for model in entry.models]
    assert all(priced) or not any(priced)
    if entry.letters is not None:
        assert all(priced)
        assert "estimated" in entry.cost
    assert 1 <= entry.rows[0] <= entry.rows[1]
    assert len(entry.models) >= 2


@EVERY
def test_every_fact_is_given(entry: DataSet | ByHand) -> None:
    for text in (entry.title, entry.licence, entry.page, entry.good_for, entry.trap, entry.seen):
        assert text.strip()


def test_names_are_found_and_typing_errors_understood() -> None:
    assert find("paretobandit").name == "paretobandit"
    assert find("routerbench") in BY_HAND
    with pytest.raises(SettingError, match="did you mean 'paretobandit'"):
        find("paretobandits")
    with pytest.raises(SettingError, match="did you mean 'local-zoo'"):
        find("localzoo", "local-zoo")


def test_size() -> None:
    assert [
        entry.size for entry in DATA_SETS if entry.name in ("routellm-gsm8k", "alpacaeval")
    ] == [
        "1,307 × 2",
        "up to 805 × 9",
    ]


@EVERY
def test_every_data_set_is_documented(entry: DataSet | ByHand) -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "reference" / "datasets.md"
    (row,) = [
        line
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith(f"| `{entry.name}` |") and entry.size in line
    ]
    assert row.endswith(f"| {entry.licence} |")
    if isinstance(entry, DataSet) and entry.letters is not None:
        assert f"| {entry.letters.prompt:g} |" in page.read_text(encoding="utf-8")
