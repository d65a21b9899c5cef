"""A disk on which whatever must be durable takes its time: for every process that is started meanwhile."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_SOURCE = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>
int fsync(int file) { usleep(DELAY_US); return syscall(SYS_fsync, file); }
int fdatasync(int file) { usleep(DELAY_US); return syscall(SYS_fdatasync, file); }
"""


@contextmanager
def slow_disk(folder: Path, delay_s: float) -> Iterator[None]:
    """Have processes that are started meanwhile wait at each fsync.

    Args:
        folder: That all of them can read.
        delay_s: How long, beside what the disk takes.
    """
    source, library = folder / "slow.c", folder / "slow.so"
    source.write_text(_SOURCE)
    subprocess.run(
        ["cc", "-shared", "-fPIC", f"-DDELAY_US={int(delay_s * 1e6)}", "-o", library, source],
        check=True,
    )
    library.chmod(0o755)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LD_PRELOAD", str(library))
        yield
