"""A line between a gateway and its database that can be cut: nothing passes, and nobody is told."""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Line:
    """Passes bytes on to a port of this machine, unless it is cut."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._cut = threading.Event()
        self._ended = threading.Event()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def cut(self) -> None:
        """From now on nothing passes; connections stay open."""
        self._cut.set()

    def mend(self) -> None:
        """Connections from before are reset, new ones pass."""
        self._cut.clear()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        with selectors.DefaultSelector() as ready, self._listening:
            ready.register(self._listening, selectors.EVENT_READ, None)
            was_cut = False
            while not self._ended.is_set():
                if self._cut.is_set():
                    was_cut = True
                    self._ended.wait(0.05)
                    continue
                if was_cut:
                    self._reset(ready)
                    was_cut = False
                for key, _ in ready.select(0.05):
                    if key.data is None:
                        self._accept(ready)
                    else:
                        self._pass(ready, key.data)
            self._reset(ready)

    def _accept(self, ready: selectors.BaseSelector) -> None:
        near, _ = self._listening.accept()
        try:
            far = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            near.close()
            return
        for one, other in ((near, far), (far, near)):
            ready.register(one, selectors.EVENT_READ, (one, other))
        self._pairs.append((near, far))

    def _pass(
        self, ready: selectors.BaseSelector, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        source, target = pair
        try:
            content = source.recv(65_536)
            if content:
                target.sendall(content)
                return
        except OSError:
            pass  # one side is gone: so is the other
        for one in pair:
            with suppress(KeyError, ValueError):
                ready.unregister(one)
            one.close()

    def _reset(self, ready: selectors.BaseSelector) -> None:
        for pair in self._pairs:
            for one in pair:
                with suppress(KeyError, ValueError):
                    ready.unregister(one)
                one.close()
        self._pairs.clear()


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """A line, as long as the context lasts."""
    line = Line(port)
    try:
        yield line
    finally:
        line.close()
