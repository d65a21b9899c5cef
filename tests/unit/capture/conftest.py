"""What tests of captures share: a chat server, and no proxy between us and it."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.capture.chat_server import ChatServer

# Without the capture extra there is nothing here to test.
_NEEDED = ("aiohttp", "filelock", "jsonschema", "polars", "psutil", "yaml")
collect_ignore_glob = [] if all(map(find_spec, _NEEDED)) else ["test_*.py"]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy named in the environment of whoever runs the tests must not see them."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> "Iterator[ChatServer]":
    """A server that answers with the prompt in capitals."""
    from tests.unit.capture.chat_server import ChatServer

    with ChatServer() as running:
        yield running
