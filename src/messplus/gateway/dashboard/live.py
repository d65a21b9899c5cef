"""Live updates: the overview as server-sent events, whenever it has changed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

MOST_STREAMS: Final = 200
"""At once."""

EVERY_S: Final = 1.0
HEARTBEAT_S: Final = 15.0
"""A comment after so long without news: proxies close what is silent."""


class Live:
    """Counts streams, so that there are not too many."""

    def __init__(self, over: Callable[[], bool]) -> None:
        """Begin with none.

        Args:
            over: Whether the gateway is about to end.
        """
        self._over = over
        self.streams = 0

    @property
    def full(self) -> bool:
        """Whether there may be no further one."""
        return self.streams >= MOST_STREAMS

    async def stream(self, look: Callable[[], Awaitable[bytes]]) -> AsyncIterator[bytes]:
        """Events for one viewer, until they leave or the gateway ends.

        Args:
            look: Makes the overview.
        """
        self.streams += 1
        try:
            sent, silent_s = b"", 0.0
            while not self._over():
                made = await look()
                silent_s += EVERY_S
                if made != sent:
                    sent, silent_s = made, 0.0
                    yield b"event: overview\ndata: " + made + b"\n\n"
                elif silent_s >= HEARTBEAT_S:
                    silent_s = 0.0
                    yield b": still here\n\n"
                await asyncio.sleep(EVERY_S)
        finally:
            self.streams -= 1
