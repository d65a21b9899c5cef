"""Small machines on a large one: processes that may use a part of a core each."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_ROOT: Final = Path("/sys/fs/cgroup/cpu")
_PERIOD_US: Final = 20_000


class Quota:
    """So much of a core for whoever is put into it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def limit(self, pid: int) -> None:
        """Hold a process, with all its threads, to it."""
        (self._folder / "cgroup.procs").write_text(str(pid))


@contextmanager
def quota(share: float) -> Iterator[Quota]:
    """A quota, as long as the context lasts: the processes in it must have ended by then.

    Args:
        share: Of one core, > 0.

    Raises:
        SystemExit: This machine has no control groups (v1) that one may make here.
    """
    folder = _ROOT / f"messplus-{uuid.uuid4().hex[:12]}"
    if not (_ROOT / "cpu.cfs_quota_us").parent.is_dir() or not os.access(_ROOT, os.W_OK):
        raise SystemExit(f"{_ROOT} cannot be written: small machines cannot be made here")
    folder.mkdir()
    try:
        (folder / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
        (folder / "cpu.cfs_quota_us").write_text(str(int(share * _PERIOD_US)))
        yield Quota(folder)
    finally:
        folder.rmdir()
