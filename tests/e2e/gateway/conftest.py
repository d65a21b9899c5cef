"""A gateway between a client and a scripted upstream, all over real HTTP on this machine."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

# Without the gateway extra there is nothing here to test.
_NEEDED = ("aiohttp", "orjson", "pydantic", "uvicorn", "openai")
collect_ignore_glob = [] if all(map(find_spec, _NEEDED)) else ["test_*.py"]

if TYPE_CHECKING:
    from tests.e2e.gateway.http import Http
    from tests.e2e.gateway.scripted import Server, Upstream

    from messplus.gateway.config.settings import Settings

Start = Callable[..., "Running"]
"""Starts a gateway. Its arguments are sections of the configuration, in place of the usual ones."""


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that takes requests.

    Attributes:
        address: Without `/v1`.
        http: Plain HTTP to it.
        settings: As it was started.
        stop: Ends it in order; what runs in the end is ended without being asked.
    """

    address: str
    http: "Http"
    settings: "Settings"
    stop: Callable[[], None]

    @property
    def v1(self) -> str:
        """What clients call the base URL."""
        return f"{self.address}/v1"

    def with_key(self, key: str) -> "Http":
        """The same connections, as whoever has this key."""
        return self.http.with_key(key)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy named in the environment of whoever runs the tests must not see them."""
    for name in (
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def server() -> Iterator["Server"]:
    """Where upstreams listen."""
    from tests.e2e.gateway.scripted import scripted_server

    with scripted_server() as server:
        yield server


@pytest.fixture
def upstream(server: "Server") -> "Upstream":
    """Whoever answers behind the gateways of a test."""
    return server.upstream()


@pytest.fixture(scope="session")
def shared(server: "Server", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The gateway of all tests that do not mind what others have asked it; its log must replay, too."""
    folder = tmp_path_factory.mktemp("shared")
    with running(zoo_of(server.url, folder / "log.db")) as gateway:
        yield gateway


@pytest.fixture
def gateway(shared: Running, upstream: "Upstream") -> Running:
    """One with two models, `small` and `large`, behind a route `chat`; everybody may call.

    It is shared: names must be of one test alone, and models must not fail.
    """
    return shared


@pytest.fixture
def start(upstream: "Upstream", tmp_path: Path) -> Iterator[Start]:
    """Starts gateways for one test; in the end each is ended in order, and its log must replay."""
    with ExitStack() as stack:

        def begin(**sections: Any) -> Running:  # noqa: ANN401  # as in YAML
            config = zoo_of(upstream.url, tmp_path / "log.db", **sections)
            return stack.enter_context(running(config))

        yield begin


@pytest.fixture(scope="session")
def javascript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with scripts beside the SDK that they use, in the version of the lock file."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node is not installed")
    folder = tmp_path_factory.mktemp("js")
    for source in (Path(__file__).parent / "js").iterdir():
        if source.is_file():
            shutil.copy(source, folder)
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    if any(code in done.stderr for code in ("ENOTFOUND", "ECONNREFUSED", "EAI_AGAIN", "ETIMEDOUT")):
        pytest.skip("the registry of npm cannot be reached")
    assert done.returncode == 0, done.stderr
    return folder


def zoo_of(url: str, store: Path, **sections: Any) -> "Settings":  # noqa: ANN401
    """The usual configuration, with other sections in place of its own."""
    from messplus.gateway.config.settings import Settings

    price = {"input_per_mtok": 1.0, "output_per_mtok": 2.0}
    dear = {"input_per_mtok": 10.0, "output_per_mtok": 20.0}
    server = {"port": 0, "drain_s": 5, **sections.pop("server", {})}
    usual = {
        "providers": {"local": {"base_url": url, "api_key": "sk-upstream", "retries": 0}},
        "models": {
            "small": {"provider": "local", "model": "up-small", "cost": price},
            "large": {"provider": "local", "model": "up-large", "cost": dear},
        },
        "routes": {"chat": {"alpha": 0.8}},
        "store": f"sqlite:{store}",
    }
    return Settings.model_validate({**usual, **sections, "server": server})


@contextmanager
def running(settings: "Settings") -> Iterator[Running]:
    """A gateway, ended in order unless it was before; its log must replay."""
    from tests.e2e.gateway.http import Http

    from messplus.gateway.serve import serving

    with ExitStack() as stack:
        address = stack.enter_context(serving(settings))
        http = stack.enter_context(closing(Http(address)))
        yield Running(address, http, settings, stack.close)
    assert_replays(settings)


def assert_replays(settings: "Settings") -> None:
    """Every decision of a gateway's log is taken the same way again."""
    from messplus.gateway.opening import made_of
    from messplus.router import verify
    from messplus.stores import open_store

    made = made_of(settings)
    with closing(open_store(settings.store)) as log:
        found = verify(made.engine, made.routes, log)
    assert found.mismatches == 0, f"{found.first_mismatch} of {found.decisions}"
