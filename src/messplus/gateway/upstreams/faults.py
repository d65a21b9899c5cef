"""What the network and HTTP say, as one of our kinds of error."""

from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp
import orjson
from multidict import CIMultiDictProxy

from messplus.gateway.config.secrets import without
from messplus.gateway.upstreams.errors import Kind, UpstreamError

_SHOWN: Final = 300  # characters of an upstream's words that a message quotes

_ELSEWHERE: Final = frozenset({"context_length_exceeded", "model_not_found"})
"""Codes of a rejected request that another model may well answer."""


def of_the_network(model: str, error: Exception) -> UpstreamError:
    """An error of the connection; never with its own text, which may quote the URL and its secrets."""
    what = type(error).__name__
    match error:
        case aiohttp.ClientConnectorError() | aiohttp.ClientHttpProxyError():
            reason = getattr(error, "strerror", None) or what
            return UpstreamError(model, "refused", f"cannot be reached: {reason}"[:_SHOWN])
        case aiohttp.ClientResponseError() | aiohttp.InvalidURL():
            return UpstreamError(model, "garbage", f"does not speak HTTP ({what})")
        case _:
            return UpstreamError(model, "cut", f"broke off the connection ({what})")


def of_the_status(
    model: str,
    status: int,
    headers: "CIMultiDictProxy[str]",
    body: bytes,
    secrets: Iterable[str],
) -> UpstreamError:
    """An answer that says no.

    Args:
        model: Who was asked.
        status: Of HTTP, not 2xx.
        headers: Of the answer.
        body: Of the answer, in OpenAI's terms; possibly cut off.
        secrets: Taken out of what it says.
    """
    wait_s = retry_after_s(headers)
    kind = _kind(status)
    if kind == "unauthorised":
        # What is said here often quotes a part of the key.
        text = f"HTTP {status}: the provider does not accept our key or account"
        return UpstreamError(model, kind, text, status=status, retry_after_s=wait_s)
    clean = without(secrets, body.decode("utf-8", "replace"))
    said, code = _words(clean)
    return UpstreamError(
        model,
        kind,
        f"HTTP {status}: {said}",
        status=status,
        retry_after_s=wait_s,
        retryable=kind != "rejected" or status == 413 or code in _ELSEWHERE,
        body=clean.encode() if kind in ("rejected", "missing") else None,
        content_type=headers.get("content-type", "application/json"),
    )


def retry_after_s(headers: "CIMultiDictProxy[str]") -> float | None:
    """Seconds that an answer asks to wait, >= 0; None if it asks for nothing that can be read.

    A date is compared with the answer's own: the upstream's clock may not be ours.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or text is None:
        return seconds
    try:
        until = parsedate_to_datetime(text)
        return max(0.0, (until - parsedate_to_datetime(headers["date"])).total_seconds())
    except (KeyError, ValueError, TypeError):  # no date, or one of them without its zone
        return None


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0.0 <= value < float("inf") else None


def _kind(status: int) -> Kind:
    match status:
        case 429:
            return "throttled"
        case 401 | 402 | 403 | 407:
            return "unauthorised"
        case 404 | 405 | 410:
            return "missing"
        case 408:
            return "timeout"
        case 409 | 425:
            return "server_error"
    if status >= 500:
        return "server_error"
    # A redirect means that the base URL is not the right one.
    return "rejected" if status >= 400 else "missing"


def _words(body: str) -> tuple[str, str]:
    """Message and code of an error body, as far as it has them."""
    try:
        error = orjson.loads(body)["error"]
        message = error["message"] if isinstance(error, dict) else error
        code = error.get("code") if isinstance(error, dict) else ""
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        message, code = body, ""
    return str(message)[:_SHOWN] or "no reason given", str(code)
