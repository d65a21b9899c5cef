"""Graders as JSON objects: `{"kind": "numeric", "answer": "42"}`."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import cast

from messplus.capture.graders import GRADERS, Grader
from messplus.errors import DataError, require_extra, unknown

Json = Mapping[str, object]


def to_json(grader: Grader) -> dict[str, object]:
    """The object that `from_json` reads back."""
    kind = next((kind for kind, cls in GRADERS.items() if type(grader) is cls), "gym")
    return {"kind": kind, **asdict(grader)}  # type: ignore[call-overload]  # graders are dataclasses


def from_json(entry: Json) -> Grader:
    """Read a grader.

    Raises:
        DataError: A field is missing, unknown or not of its type.
        SettingError: The kind is unknown, or a value is out of its range.
        MissingExtraError: The kind needs reasoning-gym, which is not installed.
    """
    cls = grader_class(str(entry.get("kind", "")))
    values = {key: value for key, value in entry.items() if key != "kind"}
    known = {one.name: one for one in fields(cls)}  # type: ignore[arg-type]  # a dataclass
    for key, value in values.items():
        if key not in known:
            raise unknown(f"field of grader {entry['kind']!r}:", key, known)
        wanted = (int, float) if known[key].type is float else (str,)
        if not isinstance(value, wanted) or isinstance(value, bool):
            kind = "a number" if float in wanted else "a text"
            raise DataError(f"grader {entry['kind']!r}: {key} must be {kind}, got {value!r}")
    try:
        return cls(**values)
    except TypeError as error:  # "missing 1 required positional argument: 'answer'"
        raise DataError(f"grader {entry['kind']!r}: {error}") from error


def grader_class(kind: str) -> type[Grader]:
    """The class of a kind.

    Raises:
        SettingError: There is no such kind.
        MissingExtraError: It needs reasoning-gym, which is not installed.
    """
    if kind == "gym":  # imported only when it is used: it brings sympy along
        require_extra("tasks", ["reasoning_gym"], "grading procedural tasks")
        from messplus.capture.graders.gym import Gym

        return cast(type[Grader], Gym)
    if kind not in GRADERS:
        raise unknown("grader", kind, (*GRADERS, "gym"))
    return GRADERS[kind]
