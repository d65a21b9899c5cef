"""What a child says to its supervisor, over a socket that is its standard input."""

import os
from typing import Final

SOCKET: Final = 0
"""Standard input."""


READY: Final = b"+"
RELOADED: Final = b"r"


def say_ready() -> None:
    """Tell the supervisor that this process takes requests."""
    os.write(SOCKET, READY)


def say_reloaded() -> None:
    """Have the supervisor tell the others to take their configuration anew."""
    os.write(SOCKET, RELOADED)
