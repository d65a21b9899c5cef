"""Reading what is in an archive without unpacking it: bounded, and never to a path it names."""

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from messplus.errors import DataError

MAX_MEMBERS = 10_000
MAX_BYTES = 10**9  # unpacked, of all members together
_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,  # what zipfile raises for a method or an encryption that it does not know
)


def members(path: Path, suffix: str, *, max_bytes: int = MAX_BYTES) -> Iterator[tuple[str, bytes]]:
    """The files of a tar or zip archive whose names end so, with their content, sorted by name.

    Hidden files, and those that macOS adds, are left out. Nothing is written to disk.

    Args:
        path: Of the archive; `.zip`, or a tar of any compression.
        suffix: Such as ".csv".
        max_bytes: The archive may not say that it is larger than this when unpacked.

    Raises:
        DataError: It is cut or damaged, too large, or has no such file.
    """
    read = _zip_members if path.suffix == ".zip" else _tar_members
    try:
        found = sorted(read(path, suffix, max_bytes))
    except _BROKEN as cause:
        raise DataError(
            f"{path} is cut or damaged ({cause}); delete it, and it is fetched anew"
        ) from cause
    if not found:
        raise DataError(f"{path} has no {suffix} file in it; this is not the published archive")
    yield from found


def _zip_members(path: Path, suffix: str, max_bytes: int) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        _check(path, len(entries), sum(entry.file_size for entry in entries), max_bytes)
        for entry in entries:
            if _wanted(entry.filename, suffix):
                with archive.open(entry) as file:
                    yield entry.filename, _read(file.read(entry.file_size + 1), entry.file_size)


def _tar_members(path: Path, suffix: str, max_bytes: int) -> Iterator[tuple[str, bytes]]:
    count = total = 0
    with tarfile.open(path) as archive:
        for entry in archive:
            count, total = count + 1, total + entry.size
            _check(path, count, total, max_bytes)
            if not entry.isfile() or not _wanted(entry.name, suffix):
                continue
            file = archive.extractfile(entry)
            if file is not None:
                with file:
                    yield entry.name, _read(file.read(entry.size), entry.size)


def _check(path: Path, count: int, total: int, max_bytes: int) -> None:
    if count > MAX_MEMBERS or total > max_bytes:
        raise DataError(
            f"{path} holds {count:,} files of {total:,} bytes; at most {MAX_MEMBERS:,} files and "
            f"{max_bytes:,} bytes are read: this is not the published archive"
        )


def _wanted(name: str, suffix: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix == suffix and not any(
        part.startswith(".") or part == "__MACOSX" for part in path.parts if part not in (".", "..")
    )


def _read(content: bytes, size_bytes: int) -> bytes:
    """The content, if it is as long as the archive says.

    Raises:
        EOFError: It is not.
    """
    if len(content) != size_bytes:
        raise EOFError(f"a file has {len(content)} bytes, not {size_bytes}")
    return content
