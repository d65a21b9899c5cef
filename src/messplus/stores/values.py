"""Single values as SQLite keeps them, and back.

Texts are UTF-8 in which even half an emoji, as some clients send it, is kept: such a text is bound as
bytes and cast to TEXT. Arrays are blobs of little-endian numbers, lists and attributes JSON.

What writes raises TypeError or ValueError for a value that could not be read again; what reads, for
one that was not written here.
"""

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, cast, get_args

import numpy as np
from numpy.typing import NDArray

from messplus.core.types import Bools, Floats, Source

Value = int | float | str | bytes | None
Row = tuple[Value, ...]

LARGEST: Final = 2**63 - 1
_SOURCES: Final = get_args(Source)


def from_text(value: str) -> str | bytes:
    """A text, to be bound as CAST(? AS TEXT)."""
    if not isinstance(value, str):
        raise TypeError(f"expected a text, got {value!r}")
    return value if value.isascii() else value.encode("utf-8", "surrogatepass")


@lru_cache(maxsize=4096)  # a zoo has the same names in every decision
def from_texts(values: tuple[str, ...]) -> str:
    """A list of texts."""
    return json.dumps([_checked(value) for value in values])


def from_mapping(values: Mapping[str, str]) -> str:
    """Texts by name."""
    return json.dumps({_checked(key): _checked(value) for key, value in values.items()})


def from_number(name: str, value: float) -> float:
    """A number; SQLite has no NaN."""
    if math.isnan(value):
        raise ValueError(f"{name} must be a number, got nan")
    return float(value)


def from_whole(name: str, value: int) -> int:
    """A whole number of 64 bits."""
    whole = int(value)
    if abs(whole) > LARGEST:
        raise ValueError(f"{name} must be within ±{LARGEST}, got {value}")
    return whole


def from_floats(name: str, values: Floats) -> bytes:
    """Numbers of 64 bits, NaN among them."""
    return _flat(name, values).astype("<f8").tobytes()


def from_features(values: Floats) -> bytes:
    """Numbers of 32 bits: features are, and half the bytes are saved."""
    with np.errstate(over="ignore"):  # said below
        kept = _flat("features", values).astype("<f4")
    if not np.array_equal(kept, values, equal_nan=True):
        raise ValueError("features must be float32 values: round them before the policy sees them")
    return kept.tobytes()


def from_bools(name: str, values: Bools) -> bytes:
    """One byte each."""
    return _flat(name, values).astype(np.bool_).tobytes()


def to_text(value: Value) -> str:
    """A text, from the bytes of it."""
    return _bytes(value).decode("utf-8", "surrogatepass")


def to_texts(value: Value) -> tuple[str, ...]:
    """A list of texts."""
    found = json.loads(_bytes(value))
    if not isinstance(found, list):
        raise TypeError(f"expected a list of texts, got {found!r}")
    return tuple(_checked(one) for one in found)


def to_mapping(value: Value) -> dict[str, str]:
    """Texts by name."""
    found = json.loads(_bytes(value))
    if not isinstance(found, dict):
        raise TypeError(f"expected texts by name, got {found!r}")
    return {key: _checked(one) for key, one in found.items()}


def to_number(value: Value) -> float:
    """A number."""
    if not isinstance(value, float):
        raise TypeError(f"expected a number, got {value!r}")
    return value


def to_whole(value: Value) -> int:
    """A whole number."""
    if not isinstance(value, int):
        raise TypeError(f"expected a whole number, got {value!r}")
    return value


def to_floats(value: Value) -> Floats:
    """Numbers of 64 bits."""
    return np.frombuffer(_bytes(value), dtype="<f8").astype(np.float64)


def to_features(value: Value) -> Floats:
    """Numbers of 32 bits, in an array of 64."""
    return np.frombuffer(_bytes(value), dtype="<f4").astype(np.float64)


def to_bools(value: Value) -> Bools:
    """One byte each."""
    found = np.frombuffer(_bytes(value), dtype=np.uint8)
    if (found > 1).any():
        raise ValueError(f"expected bytes 0 and 1, got {found.max()}")
    return found.astype(np.bool_)


def to_source(value: Value) -> Source:
    """Who gave feedback."""
    return checked_source(to_text(value))


def checked_source(value: str) -> Source:
    """One of the known sources."""
    if value not in _SOURCES:
        raise ValueError(f"source must be one of {', '.join(_SOURCES)}, got {value!r}")
    return cast(Source, value)


def _checked(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, got {value!r}")
    return value


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"expected bytes, got {value!r}")
    return value


def _flat(name: str, values: NDArray[np.generic]) -> NDArray[np.generic]:
    if np.ndim(values) != 1:
        raise ValueError(f"{name} must have one axis, got shape {np.shape(values)}")
    return values
