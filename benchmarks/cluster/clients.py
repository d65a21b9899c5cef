"""Who asks and rates, at any gateway: one thread, so that it takes little of the machine that is measured."""

import asyncio
import json
import random
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.load.client import Connection, header, raw, request_bytes

RATED = 0.8
"""Share of answers that somebody says something about."""

GOOD = 0.8
"""Share of those that are satisfactory."""


@dataclass
class Clients:
    """Load, and what was acknowledged.

    Attributes:
        ports: Of the gateways.
        decided: Names of decisions whose answers came.
        heard: Ids of feedback that was acknowledged.
        asked_s: Seconds that each answer took, in order of arrival.
    """

    ports: Sequence[int]
    decided: set[str] = field(default_factory=set)
    heard: set[str] = field(default_factory=set)
    asked_s: list[float] = field(default_factory=list)

    async def talk(self, talkers: int, until_s: float) -> None:
        """So many ask again as soon as they are answered, until a moment of the monotonic clock."""
        await asyncio.gather(*(self._talk(seed, until_s) for seed in range(talkers)))

    async def _talk(self, seed: int, until_s: float) -> None:
        rng = random.Random(f"{seed} {len(self.decided)}")
        connections = {port: Connection(port) for port in self.ports}
        while time.monotonic() < until_s:
            port = rng.choice(self.ports)
            sample = await connections[port].ask(
                request_bytes(port, "chat", "", rng.randrange(10_000))
            )
            name = header(connections[port].head, b"x-messplus-decision-id")
            assert name is not None
            self.decided.add(name.decode())
            self.asked_s.append(sample.whole_s)
            if rng.random() < RATED:
                port = rng.choice(self.ports)
                feedback_id = str(uuid.UUID(int=rng.getrandbits(128)))
                told = {
                    "id": name.decode(),
                    "value": float(rng.random() < GOOD),
                    "feedback_id": feedback_id,
                }
                await connections[port].ask(
                    raw(port, "/v1/feedback", "", json.dumps(told).encode())
                )
                self.heard.add(feedback_id)
        for connection in connections.values():
            await connection.close()
