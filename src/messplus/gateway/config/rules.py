"""What must hold between the parts of a configuration, whatever their shape."""

import re
import warnings
from collections.abc import Callable, Collection, Iterator
from urllib.parse import urlsplit

from jsonschema.exceptions import SchemaError
from jsonschema.validators import validator_for

from messplus import specs
from messplus.encoders import ENCODERS
from messplus.errors import SettingError, unknown
from messplus.gateway.config.problems import Place, Problem
from messplus.gateway.config.settings import NO_ROUTE
from messplus.gateway.config.tree import ANY, Value, matching
from messplus.stores.opening import SCHEMES

REFERENCES: tuple[tuple[Place, str, str], ...] = (
    (("models", ANY, "provider"), "provider", "providers"),
    (("routes", ANY, "models", ANY), "model", "models"),
    (("routes", ANY, "judge", "model"), "model", "models"),
    (("keys", ANY, "routes", ANY), "route", "routes"),
)
"""Places that name an entry of a section: the place, what it names, and the section."""


def broken_rules(values: Value) -> Iterator[Problem]:
    """Every rule that values break. They need not have the right shape: what does not is passed over."""
    yield from _unknown_names(values)
    yield from _names(values)
    yield from _empty(values)
    yield from _doubled(values)
    yield from _budgets(values)
    for place, rule in _RULES:
        for where, value in matching(values, place):
            if value is not None and (text := rule(value)):
                yield Problem(where, text)


def _section(values: Value, name: str) -> Collection[str]:
    section = values.get(name) if isinstance(values, dict) else None
    return section if isinstance(section, dict) else ()


def _unknown_names(values: Value) -> Iterator[Problem]:
    for place, what, section in REFERENCES:
        known = _section(values, section)
        for where, name in matching(values, place):
            if isinstance(name, str) and known and name not in known:
                yield Problem(where, str(unknown(what, name, known)))


def _names(values: Value) -> Iterator[Problem]:
    """A request's `model` names a route or a model: no name may be both."""
    models = _section(values, "models")
    for section in ("models", "routes"):
        for name in _section(values, section):
            if name == NO_ROUTE:
                yield Problem((section, name), f"{NO_ROUTE!r} is how clients ask for any model")
            elif section == "routes" and name in models:
                yield Problem((section, name), "a model has this name; call one of them otherwise")


def _empty(values: Value) -> Iterator[Problem]:
    for place in (("routes", ANY, "models"), ("keys", ANY, "routes")):
        for where, value in matching(values, place):
            if value == []:
                yield Problem(where, "names none; leave it out for all")


def _doubled(values: Value) -> Iterator[Problem]:
    """Keys are told apart by their names and secrets, and a model is in a route once."""
    yield from _twice(values, ("keys", ANY, "name"), "the name of another key, too")
    yield from _twice(values, ("keys", ANY, "key"), "the secret of another key, too")
    yield from _twice(values, ("routes", ANY, "models", ANY), "named twice")


def _twice(values: Value, place: Place, text: str) -> Iterator[Problem]:
    """Texts that stand twice in one list, or, for keys, in the whole section."""
    seen: set[tuple[Place, str]] = set()
    for where, value in matching(values, place):
        if isinstance(value, str):
            of = where[:2] if where[0] == "routes" else ()
            if (of, value) in seen:
                yield Problem(where, f"is {text}")
            seen.add((of, value))


def _budgets(values: Value) -> Iterator[Problem]:
    """What was spent is read from the log after a restart, and the log has one unit of cost."""
    if isinstance(values, dict) and values.get("cost") == "joule":
        for where, value in matching(values, ("keys", ANY, "budget_usd_per_day")):
            if value is not None:
                yield Problem(where, "needs `cost: usd`: with joules, the log does not hold prices")


def _url(url: Value) -> str:
    """What a pattern cannot tell: half an IPv6 address, a port above 65,535."""
    if not str(url).startswith("http"):
        return ""
    try:
        parts = urlsplit(str(url))
        fits = bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    return "" if fits else "has no host and port that can be called: http://HOST[:PORT]/..."


def _regex(pattern: Value) -> str:
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of `[[`
        try:
            re.compile(str(pattern))
        except (re.error, OverflowError, RecursionError) as error:
            return f"is no regular expression: {error}"
    return ""


def _json_schema(schema: Value) -> str:
    if not isinstance(schema, dict):
        return ""
    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as error:
        place = "/".join(map(str, error.absolute_path))
        return f"is no JSON schema: {place + ': ' if place else ''}{error.message}"
    return ""


def _encoder(spec: Value) -> str:
    try:
        name = specs.parse(str(spec)).name
    except SettingError as error:
        return str(error)
    return "" if name in ENCODERS else str(unknown("encoder", name, ENCODERS))


def _store(url: Value) -> str:
    scheme, colon, rest = str(url).partition(":")
    if not colon:  # the address may hold a password: it is not repeated
        return "must be sqlite:PATH or memory:"
    if scheme not in SCHEMES:
        return str(unknown("kind of store", scheme, SCHEMES))
    if scheme == "sqlite" and (not rest.strip("/") or re.match(r"//[^/]", rest)):
        return "must name a file: sqlite:PATH or sqlite:///PATH"
    return ""


_RULES: tuple[tuple[Place, Callable[[Value], str]], ...] = (
    (("providers", ANY, "base_url"), _url),
    (("tracing", "endpoint"), _url),
    (("routes", ANY, "checks", ANY, "pattern"), _regex),
    (("routes", ANY, "checks", ANY, "json_schema"), _json_schema),
    (("features", "encoder"), _encoder),
    (("store",), _store),
)
