"""Stands for a model's server: answers `GET /health`, and misbehaves as it is told.

python fake_server.py PORT [--crash-after SECONDS] [--exit CODE] [--loading] [--stubborn] [--talk]
"""

import argparse
import http.server
import os
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--crash-after", type=float)
    parser.add_argument("--exit", type=int)
    parser.add_argument("--loading", action="store_true")
    parser.add_argument("--stubborn", action="store_true")
    parser.add_argument("--talk", action="store_true")
    given = parser.parse_args()
    print("hello from the fake", flush=True)
    if given.exit is not None:
        print("no such model %s", flush=True)
        sys.exit(given.exit)
    Handler.status = 503 if given.loading else 200
    server = http.server.ThreadingHTTPServer(("127.0.0.1", given.port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if given.crash_after is not None:
        threading.Timer(given.crash_after, os._exit, (7,)).start()
    if given.talk:
        for number in range(60_000):
            print(f"{number} {'x' * 100}")
        print("said all", flush=True)
    sys.stdin.buffer.read()
    if given.stubborn:
        threading.Event().wait(60)
    os._exit(0)


if __name__ == "__main__":
    main()
