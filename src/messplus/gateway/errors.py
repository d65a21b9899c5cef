"""What a client is told when something is wrong: OpenAI's error body, with OpenAI's codes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from messplus.gateway.upstreams.errors import UpstreamError

NO_HEADERS: Final[Mapping[str, str]] = {}

LONGEST_NAME: Final = 100
"""Characters of a name that a client has made up, as it is told of it: it may be as long as a body."""


@dataclass(slots=True, eq=False)
class ApiError(Exception):
    """A request that is not answered as asked.

    OpenAI's clients try again by themselves on 408, 409, 429 and from 500 on, so a status says also
    whether that is of use.

    Attributes:
        status: Of HTTP.
        code: For programs, such as `model_not_found`.
        message: For people: what is wrong, and what to do.
        param: The field of the request that is wrong.
        headers: Further ones of the answer, such as `retry-after`.
    """

    status: int
    code: str
    message: str
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)

    def __str__(self) -> str:
        return self.message

    @property
    def kind(self) -> str:
        """OpenAI's `type` of the error."""
        if self.status == 401:
            return "authentication_error"
        if self.status == 403:
            return "permission_error"
        if self.status == 429:
            return "insufficient_quota" if self.code == "insufficient_quota" else "rate_limit_error"
        return "invalid_request_error" if self.status < 500 else "api_error"

    @property
    def body(self) -> bytes:
        """The JSON that is sent."""
        told = {
            "message": self.message,
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        }
        return orjson.dumps({"error": told})


def invalid(message: str, param: str | None = None) -> ApiError:
    """The request says something that makes no sense."""
    return ApiError(400, "invalid_request", message, param)


def too_large(most_bytes: int) -> ApiError:
    """The body is larger than the gateway takes."""
    return ApiError(
        413, "request_too_large", f"the request body must be at most {most_bytes:,} bytes"
    )


def no_such_model(name: str, hint: str) -> ApiError:
    """The name is none of a route or model that the caller may use."""
    return ApiError(
        404,
        "model_not_found",
        f"there is no model or route {name[:LONGEST_NAME]!r}: {hint}",
        "model",
    )


def no_model(message: str, retry_after_s: float | None = None) -> ApiError:
    """Nobody can answer now."""
    headers = {} if retry_after_s is None else {"retry-after": str(max(1, round(retry_after_s)))}
    return ApiError(503, "no_model_available", message, headers=headers)


def internal() -> ApiError:
    """We are at fault. Nothing of why goes to the client."""
    return ApiError(
        500, "internal_error", "the gateway failed; its log says why, under this request's id"
    )


def busy() -> ApiError:
    """There are as many requests under way as are taken."""
    return ApiError(
        503,
        "overloaded",
        "the gateway has as many requests under way as it takes; try again",
        headers={"retry-after": "1"},
    )


_OF_KIND: Final[Mapping[str, tuple[int, str]]] = {
    "refused": (503, "no_model_available"),
    "busy": (503, "no_model_available"),
    "timeout": (504, "timeout"),
    "throttled": (429, "rate_limit_exceeded"),
    "server_error": (502, "upstream_error"),
    "cut": (502, "upstream_error"),
    "garbage": (502, "upstream_error"),
    "unauthorised": (502, "upstream_unauthorised"),
    "missing": (502, "upstream_error"),
    "rejected": (400, "invalid_request"),
}
"""Status and code that a client gets when the last model that could be asked has failed so."""


class PassedOnError(ApiError):
    """An upstream's own words about a request that it does not take."""

    words: bytes = b""

    @property
    def body(self) -> bytes:
        """What the upstream said."""
        return self.words


def of_upstream(error: UpstreamError) -> ApiError:
    """What a client is told when no model could answer, or the upstream says that it is at fault."""
    status, code = _OF_KIND[error.kind]
    headers = {}
    if error.retry_after_s is not None:
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after_s)))
    if error.body is not None and error.kind == "rejected":
        passed = PassedOnError(error.status or status, code, error.message, headers=headers)
        passed.words = error.body
        return passed
    return ApiError(status, code, str(error), headers=headers)
