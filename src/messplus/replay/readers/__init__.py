"""Read recorded outcomes, whatever the format: `read_outcomes(path)`."""

from difflib import get_close_matches
from pathlib import Path

from messplus.errors import DataError
from messplus.replay.readers.assemble import Reader, ReadResult
from messplus.replay.readers.frames import columns_of
from messplus.replay.readers.gateway_log import GatewayLogReader
from messplus.replay.readers.llmrouterbench import LlmRouterBenchReader
from messplus.replay.readers.messplus_csv import MessPlusCsvReader
from messplus.replay.readers.native import NativeReader
from messplus.replay.readers.routerbench import RouterBenchReader

__all__ = ["READERS", "ReadResult", "Reader", "read_outcomes"]

READERS: tuple[Reader, ...] = (
    GatewayLogReader(),
    NativeReader(),
    MessPlusCsvReader(),
    RouterBenchReader(),
    LlmRouterBenchReader(),
)


def read_outcomes(path: Path) -> ReadResult:
    """Read a table of recorded outcomes; the format is seen from the columns or the folder.

    Args:
        path: A file, or a folder of files.

    Returns:
        The checked table, and warnings, which are for the caller to show.

    Raises:
        DataError: There is nothing at the path, the format is none that we know, or the table
            breaks the data contract.
    """
    if not path.exists():
        raise _nothing_at(path)
    if path.suffix.lower() in (".pkl", ".pickle"):
        raise DataError(
            f"{path} is a pickle: reading it would run whatever code it holds, so we do not. If you"
            ' trust its origin, convert it once: python -c "import pandas;'
            f" pandas.read_pickle('{path.name}').to_parquet('{path.stem}.parquet')\""
        )
    columns = columns_of(path)
    for reader in READERS:
        if reader.can_read(path, columns):
            return reader.read(path)
    raise _unknown_format(path, columns)


def _nothing_at(path: Path) -> DataError:
    """The error for a path that does not exist, with what is nearly called so beside it."""
    folder = path.parent
    if not folder.is_dir():
        return DataError(f"there is no {path}: the folder {folder} does not exist")
    beside = sorted(entry.name for entry in folder.iterdir())
    close = get_close_matches(path.name, beside, n=3)
    close += [name for name in beside if Path(name).stem == path.stem and name not in close]
    hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
    return DataError(f"there is no {path.name!r} in {folder}{hint}")


def _unknown_format(path: Path, columns: tuple[str, ...]) -> DataError:
    """The error for what no reader knows, with what we found and what we know."""
    if path.suffix.lower() == ".json":
        tables = [path.with_suffix(suffix) for suffix in (".parquet", ".csv")]
        beside = [table.name for table in tables if table.is_file()]
        if beside:
            return DataError(f"{path} is the sidecar; give its table instead: {beside[0]}")
    kind = "folder" if path.is_dir() else "file"
    seen = f" with columns {', '.join(columns[:8])}" if columns else ""
    if len(columns) > 8:
        seen += ", ..."
    known = "".join(f"\n  - {reader.format}" for reader in READERS)
    return DataError(f"{path} is a {kind}{seen} of no known format; known are:{known}")
