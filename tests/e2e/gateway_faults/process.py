"""`messplus serve` as a process of its own: started, listened to, killed."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import yaml

LONGEST_S = 60.0


@dataclass
class Process:
    """A gateway, and what it has logged so far.

    Attributes:
        popen: The process.
        log: The messages of its log.
    """

    popen: subprocess.Popen[str]
    log: list[str] = field(default_factory=list)
    _address: str = ""
    _news: threading.Condition = field(default_factory=threading.Condition)
    _ended: bool = False

    def listen(self, stderr: IO[str]) -> None:
        """Take note of every line of its log, to its end."""
        for line in stderr:
            said: dict[str, Any] = {"message": line}
            with suppress(json.JSONDecodeError):  # of a process that was killed, or cannot start
                said = json.loads(line)
            with self._news:
                self.log.append(said["message"])
                self._address = said.get("address", self._address)
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    @property
    def address(self) -> str:
        """Where it serves, once it does."""
        with self._news:
            assert self._news.wait_for(lambda: self._address or self._ended, LONGEST_S), self.log
            assert self._address, self.log
            return self._address

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end; gives the exit code."""
        self.popen.send_signal(number)
        return self.popen.wait(LONGEST_S)


@contextmanager
def serving(config: Path, *options: str, module: str = "messplus") -> Iterator[Process]:
    """A gateway that serves a file on a free port; killed in the end, if it still runs."""
    with running([*command(config, module=module), *options]) as process:
        yield process


@contextmanager
def running(command: Sequence[str]) -> Iterator[Process]:
    """A process that logs JSON; killed in the end, if it still runs."""
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as popen:
        assert popen.stderr is not None
        process = Process(popen)
        listening = threading.Thread(target=process.listen, args=(popen.stderr,))
        listening.start()
        try:
            yield process
        finally:
            popen.kill()
            listening.join()


def command(config: Path, port: int = 0, module: str = "messplus") -> list[str]:
    """What starts it."""
    arguments = ["serve", "--config", str(config), "--port", str(port), "--log-format", "json"]
    return [sys.executable, "-m", module, *arguments]


def configure(folder: Path, upstream_port: int, **sections: object) -> Path:
    """Write the usual file: two models, one route, a store in the same folder."""
    model = {"provider": "local", "cost": {"input_per_mtok": 1.0, "output_per_mtok": 2.0}}
    dear = {"provider": "local", "cost": {"input_per_mtok": 10.0, "output_per_mtok": 20.0}}
    usual = {
        "server": {"drain_s": 5},
        "providers": {"local": {"base_url": f"http://127.0.0.1:{upstream_port}/v1"}},
        "models": {"small": model, "large": dear},
        "routes": {"chat": {"alpha": 0.8}},
        "store": "sqlite:log.db",
    }
    config = folder / "gateway.yaml"
    config.write_text(yaml.safe_dump({**usual, **sections}))
    return config
