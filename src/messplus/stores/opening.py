"""A store by its address: `sqlite:///var/messplus/log.db`, `memory:`."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from messplus.errors import SettingError, StoreError, require_extra, unknown
from messplus.stores.base import ReadableLog, Store
from messplus.stores.connections import FAILURES, explained, to_read
from messplus.stores.memory import MemoryStore
from messplus.stores.reader import Reader
from messplus.stores.schema import require_latest
from messplus.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from messplus.stores.postgres.store import PostgresStore

SCHEMES = ("memory", "sqlite", "postgresql")
SPOOL = "messplus-spool"
"""Folder in which events wait while a database is away, unless another one is named."""


def open_store(url: str) -> Store:
    """Open the store at an address.

    Args:
        url: `sqlite:PATH`, with a relative or absolute path; `sqlite:///PATH` for the path PATH from
            here and `sqlite:////PATH` for one from the root, as in SQLAlchemy, with %20 for a
            space; `memory:`, which forgets everything at the end; or `postgresql://...`, which many
            processes may open, and which has events wait in the folder `messplus-spool` while the
            database is away.

    Raises:
        SettingError: There is no such kind of store, or the address has no path.
        StoreError: The store cannot be opened.
        MissingExtraError: It needs the extra `postgres`.
    """
    scheme, colon, rest = url.partition(":")
    if not colon:
        raise SettingError(f"a store reads sqlite:PATH or memory:, got {url!r}")
    match scheme:
        case "sqlite":
            return SqliteStore(_path(url, rest))
        case "memory":
            if rest.strip("/"):
                raise SettingError(f"memory: has no path, got {url!r}")
            return MemoryStore()
        case "postgresql" | "postgres":
            return open_shared(url, spool=Path(SPOOL))
    raise unknown("kind of store", scheme, SCHEMES)


def is_shared(url: str) -> bool:
    """Whether an address is that of a store which many processes may write."""
    return url.partition(":")[0] in ("postgresql", "postgres")


def open_shared(url: str, *, spool: Path, spool_bytes: int = 1 << 30) -> "PostgresStore":
    """Open a store that many processes may write.

    Args:
        url: `postgresql://user:password@host:5432/database?schema=messplus`.
        spool: Folder on local disk for what is appended while the database is away.
        spool_bytes: That may wait there.

    Raises:
        SettingError: The address cannot be one.
        StoreError: The database cannot be reached, or holds what is not a log of ours.
        MissingExtraError: The extra `postgres` is not installed.
    """
    require_extra("postgres", ("asyncpg",), "a store in PostgreSQL")
    from messplus.stores.postgres.store import PostgresStore

    return PostgresStore(url, spool=spool, spool_bytes=spool_bytes)


def open_to_read(address: str) -> ReadableLog:
    """Open a log that is on disk to read it only, also while routers write it.

    Args:
        address: `sqlite:PATH` or `postgresql://...`, as for `open_store`, or a path alone.

    Raises:
        SettingError: The address is not that of a file.
        StoreError: There is no such file or database, it is no log of ours, or of another version.
        MissingExtraError: It needs the extra `postgres`.
    """
    if is_shared(address):
        require_extra("postgres", ("asyncpg",), "a log in PostgreSQL")
        from messplus.stores.postgres.store import PostgresLog

        return PostgresLog(address)
    scheme, colon, rest = address.partition(":")
    if colon and scheme == "memory":
        raise SettingError("memory: cannot be read from another program: give sqlite:PATH")
    path = _path(address, rest) if colon and scheme == "sqlite" else Path(address).expanduser()
    if not path.is_file():
        raise StoreError(f"there is no log at {path}")
    try:
        with closing(to_read(path)) as connection:
            require_latest(connection)
    except FAILURES as error:
        raise StoreError(f"{path}: {explained(error, 'be read')}") from error
    except StoreError as error:
        raise StoreError(f"{path}: {error}") from error
    return Reader(path)


def _path(url: str, rest: str) -> Path:
    """The path after `sqlite:`."""
    if rest.startswith("//"):
        host, slash, path = rest.removeprefix("//").partition("/")
        if host or not slash:
            raise SettingError(
                f"sqlite has no host: write sqlite:PATH or sqlite:///PATH, got {url!r}"
            )
        rest = unquote(path)
    if not rest:
        raise SettingError(f"which file? write sqlite:PATH, got {url!r}")
    return Path(rest).expanduser()
