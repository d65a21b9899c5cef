"""A gateway that is killed over and over under load, and a client that remembers what it was told.

```
start --(killed while starting)--> start
start --> serving --> under load --(kill -9, or now and then SIGTERM)--> start --> checked
```
"""

import random
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import orjson
import urllib3
from tests.e2e.gateway.http import Http, Json, chat_body
from tests.e2e.gateway_faults import process

from messplus.gateway.config import read_settings
from messplus.gateway.opening import made_of
from messplus.gateway.shown import shown_standing
from messplus.records import Decided, Event, Feedback
from messplus.router import Router
from messplus.stores import MemoryStore, open_to_read

TALKERS = 4
MOST_IN_BATCH = 20
KILLED_STARTING = 0.15
"""Share of the lives that end before the gateway serves."""

ENDED_IN_ORDER = 0.1
"""Share of those that end by SIGTERM, with a snapshot for the next to go on from."""

START_S = (0.0, 1.2)
LIFE_S = (0.05, 0.5)


@dataclass(slots=True)
class Client:
    """What was acknowledged, and what was sent and not answered.

    Attributes:
        decided: Names of the decisions whose answers began to come.
        heard: Ids of feedback that was applied.
        unsure: Feedback that was sent, by id: applied or not, nobody knows.
        resent: How that was answered when it was sent again.
        trouble: Whatever should not have happened.
    """

    decided: set[str] = field(default_factory=set)
    heard: set[str] = field(default_factory=set)
    unsure: dict[str, Json] = field(default_factory=dict)
    resent: Counter[str] = field(default_factory=Counter)
    trouble: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def talk(self, address: str, seed: int) -> None:
        """Ask, and rate the answers, one by one and in batches, until nobody answers."""
        rng = random.Random(seed)
        names: list[str] = []
        with closing(Http(address)) as http:
            try:
                while True:
                    names.append(self._ask(http, rng))
                    if rng.random() < 0.8:
                        self._rate(http, [_verdict(names[-1], rng)])
                    if len(names) > 2 and rng.random() < 0.1:
                        several = rng.choices(names, k=rng.randint(2, MOST_IN_BATCH))
                        self._rate(http, [_verdict(name, rng) for name in several])
            except (urllib3.exceptions.HTTPError, ConnectionError):
                pass  # it was killed

    def resend(self, http: Http) -> None:
        """Send again what was not answered, under the same ids."""
        for feedback_id, body in list(self.unsure.items()):
            reply = http.post("/v1/feedback", body)
            status = reply.json.get("status", str(reply.status))
            self.resent[status] += 1
            if status not in ("applied", "duplicate"):
                self.trouble.append(f"sent again: {reply.status} {reply.body!r}")
            self._note(feedback_id)

    def _ask(self, http: Http, rng: random.Random) -> str:
        body = chat_body(f"Question {rng.randrange(1000)}", stream=rng.random() < 0.5)
        with http.streaming("POST", "/v1/chat/completions", body) as response:
            name = response.headers["x-messplus-decision-id"]
            if response.status != 200:
                self.trouble.append(f"answered with {response.status}: {response.read()!r}")
            with self._lock:
                self.decided.add(name)
            response.read()
        return name

    def _rate(self, http: Http, bodies: list[Json]) -> None:
        with self._lock:
            self.unsure |= {body["feedback_id"]: body for body in bodies}
        if len(bodies) == 1:
            reply = http.post("/v1/feedback", bodies[0])
            said = [reply.json]
        else:
            reply = http.post("/v1/feedback/batch", {"feedback": bodies})
            said = reply.json.get("data", [])
        if reply.status != 202 or any(one["status"] != "applied" for one in said):
            self.trouble.append(f"feedback was answered with {reply.status}: {reply.body!r}")
        for one in said:
            self._note(one["feedback_id"])

    def _note(self, feedback_id: str) -> None:
        with self._lock:
            self.heard.add(feedback_id)
            del self.unsure[feedback_id]


def _verdict(name: str, rng: random.Random) -> Json:
    """With a value of its own: the same value again would count as said already."""
    source = rng.choice(("user", "user", "judge"))
    feedback_id = str(uuid.UUID(int=rng.getrandbits(128)))
    return {"id": name, "value": rng.random(), "source": source, "feedback_id": feedback_id}


@dataclass(slots=True)
class Found:
    """What came of all lives.

    Attributes:
        kills: By `kill -9` under load.
        killed_starting: Before it served.
        ended: By SIGTERM.
        lost: Acknowledged, and not in the log.
        twice: Ids that the log has more than once.
        differing: Restarts after which `GET /v1/routes` was not that of a fold of the whole log.
        decisions: In the log in the end.
        feedback: Likewise.
        start_s: Seconds of each start, until it served.
    """

    kills: int = 0
    killed_starting: int = 0
    ended: int = 0
    lost: int = 0
    twice: int = 0
    differing: int = 0
    decisions: int = 0
    feedback: int = 0
    start_s: list[float] = field(default_factory=list)


def crash(
    config: Path, kills: int, seed: int, tell: Callable[[str], None] = lambda _: None
) -> tuple[Found, Client]:
    """Kill a gateway so many times, under load or while it starts, and check it after each restart.

    Args:
        config: Of the gateway.
        kills: By SIGKILL.
        seed: Of all draws; which moment of the gateway's work they hit is chance.
        tell: Told after each life.
    """
    rng, client, found = random.Random(seed), Client(), Found()
    while found.kills + found.killed_starting < kills:
        if rng.random() < KILLED_STARTING:
            with process.serving(config) as gateway:
                time.sleep(rng.uniform(*START_S))
                gateway.end(signal.SIGKILL)
            found.killed_starting += 1
            continue
        begun_s = time.monotonic()
        with process.serving(config) as gateway:
            address = gateway.address
            found.start_s.append(time.monotonic() - begun_s)
            _check(config, address, client, found)
            in_order = rng.random() < ENDED_IN_ORDER
            _live(gateway, client, rng, signal.SIGTERM if in_order else signal.SIGKILL)
        found.ended += in_order
        found.kills += not in_order
        tell(f"{found.kills + found.killed_starting} kills, {len(client.decided)} decisions")
    with process.serving(config) as gateway:
        _check(config, gateway.address, client, found)
        gateway.end(signal.SIGTERM)
    return found, client


def _live(
    gateway: process.Process, client: Client, rng: random.Random, number: signal.Signals
) -> None:
    """Load until the end."""
    address = gateway.address
    talkers = [
        threading.Thread(target=client.talk, args=(address, rng.getrandbits(64)))
        for _ in range(TALKERS)
    ]
    for talker in talkers:
        talker.start()
    time.sleep(rng.uniform(*LIFE_S))
    gateway.end(number)
    for talker in talkers:
        talker.join()


def _check(config: Path, address: str, client: Client, found: Found) -> None:
    """Compare a gateway that has just started with what was acknowledged, and with its log."""
    with closing(Http(address)) as http:
        client.resend(http)
        served = http.get("/v1/routes").json["data"]
    events = log_of(config)
    decided = Counter(one.decision_id for one in events if isinstance(one, Decided))
    heard = Counter(one.feedback_id for one in events if isinstance(one, Feedback))
    found.lost += len(client.decided - decided.keys()) + len(client.heard - heard.keys())
    found.twice += sum(n > 1 for n in (*decided.values(), *heard.values()))
    found.differing += served != folded(config, events)
    found.decisions, found.feedback = len(decided), len(heard)


def log_of(config: Path) -> list[Event]:
    """Every event of a gateway's log, which may be in use."""
    with closing(open_to_read(read_settings(config).store)) as log:
        return [one.event for one in log.events()]


def folded(config: Path, events: list[Event]) -> list[Json]:
    """What `GET /v1/routes` says of a log, folded from its first event on, without a snapshot."""
    made, store = made_of(read_settings(config)), MemoryStore()
    store.append(events)
    router = Router(made.engine, made.routes, store, rng=np.random.default_rng(0))
    shown = [shown_standing(one) for one in router.promises()]
    parsed: list[Json] = orjson.loads(orjson.dumps(shown, option=orjson.OPT_SERIALIZE_NUMPY))
    return parsed
