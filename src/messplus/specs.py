"""The short notation for policies, predictors and encoders: `name:key=value,key=value`.

`messplus:v=1e-4,c=0.1` names a policy and two of its settings. A spec is parsed once, at the edge,
into a frozen dataclass of settings; what is unknown or out of range is an error with the fix.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from types import MappingProxyType
from typing import Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from messplus.errors import SettingError, unknown

Settings = TypeVar("Settings")

_WANTED: Mapping[object, str] = {
    bool: "yes or no",
    float: "a number",
    int: "a whole number",
    str: "text",
}
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class Spec:
    """A name with options that are still text."""

    name: str
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def parse(text: str) -> Spec:
    """Read `name` or `name:key=value,key=value`.

    A part without `=` belongs to the value before it, or is the option named "" if it comes first:
    `always:Qwen2-7B` has the options {"": "Qwen2-7B"}.

    Raises:
        SettingError: The name is missing, or a key comes twice.
    """
    name, _, rest = text.strip().partition(":")
    if not name:
        raise SettingError(f"a spec reads NAME or NAME:KEY=VALUE,..., got {text!r}")
    options: dict[str, str] = {}
    key = ""
    for part in rest.split(",") if rest else ():
        left, equals, right = part.partition("=")
        if equals:
            key = left.strip()
            if key in options:
                raise SettingError(f"{key!r} is given twice in {text!r}")
            options[key] = right.strip()
        else:
            options[key] = f"{options[key]},{part}" if key in options else part.strip()
    return Spec(name, MappingProxyType(options))


def settings(cls: type[Settings], spec: Spec, kind: str) -> Settings:
    """Fill a settings dataclass from a spec's options, each read as its field's type.

    Args:
        cls: A dataclass whose fields are int, float, bool, str, a Literal of strings, or one of
            these or None. The unnamed option is the first field.
        spec: What the user wrote.
        kind: What it is, for messages: "policy", "encoder", ...

    Raises:
        SettingError: An option is unknown, missing or not of its type.
    """
    hints = get_type_hints(cls)
    known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]  # cls is a dataclass
    values: dict[str, object] = {}
    for key, value in spec.options.items():
        name = key or next(iter(known), "")
        if name not in known:
            raise unknown(f"option of {kind} {spec.name!r}:", key or value, known)
        if name in values:
            raise SettingError(f"{name!r} is given twice for {kind} {spec.name!r}")
        values[name] = _read(value, hints[name], f"{spec.name}:{name}")
    for name, f in known.items():
        if name not in values and f.default is MISSING and f.default_factory is MISSING:
            raise SettingError(f"{kind} {spec.name!r} needs {name}: {spec.name}:{name}=...")
    return cls(**values)


def _read(text: str, hint: object, where: str) -> object:
    """One option's text as its field's type."""
    if get_origin(hint) is Literal:
        if text not in get_args(hint):
            raise SettingError(f"{where} must be one of {', '.join(get_args(hint))}, got {text!r}")
        return text
    if get_args(hint):  # this or None: absent means None, so a text is never None
        return _read(text, next(kind for kind in get_args(hint) if kind is not type(None)), where)
    kind = cast("type[int | float | bool | str]", hint)
    try:
        return _TRUTH[text.lower()] if kind is bool else kind(text)
    except (ValueError, KeyError):
        raise SettingError(f"{where} must be {_WANTED[kind]}, got {text!r}") from None
