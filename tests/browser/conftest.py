"""A real browser on the dashboard of a real gateway. Whatever its console says fails the test."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.e2e.gateway.conftest import Running, _no_proxy, running, server, upstream, zoo_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request, Response
    from tests.e2e.gateway.scripted import Server, Upstream

    from messplus.gateway.config.settings import Settings

__all__ = ["_no_proxy", "server", "upstream"]  # fixtures of the gateway's own tests

NEEDED = ("playwright", "uvicorn", "aiohttp")
REQUIRED = os.environ.get("MESSPLUS_BROWSER") == "required"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
)  # fmt: skip

collect_ignore_glob = [] if all(map(find_spec, NEEDED)) else ["test_*.py"]

Open = Callable[..., "Page"]
"""Opens a page; `theme`, `width` and `errors` (the statuses that the test expects) may be given."""


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium, as the system has it.

    Of one module, not of the session: Playwright keeps an event loop on the thread of the tests for as
    long as it runs, and tests of other modules have loops of their own.
    """
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        if REQUIRED:
            pytest.fail("MESSPLUS_BROWSER=required, and there is no chromium on the PATH")
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: "Browser") -> Iterator[Open]:
    """Opens pages, and fails if one of them complained."""
    complaints: list[str] = []
    contexts = []

    def open_page(
        url: str, *, theme: str = "light", width: int = 1280, errors: tuple[int, ...] = ()
    ) -> "Page":
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        expected = tuple(f"status of {status} " for status in errors)

        def heard(kind: str, text: str) -> None:
            if kind in ("error", "warning") and not any(one in text for one in expected):
                if 0 in errors and "net::ERR" in text:
                    return
                complaints.append(f"{kind}: {text}")

        def failed(request: "Request") -> None:
            why = request.failure or ""
            gone = 0 in errors and why.startswith("net::ERR_")
            if why != "net::ERR_ABORTED" and not gone:  # aborted: the page has moved on
                complaints.append(f"failed: {request.url}: {why}")

        def answered(response: "Response") -> None:
            if response.status >= 400 and response.status not in errors:
                complaints.append(f"status {response.status}: {response.url}")

        page.on("requestfailed", failed)
        page.on("response", answered)
        page.on("console", lambda message: heard(message.type, message.text))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@contextmanager
def served(settings: "Settings") -> Iterator[Running]:
    """A gateway on a log that is there already."""
    with running(settings) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def seeded(server: "Server", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A gateway with a promise that is kept, one that is out of reach, and 10,000 decisions."""
    from tests.browser.traffic import serve_made_up

    store = tmp_path_factory.mktemp("seeded") / "log.db"
    settings = usual(server.url, store)
    serve_made_up(settings, 10_000)
    with served(settings) as gateway:
        wait_until_read(gateway, 10_000)
        yield gateway


@pytest.fixture
def empty(upstream: "Upstream", tmp_path: Path) -> Iterator[Running]:
    """A gateway that nobody has asked anything."""
    with served(usual(upstream.url, tmp_path / "log.db")) as gateway:
        yield gateway


def usual(url: str, store: Path, **sections: object) -> "Settings":
    """Two routes, three models, prompts kept."""
    price = {"input_per_mtok": 0.0, "output_per_mtok": 1.0}
    models = {
        name: {
            "provider": "local",
            "model": f"up-{name}",
            "cost": {**price, "output_per_mtok": dear},
        }
        for name, dear in (("small", 0.1), ("medium", 0.6), ("large", 8.0))
    }
    routes = {
        "chat": {"alpha": 0.75, "spread": 0.15},
        "law": {"alpha": 0.95, "models": ["small", "medium"], "spread": 0.1},
    }
    return zoo_of(
        url,
        store,
        **{"models": models, "routes": routes, "server": {"keep_prompts": True}, **sections},
    )


def wait_until_read(gateway: Running, decisions: int) -> None:
    """Until the dashboard knows the whole log."""
    from tests.e2e.gateway.test_dashboard import seen

    seen(gateway.http, "/overview", lambda one: one["log"]["decisions"] == decisions)
