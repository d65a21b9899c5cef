"""A store by its address: `sqlite:///var/messplus/log.db`, `memory:`."""

from pathlib import Path
from urllib.parse import unquote

from messplus.errors import SettingError, unknown
from messplus.stores.base import Store
from messplus.stores.memory import MemoryStore
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
