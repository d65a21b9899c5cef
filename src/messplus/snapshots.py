"""A policy's state as bytes: arrays and a description of the tree that they hang in; never a pickle.

A state is a tree of our own dataclasses and named tuples, lists, tuples, dicts with keys of text,
numbers, texts, bytes and arrays. It becomes a .npz file of the arrays and of one more, `tree`, which holds the rest as
JSON. Only classes of the layers below are ever made again, by their fields.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from io import BytesIO
from typing import Final, Literal, cast
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from messplus.errors import StoreError

VERSION: Final = 1

_HOMES: Final = (
    "messplus.core.",
    "messplus.predictors.",
    "messplus.costs.",
    "messplus.priors.",
    "messplus.router.",
    "messplus.evidence.",
)
_TREE: Final = "tree"
Array = NDArray[np.generic]


def to_bytes(state: object) -> bytes:
    """Write a state.

    Raises:
        TypeError: Something in it is none of the types that a state may hold.
    """
    arrays: dict[str, Array] = {}
    tree = {"version": VERSION, "state": _flatten(state, arrays)}
    file = BytesIO()
    text = np.frombuffer(json.dumps(tree).encode(), dtype=np.uint8)
    np.savez(file, allow_pickle=False, **{_TREE: text}, **arrays)
    return file.getvalue()


def from_bytes(content: bytes) -> object:
    """Read a state.

    Raises:
        StoreError: It was not written by `to_bytes`, or by another version of messplus.
    """
    try:
        with np.load(BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        tree = json.loads(arrays.pop(_TREE).tobytes())
        if tree["version"] != VERSION:
            raise StoreError(f"a snapshot of version {tree['version']} cannot be read by {VERSION}")
        return _build(tree["state"], arrays)
    except (
        BadZipFile,
        EOFError,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
    ) as error:
        raise StoreError(f"a snapshot cannot be read: {error!r}") from error


Kind = Literal["array", "bytes", "dict", "object", "list", "tuple", "value"]


def _flatten(value: object, arrays: dict[str, Array]) -> list[object]:
    """[kind, content], where content is JSON and arrays are put aside."""
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise TypeError("a state holds an array of Python objects")
        name = f"array{len(arrays)}"
        arrays[name] = value
        return ["array", name]
    if _is_ours(type(value)):
        inner = {name: _flatten(getattr(value, name), arrays) for name in _names(type(value))}
        return ["object", [type(value).__module__, type(value).__qualname__, inner]]
    if isinstance(value, list | tuple):
        kind: Kind = "list" if isinstance(value, list) else "tuple"
        return [kind, [_flatten(one, arrays) for one in value]]
    if isinstance(value, dict):
        return ["dict", {str(key): _flatten(one, arrays) for key, one in value.items()}]
    if isinstance(value, bytes):
        return ["bytes", value.hex()]
    if value is None or isinstance(value, bool | int | float | str):
        return ["value", value]
    raise TypeError(f"a state holds {type(value).__module__}.{type(value).__qualname__}")


def _build(node: list[object], arrays: Mapping[str, Array]) -> object:
    kind, content = cast("tuple[Kind, object]", node)
    match kind:
        case "array":
            return arrays[cast(str, content)]
        case "object":
            module, name, inner = cast("tuple[str, str, dict[str, list[object]]]", content)
            cls = _class_of(module, name)
            return cls(**{key: _build(one, arrays) for key, one in inner.items()})
        case "list":
            return [_build(one, arrays) for one in cast("list[list[object]]", content)]
        case "tuple":
            return tuple(_build(one, arrays) for one in cast("list[list[object]]", content))
        case "dict":
            inner = cast("dict[str, list[object]]", content)
            return {key: _build(one, arrays) for key, one in inner.items()}
        case "bytes":
            return bytes.fromhex(cast(str, content))
        case "value":
            return content
    raise ValueError(f"unknown kind {kind!r}")


def _class_of(module: str, name: str) -> type:
    """A class of ours; nothing else can be named."""
    if module.startswith(_HOMES):
        cls = getattr(import_module(module), name)
        if isinstance(cls, type) and cls.__module__ == module and _is_ours(cls):
            return cls
    raise ValueError(f"{module}.{name} is no part of a state")


def _is_ours(cls: type) -> bool:
    """Whether a class is a dataclass or named tuple of the layers below."""
    plain = is_dataclass(cls) or (issubclass(cls, tuple) and hasattr(cls, "_fields"))
    return plain and cls.__module__.startswith(_HOMES)


def _names(cls: type) -> tuple[str, ...]:
    if is_dataclass(cls):
        return tuple(one.name for one in fields(cls) if one.init)
    return cast("tuple[str, ...]", cls._fields)  # type: ignore[attr-defined]  # a named tuple
