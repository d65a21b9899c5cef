"""A dashboard that is open while things happen, and before anything has."""

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Open
from tests.browser.looking import at, view
from tests.e2e.gateway.conftest import Running

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_what_happens_is_shown_at_once(empty: Running, opened: Open) -> None:
    page = opened(at(empty))
    page.get_by_text("No request yet").first.wait_for()
    assert "curl" in page.locator("pre").inner_text()
    page.evaluate("window.loaded = 'once'")
    names = [empty.http.chat("Hi", model="chat").name for _ in range(3)]
    page.get_by_text("3 requests decided").wait_for()
    page.get_by_text("live", exact=True).wait_for()
    expect(page.get_by_text("No request yet")).to_have_count(0)
    judged = page.locator("article", has_text="chat").locator(".stat", has_text="Judged")
    expect(judged.locator("dd")).not_to_contain_text("100 %")
    for name in names:
        assert empty.http.feedback(name, value=True).status < 300
    expect(judged.locator("dd")).to_contain_text("100 %")
    satisfied = page.locator("article", has_text="chat").locator("[data-of=satisfaction]")
    expect(satisfied).to_have_text("100.0 %")
    assert page.evaluate("window.loaded") == "once"  # without a reload


def test_a_promise_that_is_open_follows_its_requests(empty: Running, opened: Open) -> None:
    empty.http.chat("Hi", model="chat")
    page = opened(at(empty, "#/promise/chat@0.75"))
    judged = page.locator(".stat", has_text="Judged").locator("dd").first
    expect(judged).to_contain_text("0 of 1")
    page.evaluate("window.loaded = 'once'")
    name = empty.http.chat("Hi again", model="chat").name
    empty.http.feedback(name, value=False)
    expect(judged).to_contain_text("1 of 2")
    assert page.evaluate("window.loaded") == "once"


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("#/models", "small"),
        ("#/decisions", "Nothing fits."),
        ("#/promise/chat@0.75", "too little known"),
    ],
)
def test_pages_say_that_nothing_is_there_yet(
    empty: Running, opened: Open, place: str, says: str
) -> None:
    page = opened(at(empty, place))
    expect(page.locator("main")).to_contain_text(says)
    assert not re.search(r"NaN|undefined|null|Infinity", page.locator("main").inner_text())


def test_what_if_needs_decisions(empty: Running, opened: Open) -> None:
    page = opened(at(empty, "#/what-if/chat@0.75"), errors=(404,))
    page.get_by_role("alert").wait_for()
    reason = view(empty, "/what-if/chat@0.75")["error"]["message"]
    assert reason in page.get_by_role("alert").inner_text()


def test_what_if_says_why_it_cannot_tell(empty: Running, opened: Open) -> None:
    for n in range(5):
        empty.http.chat(f"Hi {n}", model="chat")
    page = opened(at(empty, "#/what-if/chat@0.75"))
    page.get_by_role("slider", name="Promise").focus()
    page.keyboard.press("Home")
    cost = view(empty, "/what-if/chat@0.75")["lines"][0]["cost"]
    expect(page.locator(".answer")).to_contain_text(cost["refused"])
    expect(page.locator(".answer")).to_contain_text(cost["fix"])


def test_scripts_of_others_do_not_run(empty: Running, browser: "Browser") -> None:
    """What the header forbids, the browser refuses: here its complaint is what is wanted."""
    context = browser.new_context()
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    reply = page.goto(at(empty))
    assert reply is not None
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    page.get_by_text("No request yet").first.wait_for()
    assert refused == []
    page.evaluate(
        """() => {
            const script = document.createElement('script');
            script.textContent = 'window.ran = true';
            document.body.append(script);
        }"""
    )
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in text for text in refused)
    context.close()
