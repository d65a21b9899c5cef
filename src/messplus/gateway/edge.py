"""Around every endpoint: a name for each request, errors as OpenAI has them, a bound on what is under way."""

import logging
import re
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from messplus.errors import EncoderError, SettingError, StoreError
from messplus.gateway.body import ClientGone
from messplus.gateway.errors import ApiError, busy, internal, invalid
from messplus.gateway.gateway import Gateway
from messplus.gateway.http import NAME, headers_of_error, names, respond
from messplus.gateway.telemetry import Ended, log_access
from messplus.ids import new_id

REQUEST_ID: Final = "request_id"
NAMED_BY_CLIENT: Final = "named_by_client"
COUNTED: Final = "counted"
_GIVEN: Final = re.compile(rb"[A-Za-z0-9_.:-]{1,64}")
"""What we take for a request's name from a client: it goes into headers, logs and the store."""

_OF_OPERATORS: Final = ("/health", "/readyz", "/metrics", "/dashboard")
"""Paths that answer however many requests are under way."""

_log = logging.getLogger("messplus.gateway")


class Edge:
    """The outermost of the gateway's own ASGI layers."""

    def __init__(self, app: ASGIApp, gateway: Gateway) -> None:
        """Wrap an app.

        Args:
            app: Raises `ApiError` for what a client did wrong.
            gateway: Says how many requests may be under way at once, those for health and metrics
                apart, and is told how many are.
        """
        self._app = app
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, whatever happens."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        gateway = self._gateway
        arrived_s = gateway.parts.clocks.monotonic()
        request_id, given = _name(scope)
        state = {REQUEST_ID: request_id, NAMED_BY_CLIENT: given, COUNTED: False}
        scope["state"] = state
        scope["app"] = self  # has the table of paths raise, and not answer in its own words
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = message["headers"]
                if not any(name == NAME for name, _ in headers):
                    message = {**message, "headers": [*headers, *names(str(state[REQUEST_ID]))]}
            await send(message)

        of_clients = not scope["path"].startswith(_OF_OPERATORS)
        gateway.under_way += of_clients
        try:
            if of_clients and gateway.under_way > gateway.settings.server.max_requests:
                raise busy()  # noqa: TRY301  # answered like every other error
            await self._app(scope, receive, sending)
        except ClientGone:
            _log.debug("client gone", extra={"request_id": request_id})
        except Exception as error:  # the last one who can still answer
            told = _told(error, scope, request_id)
            if of_clients and not state[COUNTED]:
                self._count(told, request_id, arrived_s)
            if started:  # a whole answer would be a lie: break off
                raise
            await respond(sending, told.status, told.body, headers_of_error(told))
        finally:
            gateway.under_way -= of_clients

    def _count(self, error: ApiError, request_id: str, arrived_s: float) -> None:
        """Note a request that never got as far as a model."""
        parts = self._gateway.parts
        ended = Ended(
            request_id=request_id,
            status=error.status,
            error=error.code,
            latency_s=parts.clocks.monotonic() - arrived_s,
            operation="",
        )
        parts.metrics.ended(ended)
        log_access(ended)


def _told(error: Exception, scope: Scope, request_id: str) -> ApiError:
    """What the client is told; what it need not know goes to the log."""
    match error:
        case ApiError():
            return error
        case SettingError():
            return invalid(str(error))
        case HTTPException():  # of the table of paths
            return _no_such_path(scope, error)
        case EncoderError():
            _log.error("the encoder failed: %s", error, extra={"request_id": request_id})
            return ApiError(
                503, "encoder_unavailable", "the request could not be encoded; try again"
            )
        case StoreError():
            _log.error("the store failed: %s", error, extra={"request_id": request_id})
            return ApiError(503, "store_unavailable", "the log cannot be written now; try again")
        case _:
            _log.error("request failed", exc_info=error, extra={"request_id": request_id})
            return internal()


def _name(scope: Scope) -> tuple[str, bool]:
    """The request's name, and whether its client gave it."""
    for name, value in scope["headers"]:
        if name == NAME and _GIVEN.fullmatch(value):
            return value.decode(), True
    return new_id(), False


def _no_such_path(scope: Scope, error: HTTPException) -> ApiError:
    """404 and 405 in OpenAI's form."""
    what = f"{scope['method']} {scope['path']}"[:200]
    if error.status_code == 405:
        return ApiError(
            405,
            "method_not_allowed",
            f"{what}: not with this method",
            headers={name.lower(): value for name, value in (error.headers or {}).items()},
        )
    return ApiError(404, "unknown_url", f"there is nothing at {what}; GET / says what there is")
