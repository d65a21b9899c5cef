"""Servers under load: started as processes of their own on one core, and watched."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

SERVED_ON = {0}
"""The core of the server that is measured; clients and the upstream behind it have the others."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is up.

    Attributes:
        port: On the loopback.
        process: It, with its children.
    """

    port: int
    process: psutil.Process

    def cpu_s(self) -> float:
        """Seconds of CPU that it has used so far, with its children."""
        times = [one.cpu_times() for one in (self.process, *self.process.children(recursive=True))]
        return sum(one.user + one.system for one in times)

    def rss_mb(self) -> float:
        """Memory that it holds now, with its children."""
        all_of_it = (self.process, *self.process.children(recursive=True))
        return sum(one.memory_info().rss for one in all_of_it) / 2**20


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str],
    port: int,
    health: str,
    *,
    log: Path,
    cores: set[int] | None = None,
    environment: Mapping[str, str] | None = None,
    within_s: float = 120.0,
) -> Iterator[Server]:
    """Start a server, wait until it is healthy, and end it afterwards.

    Raises:
        RuntimeError: It ended, or was not healthy in time; the message has the end of its log.
    """
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*_pinned(cores), *command],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
    try:
        _wait(process, f"http://127.0.0.1:{port}{health}", within_s, log)
        yield Server(port, psutil.Process(process.pid))
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _pinned(cores: set[int] | None) -> list[str]:
    """What a command begins with in order to keep to some cores."""
    return ["taskset", "-c", ",".join(map(str, sorted(cores)))] if cores else []


def _wait(process: subprocess.Popen[bytes], url: str, within_s: float, log: Path) -> None:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{url}: ended with {process.returncode}: {_tail(log)}")
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except urllib.error.HTTPError:
            return  # it answers
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{url}: not up within {within_s:g} s: {_tail(log)}")


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


def python(*arguments: str) -> list[str]:
    """A command of this interpreter."""
    return [sys.executable, *arguments]
