"""Many gateways over one PostgreSQL, as processes of their own."""

from importlib.util import find_spec

import pytest

# Without the gateway and postgres extras there is nothing here to test.
_NEEDED = ("aiohttp", "asyncpg", "orjson", "pydantic", "uvicorn")
collect_ignore_glob = [] if all(map(find_spec, _NEEDED)) else ["test_*.py"]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy named in the environment of whoever runs the tests must not see them."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
