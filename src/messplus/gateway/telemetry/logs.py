"""Logs that never make a request wait: lines are written by a thread of their own."""

import logging
import logging.handlers
import queue
from collections.abc import Callable, Iterable
from copy import copy
from types import TracebackType
from typing import Self, TextIO

from messplus.gateway.telemetry.ended import Ended
from messplus.gateway.telemetry.lines import Format, Lines

MOST_WAITING = 10_000
"""Lines that wait to be written; further ones are dropped and counted."""

STOP_S = 5.0
"""Longest time that the last lines get at the end."""

_ACCESS = logging.getLogger("messplus.access")
_TRACEBACK = logging.Formatter()


def log_access(one: Ended) -> None:
    """Write one line about a request that is over."""
    if _ACCESS.isEnabledFor(logging.INFO):
        record = logging.LogRecord(_ACCESS.name, logging.INFO, "", 0, "request", None, None)
        record.ended = one  # as `extra` does it, without looking for the caller's line of code
        _ACCESS.handle(record)


class Logs:
    """Takes over the logs of this process; a context manager.

    Whatever a library logs comes out in the same form. At the end the handlers that were there before
    are put back.
    """

    def __init__(
        self,
        stream: TextIO,
        kind: Format,
        *,
        secrets: Iterable[str] = (),
        on_drop: Callable[[], object] = lambda: None,
        level: int = logging.INFO,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        """Prepare; nothing is taken over yet.

        Args:
            stream: Where lines go, such as stderr.
            kind: `json` or `text`.
            secrets: What must not be written.
            on_drop: Called for each line that is lost: too many wait, or the stream cannot be written.
            level: Least level that is written.
            most_waiting: Lines that wait at most.
        """
        self._lines = Lines(kind, secrets)
        writer = _Writer(stream, on_drop)
        writer.setFormatter(self._lines)
        # Bounded by `_Waiting`: `queue.Queue` bounds itself, at ten times the price.
        waiting: queue.SimpleQueue[logging.LogRecord | None] = queue.SimpleQueue()
        self._handler = _Waiting(waiting, on_drop, most_waiting)
        self._listener = _Listener(waiting, writer)
        self._level = level

    def hide(self, secrets: Iterable[str]) -> None:
        """Say what else must not be written, after the configuration has changed."""
        self._lines.hide(secrets)

    def __enter__(self) -> Self:
        root = logging.getLogger()
        self._before = (root.handlers[:], root.level)
        root.handlers[:] = [self._handler]
        root.setLevel(self._level)
        self._listener.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        root = logging.getLogger()
        root.handlers[:], root.level = self._before[0], self._before[1]
        self._listener.stop()


class _Waiting(logging.handlers.QueueHandler):
    """Puts records where the listener finds them, or drops them at once."""

    def __init__(
        self,
        waiting: queue.SimpleQueue[logging.LogRecord | None],
        on_drop: Callable[[], object],
        most: int,
    ) -> None:
        super().__init__(waiting)
        self._waiting = waiting
        self._on_drop = on_drop
        self._most = most

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Make text of what may change before it is written."""
        if not record.args and not record.exc_info:
            return record
        record = copy(record)
        record.msg, record.args = record.getMessage(), None
        if record.exc_info:
            record.exc_text = _TRACEBACK.formatException(record.exc_info)
            record.exc_info = None
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        if self._waiting.qsize() < self._most:
            self._waiting.put(record)
        else:
            self._on_drop()


class _Writer(logging.StreamHandler[TextIO]):
    """Writes lines; one that cannot be written is lost, which nobody can be told by a log."""

    def __init__(self, stream: TextIO, on_drop: Callable[[], object]) -> None:
        super().__init__(stream)
        self._on_drop = on_drop

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        self._on_drop()


class _Listener(logging.handlers.QueueListener):
    """The thread that writes. It ends within `STOP_S`, also when nobody reads the stream."""

    def __init__(
        self, waiting: queue.SimpleQueue[logging.LogRecord | None], handler: logging.Handler
    ) -> None:
        super().__init__(waiting, handler)
        self._waiting = waiting

    def stop(self) -> None:
        thread = self._thread
        if thread is None:
            return
        self._waiting.put(None)
        thread.join(
            STOP_S
        )  # if nobody reads the stream, the thread, a daemon, ends with the process
        self._thread = None
