"""Where pages are, and what they must show."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.gateway.conftest import Running

if TYPE_CHECKING:
    from playwright.sync_api import Page

API = "/dashboard/api"
CHAT = "chat@0.75"
FOCUSED = "document.activeElement"


def at(gateway: Running, place: str = "#/") -> str:
    return f"{gateway.address}/dashboard/{place}"


def percent(share: float, digits: int = 1) -> str:
    """As format.js writes it."""
    return f"{100 * share:.{digits}f} %"


def view(gateway: Running, path: str) -> dict[str, Any]:
    return gateway.http.get(API + path).json


def decision(gateway: Running) -> str:
    name: str = view(gateway, "/decisions?limit=1&feedback=dissatisfied")["data"][0]["id"]
    return name


def pages(gateway: Running) -> dict[str, str]:
    """Every page, and a word of its headline."""
    return {
        "#/": "promises",
        f"#/promise/{CHAT}": "chat",
        "#/models": "Models",
        "#/decisions": "Decisions",
        f"#/decision/{decision(gateway)}": "answered",
        f"#/what-if/{CHAT}": "another promise",
    }


def tab_to(page: "Page", text: str, key: str = "Tab") -> None:
    """Press a key until something of that name has the focus, and shows it."""
    _press_until(page, key, lambda: page.evaluate(f"{FOCUSED}.innerText") == text, text)


def tab_into(page: "Page", address: str) -> None:
    """Press Tab until a link to such an address has the focus, and shows it."""
    _press_until(page, "Tab", lambda: address in (page.evaluate(f"{FOCUSED}.href ?? ''")), address)


def _press_until(page: "Page", key: str, there: Callable[[], bool], what: str) -> None:
    for _ in range(25):
        page.keyboard.press(key)
        if there():
            assert page.evaluate(f"getComputedStyle({FOCUSED}).outlineStyle") != "none"
            return
    pytest.fail(f"{what} cannot be reached by keys")
