"""The secrets of a configuration, so that they can be taken out of whatever is shown."""

from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

from messplus.gateway.config.settings import Settings

HIDDEN = "***"
SHORTEST_HIDDEN = 4
"""Characters of a text from which on it is taken out; `on` and `80` are no secrets."""


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Every key, header and password; the longest first, as one may hold another."""
    return tuple(sorted(set(_secrets(settings)), key=len, reverse=True))


def shown_store(settings: Settings) -> str:
    """The address of the store, for people: without a password."""
    shown = settings.store
    for password in _passwords(shown):
        shown = shown.replace(f":{password}@", f":{HIDDEN}@")
        shown = shown.replace(f"password={password}", f"password={HIDDEN}")
    return shown


def _secrets(settings: Settings) -> Iterator[str]:
    yield from _passwords(settings.store)
    for key in settings.keys:
        yield key.key.get_secret_value()
    for provider in settings.providers.values():
        if provider.api_key is not None:
            yield provider.api_key.get_secret_value()
        yield from provider.headers.values()
        yield from _passwords(provider.base_url)


def _passwords(url: str) -> Iterator[str]:
    """The password in an address, as it stands there and as it is; also one among its parameters."""
    parts = urlsplit(url)
    if parts.password:
        yield parts.password
        yield unquote(parts.password)
    for name, value in parse_qsl(parts.query):
        if name == "password":
            yield value


def without_in(secrets: Iterable[str], said: bytes) -> bytes:
    """`without` of UTF-8."""
    for secret in secrets:
        if len(secret) >= SHORTEST_HIDDEN and (encoded := secret.encode()) in said:
            said = said.replace(encoded, HIDDEN.encode())
    return said


def without(secrets: Iterable[str], text: str) -> str:
    """The text with every secret replaced."""
    for secret in secrets:
        if len(secret) >= SHORTEST_HIDDEN and secret in text:
            text = text.replace(secret, HIDDEN)
    return text
