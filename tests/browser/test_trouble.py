"""Addresses, keys and gateways that are not as they should be."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect
from tests.browser.conftest import Open, served, usual
from tests.browser.looking import at
from tests.e2e.gateway.conftest import Running
from tests.e2e.gateway.scripted import Server, Upstream

SECRET = "sk-boss-0123456789"


@pytest.mark.parametrize("place", ["#/promise/%", "#/decision/%E0%A4%A", "#/nothing", "#nothing"])
def test_an_address_that_leads_nowhere_says_so(empty: Running, opened: Open, place: str) -> None:
    page = opened(at(empty, place))
    expect(page.get_by_role("alert")).to_contain_text("leads nowhere")
    page.get_by_role("link", name="Back to the overview").click()
    page.get_by_text("No request yet").first.wait_for()


@pytest.fixture
def locked(server: Server, tmp_path: Path) -> Iterator[Running]:
    keys = [{"name": "boss", "key": SECRET, "admin": True}]
    with served(usual(server.url, tmp_path / "log.db", keys=keys)) as gateway:
        yield gateway


@pytest.mark.parametrize("stray", ["schlüssel", "sk boss", "sk-boss…"])
def test_a_key_that_no_header_can_carry_can_be_mended(
    locked: Running, opened: Open, stray: str
) -> None:
    page = opened(at(locked), errors=(401,))
    box = page.get_by_label("Key")
    box.fill(stray)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("copy it again")
    box.fill(SECRET)
    page.keyboard.press("Enter")
    page.locator("article").first.wait_for()


def test_one_view_that_wants_another_key_takes_one(locked: Running, opened: Open) -> None:
    page = opened(at(locked), errors=(401,))
    page.get_by_label("Key").fill(SECRET)
    page.keyboard.press("Enter")
    page.locator("article").first.wait_for()

    def refuse(route: Route) -> None:
        body = '{"error": {"message": "this key is not known", "code": "invalid_api_key"}}'
        route.fulfill(status=401, content_type="application/json", body=body)

    page.route("**/dashboard/api/models", refuse)
    page.get_by_role("link", name="Models").click()
    page.get_by_text("this key is not known").wait_for()
    page.unroute("**/dashboard/api/models")
    page.get_by_label("Key").fill(SECRET)
    page.keyboard.press("Enter")
    page.locator("h1", has_text="Models").wait_for()


def test_every_page_says_that_the_gateway_has_gone(
    server: Server, opened: Open, tmp_path: Path
) -> None:
    with served(usual(server.url, tmp_path / "log.db")) as gateway:
        page = opened(at(gateway, "#/models"), errors=(0,))
        page.locator("h1", has_text="Models").wait_for()
        page.get_by_text("live", exact=True).wait_for()
        gateway.stop()
        expect(page.get_by_role("alert").first).to_contain_text("cannot be reached")


def test_the_headline_names_what_is_not_known_yet(
    upstream: Upstream, empty: Running, opened: Open
) -> None:
    page = opened(at(empty))
    for _ in range(30):
        empty.http.feedback(empty.http.chat("Hi", model="chat").name, value=True)
    headline = "1 of 2 promises holds, too little is known of law"
    expect(page.locator("h1")).to_have_text(headline)


def test_a_browser_that_keeps_nothing_still_shows_everything(seeded: Running, opened: Open) -> None:
    page = opened("about:blank")
    page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, name, {get() { throw new DOMException('blocked'); }});"
    )
    page.goto(at(seeded))
    page.locator("article").first.wait_for()
    page.get_by_role("button", name="Dark theme").click()
    page.get_by_role("button", name="Light theme").wait_for()


def test_costs_in_joules_are_called_so(upstream: Upstream, opened: Open, tmp_path: Path) -> None:
    price = {"input_per_mtok": 0.0, "output_per_mtok": 1.0}
    models = {
        name: {
            "provider": "local",
            "model": f"up-{name}",
            "cost": price,
            "energy_j_per_token": joules,
        }
        for name, joules in (("small", 1.0), ("medium", 2.0), ("large", 9.0))
    }
    settings = usual(upstream.url, tmp_path / "log.db", models=models, cost="joule")
    with served(settings) as gateway:
        gateway.http.chat("Hi", model="chat")
        page = opened(at(gateway, "#/promise/chat@0.75"))
        big = page.locator("section", has_text="In all").locator(".big")
        expect(big).to_contain_text(" J")
        expect(page.locator("main")).not_to_contain_text("$")
        page.close()  # before the gateway
