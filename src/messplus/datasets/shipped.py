"""The data set that ships with the package: three small models on 2,998 questions, recorded.

It is made by `messplus capture`; recordings/local-zoo in the repository has every call. See
docs/results/local-zoo.md, and its datasheet.
"""

from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from messplus.errors import require_extra
from messplus.files import write_whole
from messplus.replay.outcomes import OutcomeTable

if TYPE_CHECKING:
    import polars as pl

SHIPPED_NAME: Final = "local-zoo"

_FOLDER: Final = files("messplus.datasets") / "local_zoo"
_TABLE: Final = _FOLDER / f"{SHIPPED_NAME}.parquet"
_SIDECAR: Final = _FOLDER / f"{SHIPPED_NAME}.json"


def shipped_table() -> OutcomeTable:
    """The recorded outcomes, in the order in which they were asked.

    Raises:
        MissingExtraError: polars is not installed, and so no Parquet file can be read.
    """
    require_extra("replay", ["polars"], "the data set that ships")
    from messplus.replay.readers import read_outcomes

    with as_file(_FOLDER) as folder:
        return read_outcomes(folder / _TABLE.name).table


def shipped_frame() -> "pl.DataFrame":
    """All columns of the file: those that replay does not read too, such as the responses.

    Raises:
        MissingExtraError: polars is not installed.
    """
    require_extra("replay", ["polars"], "the data set that ships")
    import polars as pl

    return pl.read_parquet(_TABLE.read_bytes())


def copy_shipped(folder: Path) -> Path:
    """Copy the Parquet file, with the responses, its sidecar and its datasheet out of the package.

    Returns:
        The path of the Parquet file.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
    """
    _write(folder / f"{SHIPPED_NAME}.md", (_FOLDER / "datasheet.md").read_bytes())
    for file in (_SIDECAR, _TABLE):
        _write(folder / file.name, file.read_bytes())
    return folder / _TABLE.name


def _write(path: Path, content: bytes) -> None:
    write_whole(path, lambda file: file.write(content))
