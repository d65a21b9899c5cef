"""Files that are written whole or not at all."""

import os
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from typing import IO


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file so that no reader, and no crash, ever sees a part of it.

    Args:
        path: Where; its folder is made if need be.
        write: Called with the open file to fill it.

    Raises:
        OSError: The disk is full, or the folder cannot be written. Nothing is left behind, and a
            file that was there stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{token_hex(8)}.tmp")  # beside it: a rename works within one disk only
    try:
        with part.open("xb") as file:
            write(file)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
