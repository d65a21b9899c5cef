"""Connections to PostgreSQL, on an event loop of their own, for callers on any thread."""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias, TypeVar
from weakref import WeakSet

import asyncpg

from messplus.errors import StoreError
from messplus.stores.postgres.address import Address
from messplus.stores.postgres.failures import FAILURES, explained

CONNECT_S: Final = 3.0
"""Longest time until a connection stands."""

READ_S: Final = 15.0
"""Longest time for one statement that reads."""

_IDLE: Final = 4  # connections that are kept for the next reader

T = TypeVar("T")
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Session:
    """An event loop in a thread, and idle connections for readers."""

    def __init__(self, address: Address) -> None:
        """Start the thread; nothing is connected yet."""
        self.address = address
        self.loop = asyncio.new_event_loop()
        self._idle: list[Connection] = []
        self._all: WeakSet[Connection] = WeakSet()
        self._closed = False
        self._thread = threading.Thread(
            target=self.loop.run_forever, name="messplus-postgres", daemon=True
        )
        self._thread.start()

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._closed

    def submit(self, work: "Coroutine[Any, Any, T]") -> "Future[T]":
        """Run a coroutine on the loop."""
        if self._closed:
            work.close()
            raise StoreError("the store is closed")
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def run(self, work: "Coroutine[Any, Any, T]", what: str = "be read") -> T:
        """Run a coroutine on the loop, and wait for it.

        Raises:
            StoreError: The database is away, or refuses.
        """
        try:
            return self.submit(work).result()
        except FAILURES as error:
            raise explained(error, what) from error

    async def connect(self, command_s: float = READ_S) -> Connection:
        """A new connection, whose search path is the schema of the log.

        Args:
            command_s: Longest time for one statement.
        """
        connection = await asyncpg.connect(
            self.address.dsn,
            timeout=CONNECT_S,
            command_timeout=command_s,
            server_settings={
                "application_name": "messplus",
                "search_path": self.address.schema,
                "timezone": "UTC",
            },
        )
        self._all.add(connection)
        return connection

    @asynccontextmanager
    async def reading(self) -> "AsyncIterator[Connection]":
        """A connection to read with; one that failed is not used again."""
        while self._idle and self._idle[-1].is_closed():
            self._idle.pop()
        connection = self._idle.pop() if self._idle else await self.connect()
        try:
            yield connection
        except BaseException:
            connection.terminate()
            raise
        if len(self._idle) < _IDLE and not self._closed:
            self._idle.append(connection)
        else:
            await connection.close()

    def close(self) -> None:
        """Close the connections, and end the thread; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    async def _end(self) -> None:
        for connection in list(self._all):
            connection.terminate()
        self._idle.clear()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
