"""Gateways and learners as processes over one database, and clients that remember what they were told."""

import random
import signal
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import urllib3
from tests.e2e.gateway.http import Http, Json, chat_body
from tests.e2e.gateway_faults import process
from tests.e2e.gateway_faults.process import Process

from messplus.gateway.config import read_settings
from messplus.gateway.opening import made_of
from messplus.records import Decided, Feedback
from messplus.router.kept import from_log, promise_from_log
from messplus.router.learner import Learner
from messplus.snapshots import to_bytes
from messplus.stores import open_shared
from messplus.stores.postgres.store import PostgresStore

LONGEST_S = 60.0
SETTINGS = {"publish_every_s": 0.2, "refresh_every_s": 0.1}


@dataclass
class Cluster:
    """A database, an upstream, and where gateways keep their files.

    Attributes:
        folder: Of configurations and spools.
        url: Of the log.
        upstream_port: Of the zoo.
        settings: How gateways share.
        sections: Of all configurations, in place of the usual ones.
    """

    folder: Path
    url: str
    upstream_port: int
    settings: Mapping[str, float] = field(default_factory=lambda: SETTINGS)
    sections: Mapping[str, object] = field(default_factory=dict)

    @property
    def schema(self) -> str:
        """Of the log's tables."""
        return self.url.partition("schema=")[2]

    def config(self, name: str, url: str | None = None) -> Path:
        """The configuration of one gateway or learner."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        sharing = {**self.settings, "spool": str(folder / "spool")}
        return process.configure(
            folder, self.upstream_port, store=url or self.url, sharing=sharing, **self.sections
        )

    @contextmanager
    def gateway(
        self, name: str, url: str | None = None, module: str = "messplus"
    ) -> Iterator[Process]:
        """A gateway that serves."""
        config = self.config(name, url)
        with process.serving(config, "--no-learner", module=module) as gateway:
            assert gateway.address
            yield gateway

    @contextmanager
    def learner(
        self,
        name: str = "learner",
        url: str | None = None,
        module: str = "messplus",
    ) -> Iterator[Process]:
        """A learner: the one that learns, or one that waits."""
        config = str(self.config(name, url))
        command = [sys.executable, "-m", module, "learn", "--config", config,
                   "--log-format", "json"]  # fmt: skip
        with process.running(command) as learner:
            yield learner

    @contextmanager
    def store(self) -> Iterator[PostgresStore]:
        """The log, to look at."""
        with closing(open_shared(self.url, spool=self.folder / "looking")) as store:
            yield store


class Https:
    """Connections of one client, kept alive."""

    def __init__(self) -> None:
        self._by_address: dict[str, Http] = {}

    def to(self, address: str) -> Http:
        """That to one gateway."""
        return self._by_address.setdefault(address, Http(address))

    def close(self) -> None:
        for http in self._by_address.values():
            http.close()


@dataclass
class Clients:
    """Who asks and rates, at any gateway, and remembers what was acknowledged.

    Attributes:
        addresses: Of the gateways.
        decided: Names of decisions whose answers began to come.
        heard: Ids of feedback that was acknowledged.
        trouble: Whatever should not have happened.
        lost: Requests that no gateway answered because it was killed.
    """

    addresses: Sequence[str]
    decided: set[str] = field(default_factory=set)
    heard: set[str] = field(default_factory=set)
    trouble: list[str] = field(default_factory=list)
    lost: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    @contextmanager
    def talking(self, talkers: int = 4, pause_s: float = 0.0) -> Iterator[None]:
        """Load, as long as the context lasts."""
        self._stop.clear()
        self._threads = [
            threading.Thread(target=self._talk, args=(seed, pause_s)) for seed in range(talkers)
        ]
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self.stop()

    def stop(self) -> None:
        """Ask nothing more, and have acknowledged what is to be told."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def go_on(self, requests: int = 20) -> None:
        """Wait until so many more are answered."""
        wanted, until_s = len(self.decided) + requests, time.monotonic() + LONGEST_S
        while len(self.decided) < wanted:
            assert time.monotonic() < until_s, "no answers come"
            time.sleep(0.1)

    def gone(self, address: str) -> None:
        """Nobody is there any more."""
        self.addresses = [one for one in self.addresses if one != address]

    def come(self, address: str) -> None:
        """Somebody new is there."""
        self.addresses = [*self.addresses, address]

    def _talk(self, seed: int, pause_s: float) -> None:
        rng = random.Random(seed)
        https = Https()
        waiting: list[Json] = []
        while not self._stop.is_set() or waiting:
            name = (
                None
                if self._stop.is_set()
                else self._ask(https.to(rng.choice(self.addresses)), rng)
            )
            if name and rng.random() < 0.8:
                value = float(rng.random() < 0.8)
                feedback_id = str(uuid.UUID(int=rng.getrandbits(128)))
                waiting.append({"id": name, "value": value, "feedback_id": feedback_id})
            if waiting and (rng.random() < 0.7 or self._stop.is_set()):
                told = waiting.pop(rng.randrange(len(waiting)))
                if not self._rate(https.to(rng.choice(self.addresses)), told):
                    waiting.append(told)
            time.sleep(pause_s if name or self._stop.is_set() else 0.05)
        https.close()

    def _ask(self, http: Http, rng: random.Random) -> str | None:
        body = chat_body(f"Question {rng.randrange(1000)}", stream=rng.random() < 0.3)
        try:
            with http.streaming("POST", "/v1/chat/completions", body) as response:
                name = response.headers["x-messplus-decision-id"]
                with self._lock:
                    if response.status == 200:
                        self.decided.add(name)
                    else:
                        self.trouble.append(f"answered with {response.status}")
                response.read()
        except (urllib3.exceptions.HTTPError, ConnectionError):
            with self._lock:
                self.lost += 1
            return None
        return name

    def _rate(self, http: Http, body: Json) -> bool:
        """Whether it was acknowledged; if not, it is sent again, to any gateway."""
        try:
            reply = http.post("/v1/feedback", body)
        except (urllib3.exceptions.HTTPError, ConnectionError):
            return False
        if reply.status != 202:
            with self._lock:
                self.trouble.append(f"feedback was answered with {reply.status}: {reply.body!r}")
            return True
        with self._lock:
            self.heard.add(body["feedback_id"])
        return True


def settled(cluster: Cluster, config: Path, gateways: Sequence[Process] = ()) -> None:
    """Wait until everything is delivered and learned; then compare it with a fold of the whole log."""
    for gateway in gateways:
        _delivered(gateway)
    settings = read_settings(config)
    made = made_of(settings)
    routes = {route.name: route for route in made.routes}
    with cluster.store() as store:
        until_s = time.monotonic() + LONGEST_S
        while (news := store.news(0, 0)).version is None or news.version.sequence < news.last:
            assert time.monotonic() < until_s, (news.last, news.version and news.version.sequence)
            time.sleep(0.1)
        learner = Learner(made.engine, routes, store, from_start=True)
        learner.follow()
        assert learner.sequence == news.last
        version = news.version
        known = {one.key: one for one in map(promise_from_log, version.promises.values())}
        for key, promise in learner.promises().items():
            account, published = promise.state.account, known[key].state.account
            assert known[key].requests == promise.requests == account.t
            for name in ("t", "debt", "by_word", "by_worth", "missed", "audits", "praise", "blame"):
                assert getattr(published, name) == getattr(account, name), name
        assert to_bytes(learner.fold.knowledge) == to_bytes(from_log(version.knowledge).knowledge)
        for gateway in gateways:
            _agrees(gateway, learner)


def _delivered(gateway: Process) -> None:
    """Nothing waits on its disk any more, within its time."""
    until_s = time.monotonic() + LONGEST_S
    with closing(Http(gateway.address)) as http:
        while waiting := _waiting(http):
            assert time.monotonic() < until_s, waiting
            time.sleep(0.1)


def _waiting(http: Http) -> float:
    """Events that wait on a gateway's disk."""
    lines = http.get("/metrics").body.decode().splitlines()
    [said] = [line for line in lines if line.startswith("messplus_store_waiting_events ")]
    return float(said.split()[1])


def _agrees(gateway: Process, learner: Learner) -> None:
    """A gateway shows what the fold of the log says, within its time."""
    until_s = time.monotonic() + LONGEST_S
    expected = {key: one.state.account.debt for key, one in learner.promises().items()}
    with closing(Http(gateway.address)) as http:
        while True:
            shown = {
                (one["id"], one["alpha"]): one["debt"]
                for one in http.get("/v1/routes").json["data"]
            }
            if all(
                np.isclose(shown[key.route, key.alpha], debt, rtol=0, atol=1e-9)
                for key, debt in expected.items()
            ):
                return
            assert time.monotonic() < until_s, (shown, expected)
            time.sleep(0.1)


class Acknowledged(Protocol):
    """What clients were told: names of decisions, ids of feedback."""

    decided: set[str]
    heard: set[str]


def complete(cluster: Cluster, clients: Acknowledged) -> None:
    """Nothing that was acknowledged is missing from the log, or in it twice."""
    with cluster.store() as store:
        events = [stored.event for stored in store.events()]
        assert not store.parked()
    decided = Counter(one.decision_id for one in events if isinstance(one, Decided))
    heard = Counter(one.feedback_id for one in events if isinstance(one, Feedback))
    assert clients.decided - decided.keys() == set()
    assert clients.heard - heard.keys() == set()
    assert [name for name, count in (*decided.items(), *heard.items()) if count > 1] == []
    numbers = [one.t for one in events if isinstance(one, Decided)]
    assert numbers == list(range(len(numbers)))


def kill(one: Process) -> None:
    """End it as a power cut does."""
    one.end(signal.SIGKILL)
