"""Keeps one server up: starts it, asks after its health, starts it again, and knows when to stop."""

import http.client
import logging
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

from messplus.zoo.state import Phase, ProcessMark, Served

_MAX_LINE_BYTES = 2**13
_LAST_LINES = 6
_MAX_REASON_CHARS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a keeper waits for what; all in seconds but `crashes`.

    Attributes:
        look_s: Between two looks at a server that is starting.
        calm_s: Between two looks at a healthy one.
        answer_s: For the answer to one look.
        hang_s: Without any answer after the first one; then a server is killed.
        load_s: For a server to become healthy.
        crashes: That many without `healthy_s` of health between them, and it gives up.
        healthy_s: Of health, after which earlier crashes are forgotten.
        first_wait_s: Before the first restart; twice as long before each further one.
        longest_wait_s: Before a restart.
        end_s: For a server to end when it is told to.
    """

    look_s: float = 0.2
    calm_s: float = 2.0
    answer_s: float = 2.0
    hang_s: float = 60.0
    load_s: float = 300.0
    crashes: int = 5
    healthy_s: float = 60.0
    first_wait_s: float = 0.5
    longest_wait_s: float = 10.0
    end_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How one model is served.

    Attributes:
        served: Its name, port and prices.
        arguments: The command; it must answer `GET /health` on the port, and end with its input.
    """

    served: Served
    arguments: tuple[str, ...]


class Keeper:
    """Keeps one server up, in a thread of its own, until it is told to stop.

    Attributes:
        served: How the model is now.
    """

    def __init__(
        self,
        command: Command,
        log: Path,
        patience: Patience,
        on_change: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start nothing yet.

        Args:
            command: What to run.
            log: File for what the server says; 2 MiB at most, the older half beside it.
            patience: How long to wait for what.
            on_change: Called after `served` has changed.
            clock: Seconds since any moment.
        """
        self.served = command.served
        self._arguments = command.arguments
        self._patience = patience
        self._on_change = on_change
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"keeper of {self.served.name}")
        self._log = RotatingFileHandler(
            log, maxBytes=2**20, backupCount=1, encoding="utf-8", errors="replace", delay=True
        )

    def start(self) -> None:
        """Start the server."""
        self._thread.start()

    def stop(self) -> None:
        """Tell the server to end; `join` waits for it."""
        self._stopping.set()

    def join(self) -> None:
        """Wait until the server has ended."""
        self._thread.join()
        self._log.close()

    def _run(self) -> None:
        patience, crashes = self._patience, 0
        while not self._stopping.is_set():
            healthy_s, reason = self._live()
            if self._stopping.is_set():
                return
            crashes = 1 if healthy_s >= patience.healthy_s else crashes + 1
            self._note(f"messplus: {reason}")
            if crashes >= patience.crashes:
                self._change("gave up", reason=f"{crashes} crashes in a row; at last: {reason}")
                return
            self._change("restarting", reason=reason, restarts=self.served.restarts + 1)
            wait_s = patience.first_wait_s * 2 ** (crashes - 1)
            self._stopping.wait(min(wait_s, patience.longest_wait_s))

    def _live(self) -> tuple[float, str]:
        """One life of the server: for how many seconds it was healthy, and how it ended."""
        lines: deque[str] = deque(maxlen=_LAST_LINES)
        try:
            process = subprocess.Popen(
                self._arguments,
                stdin=subprocess.PIPE,  # its end is the sign to end, even if we are killed
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C is for us alone
            )
        except OSError as error:
            return 0.0, f"it could not be started: {error}"
        with process:
            assert process.stdout is not None
            reader = threading.Thread(target=self._read, args=(process.stdout, lines))
            reader.start()
            try:
                self._change("starting", process=ProcessMark.of(process.pid))
                healthy_s, reason = self._watch(process)
            finally:
                self._end(process)
                reader.join()
        last = " | ".join(lines)[-_MAX_REASON_CHARS:]
        return healthy_s, f"{reason}; its last words: {last}" if last else reason

    def _watch(self, process: "subprocess.Popen[bytes]") -> tuple[float, str]:
        """Look at a server until it ends, hangs, or we are told to stop; as in `_live`."""
        patience, started = self._patience, self._clock()
        answered: float | None = None  # until then it may be busy with loading
        healthy: float | None = None
        healthy_s = 0.0
        wait_s = patience.look_s
        while not self._stopping.wait(wait_s):
            now = self._clock()
            if process.poll() is not None:
                return healthy_s, _how_it_ended(process.returncode)
            status = _health(self.served.port, patience.answer_s)
            if status is not None:
                answered = now
            if status == http.client.OK:
                healthy = now if healthy is None else healthy
                healthy_s = now - healthy
                if self.served.phase != "healthy":
                    self._change("healthy")
            elif self.served.phase == "healthy":
                self._change("silent")
            wait_s = patience.calm_s if self.served.phase == "healthy" else patience.look_s
            if answered is not None and now - answered > patience.hang_s:
                process.kill()
                return healthy_s, f"it did not answer for {patience.hang_s:g} s and was killed"
            if healthy is None and now - started > patience.load_s:
                process.kill()
                return healthy_s, f"it was not ready after {patience.load_s:g} s and was killed"
        return 0.0, "it was told to end"

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        """Close a server's input, and kill it if it does not end by itself."""
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(self._patience.end_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _read(self, said: IO[bytes], lines: "deque[str]") -> None:
        """Copy what a server says to the log, until it ends."""
        while line := said.readline(_MAX_LINE_BYTES):
            text = line.decode("utf-8", "replace").rstrip()
            if text:
                lines.append(text)
                self._note(text)

    def _note(self, line: str) -> None:
        self._log.handle(logging.makeLogRecord({"msg": line}))

    def _change(self, phase: Phase, **changes: object) -> None:
        ended = {} if phase in ("starting", "healthy", "silent") else {"process": None}
        self.served = replace(self.served, phase=phase, **{**ended, **changes})  # type: ignore[arg-type]
        self._on_change()


def _health(port: int, timeout_s: float) -> int | None:
    """The status of `GET /health`: 200 when healthy, 503 while loading, None without an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _how_it_ended(code: int) -> str:
    return f"it was ended by signal {-code}" if code < 0 else f"it ended with exit code {code}"
