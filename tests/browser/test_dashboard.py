"""The dashboard as people meet it."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from tests.browser.conftest import Open, served, usual
from tests.browser.looking import CHAT, at, decision, pages, percent, tab_into, tab_to, view
from tests.e2e.gateway.conftest import Running
from tests.e2e.gateway.scripted import Server


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_shows_itself(seeded: Running, opened: Open, theme: str) -> None:
    for place, word in pages(seeded).items():
        page = opened(at(seeded, place), theme=theme)
        page.locator("h1", has_text=word).wait_for()
        assert page.title().endswith("messplus")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", ground)[:3])) < 200) == (theme == "dark")


@pytest.mark.parametrize("width", [360, 768, 1920])
def test_no_page_is_wider_than_the_screen(seeded: Running, opened: Open, width: int) -> None:
    for place, word in pages(seeded).items():
        page = opened(at(seeded, place), width=width)
        page.locator("h1", has_text=word).wait_for()
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, place


def test_the_overview_shows_the_numbers_of_the_view(seeded: Running, opened: Open) -> None:
    page = opened(at(seeded))
    promises = view(seeded, "/overview")["promises"]
    lost, kept = promises
    assert kept["status"] in ("certified", "on_course")
    assert lost["status"] in ("broken", "infeasible")
    page.locator("h1", has_text="1 of 2 promises is broken: law").wait_for()
    for one in promises:
        card = page.locator("article", has=page.get_by_role("link", name=one["route"], exact=True))
        card.wait_for()
        shown = card.inner_text()
        assert percent(one["satisfaction"]["estimate"]) in shown
        assert f"{100 * one['satisfaction']['low']:.1f} to" in shown
        assert f"{one['requests']:,}" in shown
        assert f"{one['queue']:.1f}" in shown
        for saving in one["savings"]:
            if saving["saved"] is not None:
                assert percent(abs(saving["saved"]), 0) in shown
        for model in one["models"]:
            assert model["id"] in shown
            assert percent(model["share"], 0) in shown


def test_the_page_of_a_promise_shows_the_numbers_of_the_view(seeded: Running, opened: Open) -> None:
    page = opened(at(seeded, f"#/promise/{CHAT}"))
    page.locator("h1").wait_for()
    one = view(seeded, f"/promises/{CHAT}")
    shown = page.locator("main").inner_text()
    for number in (
        percent(one["satisfaction"]["estimate"]),
        percent(one["satisfaction"]["coverage"]),
        percent(one["satisfaction"]["if_silence_unknown"][0]),
        percent(one["satisfaction"]["if_silence_fine"]),
        *(f"{window['requests']:,}" for window in one["windows"]),
        *(f"{source['verdicts']:,}" for source in one["feedback"]["sources"]),
        *(f"Brier {model['brier']:.3f}" for model in one["calibration"]),
    ):
        assert number in shown
    assert page.locator("figure.chart canvas").count() == 7
    label = page.locator("figure.chart").first.get_attribute("aria-label") or ""
    assert "satisfied" in label
    assert "%" in label


def test_models_and_their_numbers(seeded: Running, opened: Open) -> None:
    page = opened(at(seeded, "#/models"))
    for one in view(seeded, "/models")["models"]:
        row = page.locator("tr", has_text=one["id"])
        row.wait_for()
        shown = row.inner_text()
        assert f"{one['requests']:,}" in shown
        assert percent(one["satisfaction"]["estimate"]) in shown
        assert percent(one["predicted"]) in shown
        assert "healthy" in shown


def test_what_if_moves_by_keys(seeded: Running, opened: Open) -> None:
    page = opened(at(seeded, f"#/what-if/{CHAT}"))
    slider = page.get_by_role("slider", name="Promise")
    slider.wait_for()
    shown = view(seeded, f"/what-if/{CHAT}")
    now = [line["alpha"] for line in shown["lines"]].index(0.75)
    assert page.locator("output").inner_text() == percent(0.75)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    line = shown["lines"][now - 1]
    assert page.locator("output").inner_text() == percent(line["alpha"])
    assert "refused" not in line["cost"]
    assert percent(line["satisfaction"]["value"]) in page.locator(".answer").inner_text()
    page.keyboard.press("End")
    last = shown["lines"][-1]
    assert page.locator("output").inner_text() == percent(last["alpha"])
    told = last["satisfaction"]
    said = last["cost"].get("refused") or told.get("refused") or percent(told["value"])
    assert said in page.locator(".answer").inner_text()


def test_a_decision_is_explained(seeded: Running, opened: Open) -> None:
    name = decision(seeded)
    page = opened(at(seeded, f"#/decision/{name}"))
    page.locator("h1").wait_for()
    one = view(seeded, f"/decisions/{name}")
    shown = page.locator("main").inner_text()
    for model in one["models"]:
        assert model["why"] in shown
        assert percent(model["predicted_satisfaction"]) in shown
    assert one["prompt"] in shown
    assert one["feedback"][0]["source"] in shown
    assert percent(one["propensity"]) in shown


def test_every_page_is_reached_by_keys(seeded: Running, opened: Open) -> None:
    page = opened(at(seeded))
    page.locator("article").first.wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for name, word in (("Models", "Models"), ("Decisions", "Decisions"), ("Overview", "promises")):
        tab_to(page, name, "Shift+Tab")  # back from the content, to the menu
        page.keyboard.press("Enter")
        page.locator("h1", has_text=word).wait_for()
    tab_to(page, "chat")
    page.keyboard.press("Enter")
    page.locator("h1", has_text="chat").wait_for()
    tab_to(page, "What if?")
    page.keyboard.press("Enter")
    page.get_by_role("slider", name="Promise").wait_for()
    tab_to(page, "Decisions", "Shift+Tab")
    page.keyboard.press("Enter")
    page.locator("tbody tr").first.wait_for()
    tab_into(page, "#/decision/")
    page.keyboard.press("Enter")
    page.locator("h1", has_text="answered").wait_for()


def test_everything_has_a_name(seeded: Running, opened: Open) -> None:
    for place, word in pages(seeded).items():
        page = opened(at(seeded, place))
        page.locator("h1", has_text=word).wait_for()
        unnamed = page.evaluate(
            """[...document.querySelectorAll('input, select, button, [role=img], [role=region], nav')]
            .filter(e => !(e.labels?.length || e.getAttribute('aria-label') || e.innerText?.trim()))
            .map(e => e.outerHTML.slice(0, 80))"""
        )
        assert unnamed == [], place
        unseen = page.evaluate(
            """[...document.querySelectorAll('img, svg, canvas')]
            .filter(e => !(e.hasAttribute('alt') || e.closest('[aria-hidden=true], [role=img][aria-label]')))
            .filter(e => e.getClientRects().length && !e.matches('.spark:empty'))
            .map(e => e.outerHTML.slice(0, 80))"""
        )
        assert unseen == [], place
        levels = page.evaluate(
            "[...document.querySelectorAll('h1, h2, h3')].map(e => Number(e.tagName[1]))"
        )
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(b - a <= 1 for a, b in pairwise(levels)), place


def test_the_theme_is_chosen_and_kept(seeded: Running, opened: Open) -> None:
    page = opened(at(seeded))
    page.get_by_role("button", name="Dark theme").click()
    page.get_by_role("button", name="Light theme").wait_for()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_certificate_is_saved(seeded: Running, opened: Open, tmp_path: Path) -> None:
    page = opened(at(seeded, f"#/promise/{CHAT}"))
    with page.expect_download() as saving:
        page.get_by_role("button", name="Certificate (HTML)").click()
    path = tmp_path / "certificate.html"
    saving.value.save_as(path)
    estimate = view(seeded, f"/promises/{CHAT}")["satisfaction"]["estimate"]
    assert f"{estimate:.1%}" in path.read_text()


@pytest.mark.parametrize(
    "place", ["#/promise/nothing%400.5", "#/decision/nothing", "#/what-if/nothing%400.5"]
)
def test_what_is_not_there_is_said(seeded: Running, opened: Open, place: str) -> None:
    page = opened(at(seeded, place), errors=(404,))
    page.get_by_role("alert").wait_for()
    assert "There is no such thing" in page.get_by_role("alert").inner_text()


def test_a_gateway_that_has_gone_is_missed(server: Server, opened: Open, tmp_path: Path) -> None:
    with served(usual(server.url, tmp_path / "log.db")) as gateway:
        page = opened(at(gateway), errors=(0,))
        page.get_by_text("live", exact=True).wait_for()
        gateway.stop()
        page.get_by_text("reconnecting").wait_for()
        page.get_by_role("alert").wait_for()


@pytest.fixture
def locked(server: Server, tmp_path: Path) -> Iterator[Running]:
    keys = [{"name": "boss", "key": "sk-boss-0123456789", "admin": True}]
    with served(usual(server.url, tmp_path / "log.db", keys=keys)) as gateway:
        yield gateway


def test_a_key_is_asked_for(locked: Running, opened: Open) -> None:
    page = opened(at(locked), errors=(401,))
    box = page.get_by_label("Key")
    box.fill("sk-wrong")
    page.get_by_role("button", name="Show the dashboard").click()
    page.get_by_text("this key is not known").wait_for()
    box.fill("sk-boss-0123456789")
    page.keyboard.press("Enter")
    page.locator("article").first.wait_for()
    page.reload()
    page.locator("article").first.wait_for()  # kept for this tab
