"""HTTP/1.1 as uvicorn speaks it, with bounds on the head of a request, which uvicorn has none for."""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES: Final = 128 * 1024
"""Of request line and headers together; what comes with them in one piece is not counted."""

HEAD_S: Final = 60.0
"""Longest time from a connection, or a request's first byte, to the end of its head."""


class Bounded(HttpToolsProtocol):
    """One connection. A head that is too long gets 400, one that does not end is cut off."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401  # uvicorn's
        super().__init__(*given, **named)
        self._in_head = True
        self._ended = False
        self._head_bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come."""
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self._expect_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes of it."""
        self._ended = False
        super().data_received(data)
        if self._in_head and not self._ended:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("The head of the request is too long.")

    def on_message_begin(self) -> None:
        """A request begins."""
        self._expect()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head has come whole."""
        self._expect_no_more()
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """It has come whole; another may follow."""
        self._in_head, self._ended, self._head_bytes = True, True, 0
        super().on_message_complete()

    def _expect(self) -> None:
        self._expect_no_more()
        self._timer = self.loop.call_later(HEAD_S, self._too_slow)

    def _expect_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
