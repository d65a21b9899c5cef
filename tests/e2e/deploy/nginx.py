"""A real nginx with the configuration that ships, but for addresses and folders."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from tests.ports import free_port

SHIPPED = Path(__file__).parents[3] / "deploy" / "many" / "nginx.conf"
REQUIRED = os.environ.get("MESSPLUS_NGINX") == "required"
_STARTS_S = 30.0


def program() -> str:
    """The path of nginx; skips the test where there is none, unless MESSPLUS_NGINX=required."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        text = "there is no nginx on the PATH (Debian: nginx-light)"
        if REQUIRED:
            pytest.fail(f"MESSPLUS_NGINX=required, and {text}")
        pytest.skip(text)
    return found


def configuration(folder: Path, port: int, upstreams: Sequence[int]) -> str:
    """What ships, to listen on this port of the loopback, before these ports, writing to this folder."""
    text = SHIPPED.read_text()
    addresses = re.findall(r"server ([\d.]+:\d+) ", text)
    assert len(addresses) == len(upstreams)
    for address, upstream in zip(addresses, upstreams, strict=True):
        text = text.replace(f"server {address} ", f"server 127.0.0.1:{upstream} ")
    text = text.replace("listen 8080;", f"listen 127.0.0.1:{port};")
    text = text.replace("/tmp/", f"{folder}/")
    return text.replace("/dev/stdout", f"{folder}/access.log")


@dataclass(frozen=True, slots=True)
class Nginx:
    """One that runs.

    Attributes:
        port: On the loopback.
        config: Its file.
        process: Its first process.
    """

    port: int
    config: Path
    process: subprocess.Popen[bytes]

    def take_out(self, upstream: int) -> None:
        """Send nothing more to the gateway at this port; what it has it may finish."""
        self._edit(f"server 127.0.0.1:{upstream} ", f"server 127.0.0.1:{upstream} down ")

    def put_back(self, upstream: int) -> None:
        """Send requests to it again."""
        self._edit(f"server 127.0.0.1:{upstream} down ", f"server 127.0.0.1:{upstream} ")

    def _edit(self, old: str, new: str) -> None:
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))
        before = self._takes_requests()
        self.process.send_signal(signal.SIGHUP)
        until = time.monotonic() + _STARTS_S
        while self._takes_requests() & before or not self._takes_requests():
            assert time.monotonic() < until
            time.sleep(0.02)

    def _takes_requests(self) -> set[int]:
        """Its processes that listen."""
        found = set()
        for one in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # it has just ended
                if "shutting down" not in " ".join(one.cmdline()):
                    found.add(one.pid)
        return found


@contextmanager
def nginx(folder: Path, upstreams: Sequence[int]) -> Iterator[Nginx]:
    """Run nginx.

    Args:
        folder: For its files.
        upstreams: Ports of the gateways.
    """
    port = free_port()
    path = folder / "nginx.conf"
    path.write_text(configuration(folder, port, upstreams))
    # As root its workers would be somebody who may not enter the folder.
    options = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
    with (folder / "error.log").open("wb") as log:
        process = subprocess.Popen(
            [program(), "-p", folder, "-c", path, "-e", "stderr", "-g", options],
            stdout=log,
            stderr=log,
        )
    try:
        _wait(process, port, folder / "error.log")
        yield Nginx(port, path, process)
    finally:
        process.send_signal(signal.SIGQUIT)  # what is under way is finished, and logged
        try:
            process.wait(10.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _STARTS_S
    while True:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.02)
        else:
            return
