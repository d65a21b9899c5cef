"""One attempt at one call: the request goes out, the answer comes in, and how it ended is noted once."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import aiohttp

from messplus.gateway.upstreams.dialect import Asking
from messplus.gateway.upstreams.endpoint import Endpoint
from messplus.gateway.upstreams.errors import UpstreamError
from messplus.gateway.upstreams.faults import of_the_network
from messplus.gateway.upstreams.line import Call

MOST_BYTES: Final = 64 * 2**20
"""Longest answer in one piece: 2,048 embeddings of 3,072 numbers are some 60 MB of JSON."""

MOST_ERROR_BYTES: Final = 64 * 2**10
"""So much of an error's body is read."""

ERROR_BODY_S: Final = 5.0
"""So long it may take to come."""


class Attempt:
    """A request to an endpoint, from before it is sent until its answer has ended.

    Whatever goes wrong ends it; so do `succeed` and `give_up`.

    Attributes:
        model: Who is asked.
        first_byte_s: Seconds from its beginning to the answer's first byte; 0 until then.
        response: The answer, once `send` has returned.
    """

    response: aiohttp.ClientResponse

    def __init__(self, model: str, endpoint: Endpoint, call: Call) -> None:
        """Prepare.

        Args:
            model: Who is asked.
            endpoint: Where.
            call: Told how it ends.
        """
        self.model = model
        self.first_byte_s = 0.0
        self._endpoint = endpoint
        self._call = call
        self._ended = False
        self._sent = False
        endpoint.enter()

    async def send(self, asking: Asking, headers: Mapping[str, str], *, stream: bool) -> bytes:
        """Ask, and wait until the answer begins.

        Args:
            asking: What.
            headers: Of the client's request.
            stream: Whether the answer comes in pieces: then it begins with its first byte, otherwise
                with its head.

        Returns:
            The first bytes of a stream that is answered with a status below 300; else none.

        Raises:
            UpstreamError: It cannot be reached, is too slow, or breaks off.
        """
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        with self._ending_on_errors():
            try:
                limit_s = self._endpoint.provider.first_byte_timeout_s
                async with asyncio.timeout(limit_s) as first_byte:
                    self.response = await self._endpoint.post(
                        asking.path, asking.body, headers, stream=stream, first_byte=first_byte
                    )
                    self._sent = True
                    reads = stream and self.response.status < 300
                    first = await self.response.content.readany() if reads else b""
            except aiohttp.ConnectionTimeoutError:
                limit_s = self._endpoint.provider.connect_timeout_s
                raise self._late(f"no connection within {limit_s:g} s") from None
            except TimeoutError:
                if not first_byte.expired():
                    raise
                raise self._late(f"no answer begun within {limit_s:g} s") from None
            self.first_byte_s = loop.time() - begun_s
            if reads and not first:
                raise UpstreamError(self.model, "garbage", "answers with an empty stream")
        return first

    async def next(self) -> bytes:
        """Further bytes of the body; none when it has ended.

        Raises:
            UpstreamError: It ended early, or takes too long.
        """
        with self._ending_on_errors():
            return await self.response.content.readany()

    async def rest(self, most_bytes: int = MOST_BYTES) -> bytes:
        """All further bytes of the body.

        Raises:
            UpstreamError: It ended early, takes too long, or is longer than `most_bytes`.
        """
        body = bytearray()
        while chunk := await self.next():
            body += chunk
            if len(body) > most_bytes:
                text = f"answers with more than {most_bytes:,} bytes"
                raise self.fail(UpstreamError(self.model, "garbage", text))
        return bytes(body)

    async def error_body(self) -> bytes:
        """As much of the body as an error needs; what cannot be read is left out."""
        body = bytearray()
        try:
            async with asyncio.timeout(ERROR_BODY_S):
                while len(body) < MOST_ERROR_BYTES and (
                    chunk := await self.response.content.readany()
                ):
                    body += chunk
        except (aiohttp.ClientError, TimeoutError, OSError):
            pass  # the status has said what matters
        return bytes(body[:MOST_ERROR_BYTES])

    def answers(self) -> None:
        """The answer has begun, and is none of an error."""
        self._call.answers()

    def succeed(self) -> None:
        """The answer has come whole."""
        if self._end():
            self._call.succeed()

    def fail(self, error: UpstreamError) -> UpstreamError:
        """It has not; gives the error back, to be raised."""
        if self._end():
            self._call.fail(error)
        return error

    def give_up(self) -> None:
        """Nobody wants it any more: the connection is closed, and the upstream may stop."""
        if self._end():
            self._call.cancel()

    def _end(self) -> bool:
        """End, once; whether this was it."""
        if self._ended:
            return False
        self._ended = True
        if self._sent:
            self.response.close()  # of no effect on an answer that was read to its end
        self._endpoint.leave()
        return True

    def _late(self, what: str) -> UpstreamError:
        return UpstreamError(self.model, "timeout", what)

    @contextmanager
    def _ending_on_errors(self) -> Iterator[None]:
        try:
            yield
        except UpstreamError as error:
            raise self.fail(error) from error.__cause__
        except TimeoutError:
            limit_s = self._endpoint.provider.timeout_s
            raise self.fail(self._late(f"no whole answer within {limit_s:g} s")) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # ValueError: of a chunk or header too long.
            # Without its cause, which may quote an address that holds a key.
            raise self.fail(of_the_network(self.model, error)) from None
        except BaseException:
            self.give_up()
            raise
