"""What a client is told when something is wrong: OpenAI's error body, with OpenAI's codes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

NO_HEADERS: Final[Mapping[str, str]] = {}


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
    return ApiError(404, "model_not_found", f"there is no model or route {name!r}: {hint}", "model")


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
