"""What stands around the gateways of deploy/: nginx."""

from importlib.util import find_spec

import pytest

# Without the gateway and a shared log there is nothing that could be deployed many times.
_NEEDED = ("aiohttp", "asyncpg", "orjson", "psutil", "pydantic", "uvicorn")
collect_ignore_glob = [] if all(map(find_spec, _NEEDED)) else ["test_rolling.py"]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy named in the environment of whoever runs the tests must not see them."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
