"""Pictures of the dashboard for the documentation: a gateway over made-up traffic, always the same."""

import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright
from tests.browser.traffic import serve_made_up

from messplus.gateway.config.settings import Settings
from messplus.gateway.serve import serving

FOLDER: Final = Path("docs/assets/dashboard")
PAGES: Final = {
    "overview": "#/",
    "promise": "#/promise/chat%400.75",
    "decision": "#/decision/{decision}",
    "what-if": "#/what-if/chat%400.75",
}


def settings_of(store: Path) -> Settings:
    """Two promises over three models; nobody is asked."""
    price = {"small": 0.1, "medium": 0.6, "large": 8.0}
    return Settings.model_validate(
        {
            "server": {"port": 0, "keep_prompts": True},
            "providers": {"local": {"base_url": "http://127.0.0.1:9/v1"}},
            "models": {
                name: {"provider": "local", "cost": {"output_per_mtok": dear}}
                for name, dear in price.items()
            },
            "routes": {
                "chat": {"alpha": 0.75, "spread": 0.15},
                "law": {"alpha": 0.95, "models": ["small", "medium"], "spread": 0.1},
            },
            "store": f"sqlite:///{store}",
        }
    )


def main() -> None:
    """Make every picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_of(Path(folder) / "log.db")
        serve_made_up(settings, 10_000)
        with serving(settings) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
            )
            api = browser.new_context().request
            while api.get(f"{address}/dashboard/api/overview").json()["log"]["behind"]:
                pass
            judged = api.get(f"{address}/dashboard/api/decisions?feedback=judged&limit=1").json()
            decision = judged["data"][0]["id"]
            for theme in ("light", "dark"):
                context = browser.new_context(
                    viewport={"width": 1280, "height": 800},
                    color_scheme="dark" if theme == "dark" else "light",
                )
                page = context.new_page()
                for name, place in PAGES.items():
                    page.goto(f"{address}/dashboard/{place.format(decision=decision)}")
                    page.locator("h1").wait_for()
                    page.wait_for_timeout(1200)
                    page.screenshot(path=FOLDER / f"{name}-{theme}.png")
            browser.close()


if __name__ == "__main__":
    main()
