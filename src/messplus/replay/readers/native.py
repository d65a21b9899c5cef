"""Our own layout: Parquet or CSV, `prompt_id`, `task`, `prompt`, `score__MODEL`, `cost__MODEL`."""

from collections.abc import Sequence
from pathlib import Path

from messplus.replay.readers.assemble import KINDS, TEXTS, ReadResult, assemble
from messplus.replay.readers.frames import columns_of, read_frame
from messplus.replay.readers.sidecar import read_sidecar, sidecar_path

_PREFIXES = tuple(f"{kind}__" for kind in KINDS)


class NativeReader:
    """Reads the native layout, with its JSON sidecar if there is one."""

    format = "Parquet or CSV with prompt_id, prompt, score__MODEL and cost__MODEL columns"

    def can_read(self, path: Path, columns: Sequence[str]) -> bool:
        """Anything that has a model column of ours, or our prompt_id, and so deserves our errors."""
        return any(name == "prompt_id" or name.startswith(_PREFIXES) for name in columns)

    def read(self, path: Path) -> ReadResult:
        """Read and check it.

        Raises:
            DataError: The file cannot be read or breaks the data contract.
        """
        columns = columns_of(path)
        needed = [name for name in columns if name in TEXTS or name.startswith(_PREFIXES)]
        frame = read_frame(path, needed, TEXTS)
        return assemble(frame, read_sidecar(sidecar_path(path)), path, columns=columns)
