"""Keys: from what a client sends to who it is."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from messplus.errors import MessPlusError
from messplus.gateway.config.advice import is_loopback
from messplus.gateway.config.settings import Key, Settings

ANYBODY = "anybody"
"""The name of callers where no keys are configured."""

LONGEST_KEY = 4096
"""Characters of a header that are looked at."""


class Unauthorized(MessPlusError):  # noqa: N818  # the name of the HTTP status
    """No key was sent, or one that is not known. The message is for the client; it shows no key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, and what they may do.

    Attributes:
        name: Of the key, for metrics, logs, and whose answers are whose.
        routes: Which it may use; None: all. The first is its default.
        alpha: Its promise, in place of a route's; None: the route's.
        rpm: Requests per minute; None: no limit.
        budget_usd_per_day: What its requests may cost in a UTC day; None: no limit.
        admin: Whether it may reload, look at all decisions, and rate others' answers.
    """

    name: str
    routes: tuple[str, ...] | None = None
    alpha: float | None = None
    rpm: int | None = None
    budget_usd_per_day: float | None = None
    admin: bool = False


class Keys:
    """The callers of a configuration, found by their keys.

    Without keys, everybody who reaches the port may use all routes; they are admins where only this
    machine reaches it.

    Neither keys nor what is sent are compared, only their hashes under a secret of this process: nobody
    outside can choose a hash, so how long a comparison takes tells nothing about the keys.
    """

    def __init__(self, settings: Settings, *, salt: bytes) -> None:
        """Take the keys of a configuration.

        Args:
            settings: The configuration.
            salt: Random, 16 to 64 bytes, not told to anybody.
        """
        self._salt = salt
        self._callers: Mapping[bytes, Caller] = {
            self._hashed(key.key.get_secret_value()): _caller(key) for key in settings.keys
        }
        self._anybody = Caller(name=ANYBODY, admin=is_loopback(settings.server.host))

    @property
    def needed(self) -> bool:
        """Whether callers must have a key."""
        return bool(self._callers)

    def find(self, authorization: str | None, api_key: str | None = None) -> Caller:
        """Who sent these headers.

        Args:
            authorization: The header `authorization`: `Bearer KEY`; counts before the other.
            api_key: The header `x-api-key`, as Anthropic's clients send it.

        Raises:
            Unauthorized: Keys are configured, and this is none of them.
        """
        if not self._callers:
            return self._anybody
        sent = _bearer(authorization) or api_key
        if not sent:
            raise Unauthorized("no key was sent: `Authorization: Bearer KEY`, or `x-api-key: KEY`")
        caller = self._callers.get(self._hashed(sent[:LONGEST_KEY]))
        if caller is not None:
            return caller
        raise Unauthorized("this key is not known; it is in `keys` of the gateway's configuration")

    def _hashed(self, key: str) -> bytes:
        return hashlib.blake2b(key.encode("utf-8", "surrogateescape"), key=self._salt).digest()


def _bearer(authorization: str | None) -> str:
    scheme, _, key = (authorization or "").strip().partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _caller(key: Key) -> Caller:
    return Caller(
        name=key.name,
        routes=key.routes,
        alpha=key.alpha,
        rpm=key.rpm,
        budget_usd_per_day=key.budget_usd_per_day,
        admin=key.admin,
    )
