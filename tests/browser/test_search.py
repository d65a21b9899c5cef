"""Searching ten thousand decisions."""

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Open
from tests.browser.looking import at, view
from tests.e2e.gateway.conftest import Running

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_ten_thousand_decisions_are_searched_and_paged(seeded: Running, opened: Open) -> None:
    page = opened(at(seeded, "#/decisions"))
    rows = page.locator("tbody tr")
    rows.nth(49).wait_for()
    assert rows.count() == 50
    page.get_by_role("button", name="Older").click()
    rows.nth(99).wait_for()
    assert rows.count() == 100
    page.get_by_role("searchbox", name="Search").fill("item 7 of law")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url(re.compile("q=item"))
    expect(rows.filter(has_not_text="item 7 of law")).to_have_count(0)
    page.get_by_label("Verdict").select_option("dissatisfied")
    expect(rows.filter(has_not_text="dissatisfied")).to_have_count(0)
    assert rows.count() > 0
    page.get_by_role("searchbox", name="Search").fill("there is no such thing")
    page.keyboard.press("Enter")
    page.get_by_text("Nothing fits among the latest 2,000").wait_for()
    for looked_at in ("4,000", "6,000", "8,000"):
        page.get_by_role("button", name="Older").click()
        page.get_by_text(f"Nothing fits among the latest {looked_at}").wait_for()
    page.get_by_role("button", name="Older").click()
    page.get_by_text("Nothing fits.").wait_for()


@pytest.mark.parametrize(
    ("label", "name", "value"),
    [
        ("Route", "route", "law"),
        ("Model", "model", "large"),
        ("Verdict", "feedback", "unjudged"),
        ("Explored", "explored", "true"),
        ("Unanswered", "failed", "true"),
    ],
)
def test_a_filter_shows_what_the_view_finds(
    seeded: Running, opened: Open, label: str, name: str, value: str
) -> None:
    every, wanted = ids(seeded, ""), ids(seeded, f"{name}={value}")
    assert wanted
    assert wanted != every
    page = opened(at(seeded, "#/decisions"))
    expect_rows(page, every)
    page.get_by_label(label).select_option(value)
    expect_rows(page, wanted)
    page.reload()  # the address keeps it
    expect_rows(page, wanted)
    assert page.get_by_label(label).input_value() == value
    page.go_back()
    expect_rows(page, every)


def test_filters_add_up(seeded: Running, opened: Open) -> None:
    query = "route=chat&model=small&feedback=dissatisfied"
    page = opened(at(seeded, "#/decisions"))
    page.get_by_label("Route").select_option("chat")
    page.wait_for_url(re.compile("route=chat"))
    page.get_by_label("Model").select_option("small")
    page.wait_for_url(re.compile("model=small"))
    page.get_by_label("Verdict").select_option("dissatisfied")
    expect_rows(page, ids(seeded, query))


def test_the_beginning_of_an_id_finds_it(seeded: Running, opened: Open) -> None:
    name = ids(seeded, "route=law")[3]
    page = opened(at(seeded, "#/decisions"))
    page.get_by_role("searchbox", name="Search").fill(name[:30])
    page.keyboard.press("Enter")
    expect_rows(page, [name])


def ids(gateway: Running, query: str) -> list[str]:
    return [one["id"] for one in view(gateway, f"/decisions?{query}")["data"]]


def expect_rows(page: "Page", names: list[str]) -> None:
    """The table links to these decisions, in this order."""
    links = page.locator("tbody tr td:first-child a")
    expect(links).to_have_count(len(names))
    for n in (0, len(names) // 2, len(names) - 1):
        expect(links.nth(n)).to_have_attribute("href", f"#/decision/{names[n]}")
