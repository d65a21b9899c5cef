"""What tests of captures share: a chat server, and no proxy between us and it."""

from collections.abc import Iterator

import pytest

for _module in ("aiohttp", "filelock", "jsonschema", "polars", "psutil", "yaml"):
    pytest.importorskip(_module, reason="needs the capture extra")

from tests.unit.capture.chat_server import ChatServer


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy named in the environment of whoever runs the tests must not see them."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[ChatServer]:
    """A server that answers with the prompt in capitals."""
    with ChatServer() as running:
        yield running
