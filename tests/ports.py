"""Ports for servers of tests."""

import random
import socket


def free_port() -> int:
    """A port that no connection takes meanwhile: below those that the system gives to clients."""
    choose = random.SystemRandom()
    while True:
        port = choose.randrange(10_000, 32_768)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
