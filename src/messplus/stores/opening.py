"""A store by its address: `sqlite:///var/messplus/log.db`, `memory:`."""

from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

from messplus.errors import SettingError, StoreError, unknown
from messplus.stores.base import Store
from messplus.stores.connections import FAILURES, explained, to_read
from messplus.stores.memory import MemoryStore
from messplus.stores.reader import Reader
from messplus.stores.schema import require_latest
from messplus.stores.sqlite import SqliteStore

SCHEMES = ("memory", "sqlite")


def open_store(url: str) -> Store:
    """Open the store at an address.

    Args:
        url: `sqlite:PATH`, with a relative or absolute path; `sqlite:///PATH` for the path PATH from
            here and `sqlite:////PATH` for one from the root, as in SQLAlchemy, with %20 for a
            space; or `memory:`, which forgets everything at the end.

    Raises:
        SettingError: There is no such kind of store, or the address has no path.
        StoreError: The store cannot be opened.
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
            # The address may hold a password: it is not repeated.
            raise SettingError(f"there is no store for {scheme}: yet; use sqlite:PATH")
    raise unknown("kind of store", scheme, SCHEMES)


def open_to_read(address: str) -> Reader:
    """Open a log that is on disk to read it only, also while a router writes it.

    Args:
        address: `sqlite:PATH`, as for `open_store`, or the path alone.

    Raises:
        SettingError: The address is not that of a file.
        StoreError: There is no such file, it is no log of ours, or of another version.
    """
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
