"""Requests that a model answers: chat, text, and whatever else names a model.

A model that fails before its answer has begun is replaced by the next best one. Once a byte of an answer
was sent, nobody can step in: then the client is told, in the stream.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from starlette.types import Receive, Scope, Send

from messplus.gateway.body import OWN, Asked, ClientGone, Json, parse, read_body
from messplus.gateway.books import GONE, book, close, durable
from messplus.gateway.connected import Connected
from messplus.gateway.edge import COUNTED, NAMED_BY_CLIENT, REQUEST_ID
from messplus.gateway.errors import ApiError, of_upstream
from messplus.gateway.exchange import Exchange
from messplus.gateway.gateway import Gateway
from messplus.gateway.http import Headers, headers_of, names, respond
from messplus.gateway.upstreams import (
    Answered,
    Reply,
    StreamRewriter,
    UpstreamError,
    rewrite_json,
)
from messplus.ids import new_id

_log = logging.getLogger("messplus.gateway")

_STREAM: Final[Headers] = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]
_LONGEST: Final = 500
"""Characters of an error that the log keeps."""


class Completions:
    """An ASGI endpoint: has a request decided, passes the answer on, keeps the books."""

    def __init__(
        self, gateway: Gateway, path: str, read: Callable[[Json], Asked], *, routed: bool
    ) -> None:
        """Serve a path.

        Args:
            gateway: Decides.
            path: Of the upstreams' API, such as `/chat/completions`.
            read: Finds in a body what we need to know.
            routed: Whether requests may leave the choice to us; else they must name a model.
        """
        self._gateway = gateway
        self._path = path
        self._read = read
        self._routed = routed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        gateway = self._gateway
        arrived_s = gateway.parts.clocks.monotonic()
        headers = headers_of(scope)
        caller, allowance = gateway.admit(headers)
        fields = parse(await read_body(scope, receive, gateway.most_bytes))
        asked = self._read(fields)
        fields.pop(OWN, None)
        if not self._routed and asked.model not in gateway.settings.models:
            raise ApiError(
                404,
                "model_not_found",
                f"{self._path} is not routed: `model` must name one of the models,"
                f" got {asked.model[:100]!r}; GET /v1/models lists them",
                "model",
            )
        request_id = self._name(scope)
        exchange = Exchange(
            settings=gateway.settings,
            trace=gateway.parts.traces.begin(headers),
            request_id=request_id,
            caller=caller,
            allowance=allowance,
            path=self._path,
            asked=asked,
            fields=fields,
            chosen=await gateway.decide(
                request_id, asked, headers, caller, fresh=not scope["state"][NAMED_BY_CLIENT]
            ),
            arrived_s=arrived_s,
        )
        try:
            async with Connected(receive):
                await self._answer(exchange, send)
        except ClientGone:
            exchange.error, exchange.status = "client_gone", GONE
            raise
        except ApiError as error:
            exchange.error, exchange.status = error.code, error.status
            raise
        finally:
            scope["state"][COUNTED] = True
            close(gateway, exchange)

    def _name(self, scope: Scope) -> str:
        """The request's name; another one if its client has used that before."""
        state = scope["state"]
        if state[NAMED_BY_CLIENT] and self._gateway.parts.router.story(state[REQUEST_ID]):
            state[REQUEST_ID], state[NAMED_BY_CLIENT] = new_id(), False
        return str(state[REQUEST_ID])

    async def _answer(self, exchange: Exchange, send: Send) -> None:
        """Ask one model after the other until one begins to answer, and pass that on."""
        answer = self._stream if exchange.asked.stream else self._whole
        while True:
            try:
                async with await self._open(exchange) as reply:
                    await answer(exchange, reply, send)
                    return
            except UpstreamError as error:
                self._step_aside(exchange, error)

    async def _open(self, exchange: Exchange) -> Reply:
        """The answer of the model whose turn it is, once it has begun."""
        clock = self._gateway.parts.clocks.monotonic
        exchange.asked_s = clock()
        if exchange.sent_s is None:
            exchange.sent_s = exchange.asked_s
        exchange.attempts += 1
        reply = await self._gateway.parts.upstreams.open(
            exchange.model,
            exchange.path,
            exchange.fields,
            stream=exchange.asked.stream,
            headers=exchange.trace.headers(),
        )
        exchange.attempts += reply.attempts - 1
        return reply

    def _step_aside(self, exchange: Exchange, error: UpstreamError) -> None:
        """Let the next best model answer in place of one that failed.

        Raises:
            ApiError: Nobody is left, or the request itself is at fault.
        """
        clocks = self._gateway.parts.clocks
        exchange.attempts += error.attempts - 1
        if not error.retryable:
            raise of_upstream(error) from error
        exchange.fell(error, clocks.now(), clocks.monotonic() - exchange.asked_s)
        _log.warning("%s, request %s", error, exchange.request_id)
        instead = exchange.next_best(self._gateway.can_serve)
        if instead is None:
            raise of_upstream(error) from error
        exchange.model, exchange.mode = instead, "fallback"

    async def _whole(self, exchange: Exchange, reply: Reply, send: Send) -> None:
        """Answer in one piece: until then, a model that fails can be replaced."""
        gateway = self._gateway
        body, answered = rewrite_json(
            await reply.read(),
            model=exchange.model,
            id=exchange.answer_id if self._routed else None,
            prompt_tokens=exchange.asked.tokens,
        )
        kind = reply.headers.get("content-type", "application/json")
        await durable(gateway, exchange)
        book(gateway, exchange, answered)
        exchange.status, exchange.first_byte_s = reply.status, gateway.parts.clocks.monotonic()
        told = [*names(exchange.request_id), *exchange.headers()]
        await respond(send, reply.status, body, told, kind.encode("latin-1"))

    async def _stream(self, exchange: Exchange, reply: Reply, send: Send) -> None:
        """Answer in pieces, as they come."""
        gateway = self._gateway
        rewriter = StreamRewriter(
            model=exchange.model,
            id=exchange.answer_id if self._routed else None,
            include_usage=exchange.asked.include_usage,
            prompt_tokens=exchange.asked.tokens,
            clean=reply.clean,
        )
        await durable(gateway, exchange)
        exchange.status, exchange.first_byte_s = reply.status, gateway.parts.clocks.monotonic()
        told = [*_STREAM, *names(exchange.request_id), *exchange.headers()]
        await send({"type": "http.response.start", "status": reply.status, "headers": told})
        try:
            async for chunk in reply.chunks():
                piece = rewriter.feed(chunk)
                if rewriter.done:  # before the client can know, and say how the answer was
                    book(gateway, exchange, rewriter.answered())
                if piece:
                    await _send_piece(send, piece)
            await _send_piece(send, rewriter.end())
            if self._routed:
                _check_finished(exchange.model, rewriter)
        except asyncio.CancelledError:
            # The client has left. What it was sent is to be paid for; that there is no more of it is not
            # the model's fault, unless the upstream itself has spoken of an error.
            rewriter.done = True
            book(gateway, exchange, rewriter.answered(), whole=False)
            raise
        except UpstreamError as error:
            exchange.error = error.kind
            book(gateway, exchange, _broken_off(rewriter.answered(), error))
            _log.warning("%s, in the middle of request %s", error, exchange.request_id)
            await _send_piece(send, _as_event(of_upstream(error)))
        finally:
            book(gateway, exchange, rewriter.answered())
        await send({"type": "http.response.body", "body": b""})


def _broken_off(answered: Answered, error: UpstreamError) -> Answered:
    """What had come until then; a model that breaks off has failed, however much it has said."""
    return replace(answered, error=f"{error.kind}: {error.message}"[:_LONGEST])


def _check_finished(model: str, rewriter: StreamRewriter) -> None:
    """Some upstreams break off in a way that HTTP takes for an end; the client must not.

    Raises:
        UpstreamError: The answer is not finished.
    """
    if rewriter.unfinished:
        raise UpstreamError(model, "cut", "the answer ended before it was finished")


def _as_event(error: ApiError) -> bytes:
    """An error in mid-stream, as OpenAI's clients expect it."""
    return b"data: " + error.body + b"\n\n"


async def _send_piece(send: Send, piece: bytes) -> None:
    if piece:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
