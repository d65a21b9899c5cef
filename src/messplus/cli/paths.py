"""Where the command line keeps what it may throw away."""

from collections.abc import Mapping
from pathlib import Path


def cache_folder(environment: Mapping[str, str], home: Path) -> Path:
    """The folder for encodings and finished runs: $MESSPLUS_CACHE, else the user's cache."""
    if given := environment.get("MESSPLUS_CACHE"):
        return Path(given)
    return Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "messplus"
