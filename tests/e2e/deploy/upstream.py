"""A tiny server in a gateway's place, which says who it is and what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

EVENTS = (b"data: 1\n\n", b"data: 2\n\n", b"data: [DONE]\n\n")


@dataclass(slots=True)
class Upstream:
    """A server, while it runs.

    Attributes:
        name: What it calls itself in its answers.
        port: On the loopback.
        asked: Paths of the requests that it got, whole or not.
        connections: That were opened to it.
        next: Must be set, once for each, for a stream's next event to be sent.
    """

    name: str
    port: int = 0
    asked: list[str] = field(default_factory=list)
    connections: int = 0
    next: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


@contextmanager
def upstream(name: str) -> Iterator[Upstream]:
    """Run a server on a free port of the loopback."""
    told = Upstream(name)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30.0
        disable_nagle_algorithm = True  # head and body are written apart

        def setup(self) -> None:
            super().setup()
            told.connections += 1

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            told.asked.append(self.path)
            size = len(self.rfile.read(int(self.headers.get("content-length", 0))))
            match self.path.removeprefix("/").split("/"):
                case ["status", code]:
                    self._say(int(code), size)
                case ["drop"]:
                    self.close_connection = True
                case ["stream"]:
                    self._stream()
                case _:
                    self._say(200, size)

        def _say(self, status: int, size: int) -> None:
            given = self.headers.get("x-request-id")
            body = json.dumps({"name": told.name, "size": size, "request": given}).encode()
            self.send_response(status)
            self.send_header("x-request-id", given or f"named-by-{told.name}")
            self.send_header("retry-after", "7")
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _stream(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for event in EVENTS:
                if not told.next.acquire(timeout=30.0):
                    self.close_connection = True  # cut: the client sees that it is not whole
                    return
                self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
