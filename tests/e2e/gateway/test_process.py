"""`messplus serve` as a process: signals, reloads, an orderly end."""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest
import yaml
from tests.e2e.gateway.conftest import assert_replays
from tests.e2e.gateway.http import Http, chat_body
from tests.e2e.gateway.scripted import Upstream, streams

from messplus.gateway.config import read_settings
from messplus.gateway.opening import made_of
from messplus.router.kept import name_of
from messplus.stores import open_store

LONGEST_S = 20


@dataclass
class Process:
    """A gateway of its own process, and what it has logged so far."""

    popen: subprocess.Popen[str]
    config: Path
    log: list[dict[str, Any]] = field(default_factory=list)
    ended: bool = False
    _said: threading.Condition = field(default_factory=threading.Condition)

    def listen(self, stderr: IO[str]) -> None:
        """Take note of every line of its log; of what is said before and beside it, too."""
        for line in stderr:
            with self._said:
                self.log.append(json.loads(line) if line[0] == "{" else {"message": line})
                self._said.notify_all()
        with self._said:
            self.ended = True
            self._said.notify_all()

    def says(self, words: str) -> dict[str, Any]:
        """The first line with these words, once it is there."""
        with self._said:
            self._said.wait_for(lambda: self.ended or self._find(words), LONGEST_S)
            found = self._find(words)
        assert found is not None, self.log
        return found

    def configure(self, **sections: Any) -> None:  # noqa: ANN401  # as in YAML
        """Write these sections in place of the file's own."""
        old = yaml.safe_load(self.config.read_text())
        self.config.write_text(yaml.safe_dump({**old, **sections}))

    def _find(self, words: str) -> dict[str, Any] | None:
        return next((one for one in self.log if words in one["message"]), None)


@pytest.fixture
def process(upstream: Upstream, tmp_path: Path) -> Iterator[Process]:
    """A gateway that serves a file; ended in any case."""
    config = tmp_path / "gateway.yaml"
    priced = {"provider": "local", "cost": {"output_per_mtok": 1.0}}
    sections = {
        "server": {"drain_s": LONGEST_S},
        "providers": {"local": {"base_url": upstream.url}},
        "models": {"small": priced, "large": priced},
        "routes": {"chat": {"alpha": 0.8}},
        "store": "sqlite:log.db",
    }
    config.write_text(yaml.safe_dump(sections))
    arguments = ["serve", "--config", str(config), "--port", "0", "--log-format", "json"]
    with (
        subprocess.Popen(
            [sys.executable, "-m", "messplus", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as popen,
        ExitStack() as stack,
    ):
        stack.callback(popen.kill)
        assert popen.stderr is not None
        process = Process(popen, config)
        listening = threading.Thread(target=process.listen, args=(popen.stderr,))
        listening.start()
        stack.callback(listening.join)
        stack.callback(popen.kill)
        yield process


@contextmanager
def http_of(process: Process) -> Iterator[Http]:
    with closing(Http(process.says("serving")["address"])) as http:
        yield http


def hang_up(process: Process, _: Http) -> None:
    process.popen.send_signal(signal.SIGHUP)
    process.says("taken anew")


def ask_for_it(_: Process, http: Http) -> None:
    assert http.ask("POST", "/admin/reload", None).json == {"status": "reloaded"}


@pytest.mark.parametrize("reload", [hang_up, ask_for_it])
def test_a_changed_file_is_taken_while_serving(
    process: Process, reload: Callable[[Process, Http], None]
) -> None:
    with http_of(process) as http:
        assert http.chat().headers["x-messplus-alpha"] == "0.8"
        process.configure(routes={"chat": {"alpha": 0.9}, "code": {"alpha": 0.5}})
        assert http.chat(model="code").status == 404
        reload(process, http)
        assert http.chat().headers["x-messplus-alpha"] == "0.9"
        assert http.chat(model="code").status == 200


def test_a_file_with_a_mistake_is_refused_whole(process: Process) -> None:
    with http_of(process) as http:
        process.configure(routes={"chat": {"alpha": 0.9, "modles": ["small"]}})
        refused = http.ask("POST", "/admin/reload", None)
        assert (refused.status, refused.error["code"]) == (422, "invalid_configuration")
        assert "did you mean 'models'?" in refused.error["message"]

        process.popen.send_signal(signal.SIGHUP)
        process.says("the configuration is wrong")
        assert http.chat().headers["x-messplus-alpha"] == "0.8"


def test_it_ends_in_order(process: Process, upstream: Upstream) -> None:
    """A stream under way ends whole, new connections are refused, the log is closed with a snapshot."""
    gate = upstream.gate()
    with http_of(process) as http:
        http.feedback(http.chat().name, 1)
        upstream.script(streams("first", "last", wait=gate))
        host, port = http.address.removeprefix("http://").split(":")
        with http.streaming("POST", "/v1/chat/completions", chat_body(stream=True)) as answer:
            lines = iter(answer)
            assert next(line for line in lines if b"first" in line)
            process.popen.send_signal(signal.SIGTERM)
            process.says("requests under way are finished first")
            process.says("Waiting for connections to close")
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((host, int(port)), timeout=LONGEST_S)
            gate.open()
            rest = b"".join(lines)
    assert b'"last"' in rest
    assert rest.rstrip().endswith(b"data: [DONE]")
    assert process.popen.wait(LONGEST_S) == 0

    settings = read_settings(process.config)
    assert_replays(settings)
    made = made_of(settings)
    with closing(open_store(settings.store)) as log:
        snapshot = log.kept(name_of(made.engine, {route.name: route for route in made.routes}))
        *_, last = log.events()
    assert snapshot is not None
    assert snapshot[0] == last.sequence
