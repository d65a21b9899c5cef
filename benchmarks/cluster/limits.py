"""How much one database takes: processes that append as fast as they can, without HTTP and models."""

import subprocess
import sys
import tempfile
import time
from collections import deque
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from benchmarks.cluster.clients import RATED
from benchmarks.cluster.database import Work, work
from tests import postgres

from messplus.core.queue import QueueStep
from messplus.core.types import Draws
from messplus.ids import new_id
from messplus.records import Decided, Event, Feedback, Outcome
from messplus.stores.postgres.store import PostgresStore
from messplus.stores.shared import Change, PromiseKey

FEATURES: Final = 66
MODELS: Final = ("small", "large")
UNDER_WAY: Final = 1000
"""Appends that a writer does not wait for."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What was written.

    Attributes:
        writers: Processes.
        requests_per_s: Each a decision, an outcome and most of the time a verdict.
        database: Work per request.
    """

    writers: int
    requests_per_s: float
    database: Work


def limit(server: postgres.Server, writers: int, seconds: float) -> Limit:
    """So many writers for so long."""
    url = postgres.fresh(server.address)
    with tempfile.TemporaryDirectory() as folder:
        with closing(PostgresStore(url, spool=Path(folder) / "first")):
            pass  # makes the tables
        command = [sys.executable, "-m", "benchmarks.cluster.limits", url, folder, str(seconds)]
        before, begun_s = work(server), time.monotonic()
        running = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(writers)
        ]
        written = sum(int(one.communicate()[0]) for one in running)
        took_s = time.monotonic() - begun_s
        time.sleep(1.0)
        done = work(server).since(before).per(written)
    assert took_s < 2 * seconds + 20
    return Limit(writers, written / seconds, done)


def write(url: str, folder: Path, seconds: float) -> int:
    """Append for so long; how many requests are durable in the end."""
    rng = np.random.default_rng()
    key = PromiseKey("chat", 0.8)
    requests = 0
    waiting: deque[Future[int]] = deque()
    with closing(PostgresStore(url, spool=folder, waiting=10 * UNDER_WAY)) as store:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            events = _request(rng)
            for event in events:
                step = QueueStep(0.1, -50.0)
                change = Change(key, step, int(isinstance(event, Decided)))
                waiting.append(store.append_shared([event], [change]))
            requests += 1
            while len(waiting) > UNDER_WAY:
                waiting.popleft().result(30)
        for one in waiting:
            one.result(30)
        assert not store.waiting()
    return requests


def _request(rng: np.random.Generator) -> list[Event]:
    """The events of one request, as a gateway logs them."""
    name, now_s = new_id(), time.time()
    events: list[Event] = [
        Decided(
            decision_id=name,
            route="chat",
            at_s=now_s,
            t=0,
            alpha=0.8,
            models=MODELS,
            available=np.ones(2, dtype=np.bool_),
            features=rng.random(FEATURES, dtype=np.float32).astype(np.float64),
            draws=Draws(0.5, 0.5),
            model="small",
            asked=("small",),
            explored=False,
            propensity=1.0,
            queue=1.5,
            p_sat=rng.random(2),
            cost=rng.random(2),
            price=0.001,
        ),
        Outcome(
            decision_id=name, model="small", at_s=now_s, cost=0.001, latency_s=0.5,
            prompt_tokens=90, output_tokens=60,
        ),
    ]  # fmt: skip
    if rng.random() < RATED:
        events.append(Feedback(feedback_id=new_id(), decision_id=name, at_s=now_s, value=1.0))
    return events


def main() -> None:
    """One writer; prints how many requests it has written."""
    url, folder, seconds = sys.argv[1:]
    print(write(url, Path(folder), float(seconds)))


if __name__ == "__main__":
    main()
