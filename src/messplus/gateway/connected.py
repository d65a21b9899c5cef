"""Work for a client ends when the client leaves: what nobody will read is not paid for."""

import asyncio
from types import TracebackType
from typing import Final, Self

from starlette.types import Receive

from messplus.gateway.body import ClientGone

WATCH_AFTER_S: Final = 0.05
"""Seconds after which a connection is watched: most of what ends sooner is not worth a task of its own."""


class Connected:
    """An async context, entered after the request's body was read; like `asyncio.timeout`.

    When the client closes the connection, what runs in the context is cancelled, and `ClientGone` is
    raised where the context ends.
    """

    def __init__(self, receive: Receive) -> None:
        """Watch a connection.

        Args:
            receive: Of ASGI; used by nobody else from now on.
        """
        self._receive = receive
        self._gone = False
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(WATCH_AFTER_S, self._begin)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()
        if self._gone:
            assert self._task is not None
            if self._task.uncancel() == 0 and kind is asyncio.CancelledError:
                raise ClientGone from error

    def _begin(self) -> None:
        self._watch = asyncio.create_task(self._wait(), name="messplus-connected")

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        assert self._task is not None
        self._task.cancel()
