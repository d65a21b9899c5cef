"""The models that a capture asks, and the YAML file that names them."""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

import yaml

from messplus.errors import DataError, SettingError, require_range, unknown

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
_PREFIX = "os.environ/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """One model behind an OpenAI-compatible endpoint.

    Attributes:
        name: What the zoo calls the model.
        base_url: Such as `http://127.0.0.1:8101/v1`.
        model: What the endpoint calls it.
        api_key: Sent as a bearer token; "" sends none. Never shown.
        input_usd_per_mtok: USD per million prompt tokens, >= 0.
        output_usd_per_mtok: USD per million output tokens, >= 0.
        concurrency: Calls under way at once, 1 to 1,024.
        timeout_s: Longest time for one attempt, > 0.
        parameters: Further fields of the request body, for vendors that need them.
    """

    name: str
    base_url: str
    model: str
    api_key: str = field(default="", repr=False)
    input_usd_per_mtok: float = 0.0
    output_usd_per_mtok: float = 0.0
    concurrency: int = 1
    timeout_s: float = 300.0
    parameters: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            SettingError: One is out of its range.
        """
        require_range(
            f"base_url of {self.name}",
            self.base_url,
            "http(s)://HOST[:PORT]/...",
            ok=_is_http_url(self.base_url),
        )
        for price in ("input_usd_per_mtok", "output_usd_per_mtok"):
            value = getattr(self, price)
            require_range(f"{price} of {self.name}", value, "at least 0", ok=value >= 0)
        require_range(
            f"concurrency of {self.name}",
            self.concurrency,
            "1 to 1024",
            ok=1 <= self.concurrency <= 1024,
        )
        require_range(f"timeout_s of {self.name}", self.timeout_s, "above 0", ok=self.timeout_s > 0)

    @property
    def is_local(self) -> bool:
        """Whether it runs on this machine, where its energy can be read."""
        return urlsplit(self.base_url).hostname in ("127.0.0.1", "localhost", "::1")

    @property
    def port(self) -> int:
        """Where it listens."""
        parts = urlsplit(self.base_url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    def cost_usd(self, prompt_tokens: float, output_tokens: float) -> float:
        """What a call costs at this model's prices."""
        spent = prompt_tokens * self.input_usd_per_mtok + output_tokens * self.output_usd_per_mtok
        return spent / 1e6


def _is_http_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port above 65535, half an IPv6 address
        return False


def read_upstreams(path: Path, environment: Mapping[str, str] = os.environ) -> list[Upstream]:
    """Read `providers` and `models` of a YAML file; see docs/reference/capture.md.

    Args:
        path: Of the file. It may be a gateway's: what only a gateway needs is not looked at.
        environment: Where `${VAR}`, `${VAR:-default}` and `os.environ/VAR` are looked up.

    Raises:
        DataError: The file is not there, not YAML, or not of this shape.
        SettingError: A key is unknown, a value out of its range, or a variable is not set.
    """
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    if not isinstance(entries, dict):
        raise DataError(f"{path} must hold `providers` and `models`, got {type(entries).__name__}")
    return _Parser(path, entries, environment).upstreams()


# What a capture reads, and after it what else a gateway's file may say.
_TOP = (
    "providers", "models",
    "version", "cost", "server", "routes", "keys", "features", "prior", "store", "retention_days",
    "sharing", "tracing",
)  # fmt: skip
_PROVIDER = (
    "base_url", "api_key", "timeout_s", "api", "headers",
    "connect_timeout_s", "first_byte_timeout_s", "retries", "max_connections",
)  # fmt: skip
_MODEL = (
    "provider", "model", "cost", "concurrency", "timeout_s", "parameters",
    "energy_j_per_token", "context_tokens", "tools", "vision", "structured_output",
)  # fmt: skip
_COST = ("input_per_mtok", "output_per_mtok", "cached_input_per_mtok")


class _Parser:
    """Checks one file's entries, and says where what is wrong stands."""

    def __init__(self, path: Path, entries: object, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._file = path.name
        self._entries = self._mapping(entries, path.name, _TOP)

    def upstreams(self) -> list[Upstream]:
        models = self._mapping(self._entries.get("models"), f"{self._file}, models")
        if not models:
            raise DataError(f"{self._file}, models: name at least one model")
        return [self._upstream(name, entry) for name, entry in models.items()]

    def _upstream(self, name: str, entry: object) -> Upstream:
        where = f"{self._file}, models.{name}"
        model = self._mapping(entry, where, _MODEL)
        provider = self._provider(model.get("provider"), where)
        cost = self._mapping(model.get("cost") or {}, f"{where}.cost", _COST)
        limit = model.get("concurrency")  # null: none for a gateway; a capture asks one at a time
        timeout = model.get("timeout_s", provider.get("timeout_s", 300.0))
        return Upstream(
            name=name,
            base_url=self._text(provider.get("base_url"), f"{where}, base_url of its provider"),
            model=self._text(model.get("model", name), f"{where}.model"),
            api_key=self._text(provider.get("api_key", ""), f"{where}, api_key of its provider"),
            input_usd_per_mtok=self._number(cost.get("input_per_mtok", 0), f"{where}.cost"),
            output_usd_per_mtok=self._number(cost.get("output_per_mtok", 0), f"{where}.cost"),
            concurrency=self._whole(1 if limit is None else limit, f"{where}.concurrency"),
            timeout_s=self._number(timeout, f"{where}.timeout_s"),
            parameters=MappingProxyType(
                self._mapping(model.get("parameters") or {}, f"{where}.parameters")
            ),
        )

    def _provider(self, name: object, where: str) -> dict[str, object]:
        providers = self._mapping(self._entries.get("providers"), f"{self._file}, providers")
        if not isinstance(name, str):
            raise DataError(f"{where}.provider must name one of providers, got {name!r}")
        if name not in providers:
            raise unknown(f"provider in {where}:", name, providers)
        provider = self._mapping(providers[name], f"{self._file}, providers.{name}", _PROVIDER)
        if provider.get("api", "openai") != "openai" or provider.get("headers"):
            # Left out in silence, its models would answer with refusals, or as somebody else.
            raise SettingError(
                f"{self._file}, providers.{name}: a capture speaks OpenAI's API and sends an api_key"
                " only; put a gateway between, and name it as the provider"
            )
        return provider

    def _mapping(
        self, value: object, where: str, known: tuple[str, ...] | None = None
    ) -> dict[str, object]:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            # Only the type: what stands there by mistake may be, or hold, a key.
            raise DataError(f"{where} must be a mapping of names, got {type(value).__name__}")
        for key in value:
            if known is not None and key not in known:
                raise unknown(f"key in {where}:", key, known)
        return value

    def _text(self, value: object, where: str) -> str:
        if not isinstance(value, str):
            raise DataError(f"{where} must be a text, got {type(value).__name__}")
        if value.startswith(_PREFIX):
            return self._variable(value.removeprefix(_PREFIX), None, where)
        return _VARIABLE.sub(lambda found: self._variable(found[1], found[2], where), value)

    def _variable(self, name: str, default: str | None, where: str) -> str:
        value = self._environment.get(name, default)
        if value is None:
            raise SettingError(f"{where} needs the environment variable {name}: it is not set")
        return value

    def _number(self, value: object, where: str) -> float:
        text = self._text(value, where) if isinstance(value, str) else value
        try:
            number = float(text) if isinstance(text, str | int | float) else math.nan
        except (ValueError, OverflowError):
            number = math.nan
        if isinstance(text, bool) or not math.isfinite(number):
            raise DataError(f"{where} must be a number, got {text!r}")
        return number

    def _whole(self, value: object, where: str) -> int:
        number = self._number(value, where)
        if not number.is_integer():
            raise DataError(f"{where} must be a whole number, got {number:g}")
        return int(number)
