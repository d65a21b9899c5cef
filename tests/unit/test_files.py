"""A file is written whole or not at all."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from messplus.files import write_whole


def test_folders_are_made_and_nothing_else_stays(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b.txt"
    write_whole(target, lambda file: file.write(b"whole"))
    assert target.read_bytes() == b"whole"
    assert list(target.parent.iterdir()) == [target]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "b.txt"
    target.write_bytes(b"old")

    def fails(file: IO[bytes]) -> None:
        file.write(b"new, but not all of")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_whole(target, fails)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_others_may_read_it_if_the_umask_says_so(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, sys; os.umask(0o022); from messplus.files import write_whole; "
        "write_whole(pathlib.Path(sys.argv[1]), lambda file: file.write(b'x'))"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "b.txt")], check=True)
    assert stat.S_IMODE((tmp_path / "b.txt").stat().st_mode) == 0o644


KILLED = """
import os, pathlib, signal, sys
from messplus.files import write_whole

def half(file):
    file.write(b"half of it")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)

write_whole(pathlib.Path(sys.argv[1]), half)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
def test_kill_9_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "b.txt"
    target.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(target)], check=False)
    assert done.returncode == -9
    assert target.read_bytes() == b"old"
