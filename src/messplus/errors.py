"""The errors that messplus raises on purpose.

MessPlusError
├── SettingError        a setting is out of its range or unknown      (also a ValueError)
├── DataError           an outcome table breaks the data contract     (also a ValueError)
├── MissingExtraError   a feature needs an extra that is not installed (also an ImportError)
├── EncoderError        an encoder could not encode: model files, endpoint
├── CaptureError        a capture cannot go on: an upstream refuses every call, or is gone
├── FetchError          a file could not be fetched, or is not what it should be
├── DemoError           a demo's gateway does not answer as it should
├── UpstreamError       a call to a gateway's upstream failed          (messplus.gateway.upstreams)
├── StoreError          a store could not keep events, or cannot be read
└── ZooError            a local model could not be served
"""

from collections.abc import Iterable
from difflib import get_close_matches
from importlib.util import find_spec


class MessPlusError(Exception):
    """Base of every error that messplus raises on purpose."""


class SettingError(MessPlusError, ValueError):
    """A setting is out of its range or unknown. The message names value, range and fix."""


class DataError(MessPlusError, ValueError):
    """An outcome table breaks the data contract. The message names row and column."""


class MissingExtraError(MessPlusError, ImportError):
    """A feature needs an extra that is not installed. The message says which and how."""


class EncoderError(MessPlusError):
    """An encoder could not do its work: a model file is missing, an endpoint refuses."""


class CaptureError(MessPlusError):
    """A capture cannot go on. What it has recorded stays; running it again continues."""


class FetchError(MessPlusError):
    """A file could not be fetched, or is not what it should be: network, disk, checksum."""


class StoreError(MessPlusError):
    """A store could not keep events, or cannot be read: disk, lock, schema, an id given twice."""


class ZooError(MessPlusError):
    """A local model could not be served: its file is missing, its port is taken, it crashed."""


class DemoError(MessPlusError):
    """The gateway of a demo does not answer, or answers what cannot be understood."""


def require_extra(extra: str, modules: Iterable[str], what: str) -> None:
    """Check that the modules of an extra can be imported, before its layer starts.

    Raises:
        MissingExtraError: One of them is not installed.
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"{what} needs {', '.join(missing)}: pip install 'messplus[{extra}]'"
        )


def require_range(name: str, value: object, range_text: str, *, ok: bool) -> None:
    """Raise a `SettingError` that names the setting, its range and the value, unless `ok`."""
    if not ok:
        raise SettingError(f"{name} must be {range_text}, got {value!r}")


def unknown(kind: str, name: str, known: Iterable[str]) -> SettingError:
    """The error for a name that is none of the known ones, with the closest of them."""
    names = sorted(known)
    lower = {one.lower(): one for one in names}
    close = get_close_matches(name.lower(), lower, n=1)
    hint = f"; did you mean {lower[close[0]]!r}?" if close else ""
    return SettingError(f"unknown {kind} {name!r}{hint} (known: {', '.join(names)})")
