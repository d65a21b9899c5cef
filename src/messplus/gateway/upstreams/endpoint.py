"""One provider over HTTP: its connections, its address, and the key that opens it."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from messplus.gateway.config.settings import Provider

_IDLE_CONNECTION_S: Final = 15.0
"""Idle connections are closed before most servers would do so, in the middle of our next request."""

_DNS_CACHE_S: Final = 60
_ANTHROPIC_VERSION: Final = "2023-06-01"

_NOT_PASSED_ON: Final = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "keep-alive",
        "proxy-authorization",
        "te",
        "transfer-encoding",
        "upgrade",
        "x-api-key",
    }
)
"""Request headers that are about the connection to us, or the client's own secrets."""


class Endpoint:
    """A pool of connections to one provider.

    Attributes:
        provider: Its settings.
        secrets: Texts that must not be shown to anybody.
    """

    def __init__(self, provider: Provider) -> None:
        """Prepare; no connection is made."""
        self.provider = provider
        self.in_flight = 0
        url = urlsplit(provider.base_url)
        self._base = url
        self._urls: dict[str, URL] = {}
        self._headers = _headers(provider)
        self.secrets = tuple(
            secret
            for secret in (
                provider.api_key.get_secret_value() if provider.api_key else "",
                url.password or "",
                *provider.headers.values(),
            )
            if secret
        )
        self._session: aiohttp.ClientSession | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def is_full(self) -> bool:
        """Whether every connection is in use: a further request would have to queue."""
        return self.in_flight >= self.provider.max_connections

    def enter(self) -> None:
        """A call begins."""
        self.in_flight += 1
        self._idle.clear()

    def leave(self) -> None:
        """A call has ended."""
        self.in_flight -= 1
        if not self.in_flight:
            self._idle.set()

    async def post(
        self,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        stream: bool,
        first_byte: asyncio.Timeout,
    ) -> aiohttp.ClientResponse:
        """Send a request and wait for the head of the answer.

        Args:
            path: Below the base URL.
            body: JSON.
            headers: Of the client's request; the provider's own win.
            stream: Whether the answer is to come in pieces.
            first_byte: Set anew as soon as the connection stands.

        Raises:
            aiohttp.ClientError: Of the network.
            TimeoutError: Of connecting, or of the whole attempt.
        """
        sent = CIMultiDict(
            (name, value) for name, value in headers.items() if name.lower() not in _NOT_PASSED_ON
        )
        sent.update(self._headers)
        if stream:
            sent["Accept-Encoding"] = "identity"  # compressing would hold up the pieces
        if self._session is None:
            self._session = self._opened()
        return await self._session.post(
            self._url(path),
            data=body,
            headers=sent,
            allow_redirects=False,  # a redirect would carry the key to another server
            trace_request_ctx=first_byte,
        )

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def close_when_idle(self) -> None:
        """Let the calls under way end first; each has a time limit of its own."""
        await self._idle.wait()
        await self.close()

    def _opened(self) -> aiohttp.ClientSession:
        provider = self.provider
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=provider.max_connections,
                keepalive_timeout=_IDLE_CONNECTION_S,
                ttl_dns_cache=_DNS_CACHE_S,
            ),
            timeout=aiohttp.ClientTimeout(
                total=provider.timeout_s,
                connect=provider.connect_timeout_s,
                sock_connect=provider.connect_timeout_s,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            # Looked up once: trust_env would do so, in a thread, for each request.
            proxy=_proxy(self._base.scheme, self._base.hostname or ""),
            skip_auto_headers=("User-Agent",),
            trace_configs=[_tracing(provider.first_byte_timeout_s)],
        )

    def _url(self, path: str) -> URL:
        url = self._urls.get(path)
        if url is None:
            base = self._base
            host = base.netloc.rpartition("@")[2]
            root = base.path.rstrip("/")
            if self.provider.api == "anthropic" and not root.endswith("/v1"):
                root += "/v1"  # that API's own clients are told the address without it
            url = URL(urlunsplit((base.scheme, host, root + path, base.query, "")))
            self._urls[path] = url  # paths are the gateway's own: a few
        return url


def _headers(provider: Provider) -> CIMultiDict[str]:
    headers = CIMultiDict({"Content-Type": "application/json", "User-Agent": "messplus"})
    key = provider.api_key.get_secret_value() if provider.api_key else None
    url = urlsplit(provider.base_url)
    if provider.api == "anthropic":
        headers["anthropic-version"] = _ANTHROPIC_VERSION
        if key:
            headers["x-api-key"] = key
    elif key:
        headers["Authorization"] = f"Bearer {key}"
    if url.username is not None and "Authorization" not in headers:
        login = f"{unquote(url.username)}:{unquote(url.password or '')}"
        headers["Authorization"] = f"Basic {b64encode(login.encode()).decode()}"
    headers.update(provider.headers)
    return headers


def _proxy(scheme: str, host: str) -> str | None:
    """The HTTP proxy that the environment names for a host."""
    return None if proxy_bypass(host) else getproxies().get(scheme)


def _tracing(first_byte_timeout_s: float) -> aiohttp.TraceConfig:
    """Lets the time until the first byte run from when the connection stands."""

    async def connecting(_: object, context: SimpleNamespace, __: object) -> None:
        context.trace_request_ctx.reschedule(None)

    async def connected(_: object, context: SimpleNamespace, __: object) -> None:
        now_s = asyncio.get_running_loop().time()
        context.trace_request_ctx.reschedule(now_s + first_byte_timeout_s)

    tracing = aiohttp.TraceConfig()
    tracing.on_connection_create_start.append(connecting)
    tracing.on_connection_create_end.append(connected)
    return tracing
