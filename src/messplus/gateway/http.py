"""Headers in, answers out: the little of HTTP that ASGI leaves to us."""

from typing import Final

from starlette.types import Scope, Send

from messplus.gateway.errors import ApiError

Headers = list[tuple[bytes, bytes]]

NAME: Final = b"x-request-id"
"""The header that names a request."""


def headers_of(scope: Scope) -> dict[str, str]:
    """A request's headers, names in lower case; of a name that comes twice, the last."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def names(request_id: str) -> Headers:
    """The request's name, as every answer carries it; a decision has the name of its request."""
    name = request_id.encode()
    return [(NAME, name), (b"x-messplus-decision-id", name)]


def headers_of_error(error: ApiError) -> Headers:
    """The headers of an error."""
    return [(name.encode(), value.encode("latin-1")) for name, value in error.headers.items()]


async def respond(
    send: Send, status: int, body: bytes, headers: Headers, kind: bytes = b"application/json"
) -> None:
    """Send a whole answer."""
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        *headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
