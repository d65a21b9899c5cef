"""Fixtures that every test may ask for."""

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of recorded outcomes beside the checkout; skips the test where there is none."""
    if not SHARED_DATA.is_dir():
        pytest.skip("recorded outcomes are not shipped: there is no ../shared/data")
    return SHARED_DATA


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for recorded outcomes, so that `-m "not shared_data"` leaves it out."""
    for item in items:
        if isinstance(item, pytest.Function) and "shared_data" in item.fixturenames:
            item.add_marker(pytest.mark.shared_data)
