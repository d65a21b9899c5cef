"""A gateway that everybody may talk nonsense to."""

import os
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

# Without the gateway extra there is nothing here to test.
_NEEDED = ("aiohttp", "orjson", "pydantic", "uvicorn", "schemathesis")
collect_ignore_glob = [] if all(map(find_spec, _NEEDED)) else ["test_*.py"]

if TYPE_CHECKING:
    from tests.e2e.gateway.conftest import Running
    from tests.e2e.gateway.http import Http
    from tests.e2e.gateway_fuzz.raw import Port

EXAMPLES = int(os.environ.get("MESSPLUS_FUZZ_EXAMPLES", "12"))
"""Made-up requests for each path."""


@pytest.fixture(scope="session")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Running"]:
    """The gateway of all these tests; whatever it was sent, in the end its log must replay."""
    from tests.e2e.gateway.conftest import running, zoo_of
    from tests.e2e.gateway.scripted import scripted_server

    store = tmp_path_factory.mktemp("fuzz") / "log.db"
    with scripted_server() as server:
        server.upstream()
        one = {"max_body_mb": 1.0, "drain_s": 1}
        with running(zoo_of(server.url, store, server=one)) as gateway:
            yield gateway


@pytest.fixture
def http(fuzzed: "Running") -> Iterator["Http"]:
    """Connections to it; after each test it still answers."""
    from tests.e2e.gateway.http import Http

    with closing(Http(fuzzed.address)) as http:
        yield http
        assert http.chat().status == 200


@pytest.fixture
def port(fuzzed: "Running", http: "Http") -> "Port":
    """Where it takes bytes of any kind."""
    from tests.e2e.gateway_fuzz.raw import Port

    assert http.address == fuzzed.address
    return Port(int(fuzzed.address.rsplit(":", 1)[1]))
