"""Files that are written whole or not at all."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
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
    with NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
        try:
            write(file)
            file.close()
            os.replace(file.name, path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
