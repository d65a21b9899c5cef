"""Fixtures that every test may ask for, and how Hypothesis searches."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Timings are for benchmarks, so no deadline; people search new examples in every run, CI the same ones
# every time: it must not fail by the luck of the draw.
settings.register_profile("messplus", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("messplus")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of recorded outcomes beside the checkout; skips the test where there is none."""
    if not SHARED_DATA.is_dir():
        pytest.skip("recorded outcomes are not shipped: there is no ../shared/data")
    return SHARED_DATA


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    """The address of a PostgreSQL that is there until all tests are over."""
    from tests import postgres  # needs what only the full test environment has
    from tests.ports import free_port

    with postgres.address(free_port()) as address:
        yield address


@pytest.fixture
def postgres_url(postgres_address: str) -> str:
    """The address of an empty log in it."""
    from tests import postgres

    return postgres.fresh(postgres_address)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for recorded outcomes, so that `-m "not shared_data"` leaves it out."""
    for item in items:
        if isinstance(item, pytest.Function) and "shared_data" in item.fixturenames:
            item.add_marker(pytest.mark.shared_data)
