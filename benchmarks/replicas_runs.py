"""The runs of benchmarks/replicas.py: which there are, one of them, all of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed

from messplus.cli.progress import progress_bar
from messplus.core.adaptive import Adaptive
from messplus.replay.policies import policy_from_spec
from messplus.replay.replicas import Fleet, FleetTrace, replay_fleet
from messplus.replay.run import replay
from messplus.replay.streams import Stream

REQUESTS = 8000
REPLICAS = (4, 32, 1000)
STEPS = (100, 300, 1000, 3000)
SOFT_AT: Final = 100.0
"""Requests of delay that double the softness in the remedy `softer`."""

NEVER: Final = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to serve a stream.

    Attributes:
        replicas: N.
        every: Requests between two versions, d. `NEVER` with one replica: an ordinary router.
        told: Requests between two debts told.
        softer: Softness, urgency and patience times this.
        requests: How many are served.
        alone: So many of them by one process, before the others come.
        name: What is done about the delay; "" if nothing.
    """

    replicas: int = 1
    every: int = NEVER
    told: int | None = None
    softer: float = 1.0
    requests: int = REQUESTS
    name: str = ""
    alone: int = 0

    @property
    def since(self) -> int:
        """The first request of the later part: once the others have come, or half-way."""
        return self.alone or self.requests // 2

    @property
    def spec(self) -> str:
        """The policy's."""
        if self.softer == 1.0:
            return "adaptive"
        settings = (("softness", 25.0), ("urgency", 10.0), ("patience", 20.0))
        return "adaptive:" + ",".join(f"{name}={self.softer * one:g}" for name, one in settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one run.

    Attributes:
        margin_pp: Mean satisfaction less alpha, in percentage points.
        late_margin_pp: The same of the later part alone (`Way.since`).
        cost: Of all answers, in the stream's unit.
        late_cost: Of those in the later part.
        worst_debt: Most that was ever owed, in requests, all credit counted.
    """

    margin_pp: float
    late_margin_pp: float
    cost: float
    late_cost: float
    worst_debt: float

    @classmethod
    def of(cls, trace: FleetTrace, since: int) -> "Outcome":
        """Of what happened; the later part begins at this request."""
        late = trace.satisfied[since:]
        return cls(
            margin_pp=100.0 * float(trace.satisfied.mean() - trace.alpha),
            late_margin_pp=100.0 * float(late.mean() - trace.alpha),
            cost=float(trace.cost.sum()),
            late_cost=float(trace.cost[since:].sum()),
            worst_debt=float(np.cumsum(trace.alpha - trace.satisfied).max()),
        )


ONE = Way()
PLAIN = (
    Way(replicas=1, every=1000),
    Way(replicas=REPLICAS[-1], every=10),
    *(Way(replicas=n, every=d) for d in STEPS for n in REPLICAS),
)

REMEDIES: Mapping[str, tuple[float, bool]] = {
    "debts told 4 times as often, the default": (0.25, False),
    "debts told 10 times as often": (0.1, False),
    "softer by 1 + d/100": (1.0, True),
    "debts 10 times as often, softer by 1 + d/1,000": (0.1, True),
}
"""By name: debts told after so much of d; whether softer, as that requires."""

LONG = "messplus_llama3/boolq"
"""The stream on which delays longer than it are tried."""


KNOWN_AFTER = 4000
"""Requests that one process serves first where models are known before the others come."""

KNOWN_REQUESTS = KNOWN_AFTER + REQUESTS


def remedied(name: str, every: int, requests: int = REQUESTS, alone: int = 0) -> Way:
    """The way with a remedy, at the most replicas."""
    part, softer = REMEDIES[name]
    told = round(part * every)
    return Way(
        replicas=REPLICAS[-1],
        every=every,
        told=told,
        softer=1.0 + told / SOFT_AT if softer else 1.0,
        requests=requests,
        name=name,
        alone=alone,
    )


_BOTH = "debts 10 times as often, softer by 1 + d/1,000"
LONG_WAYS = tuple(
    way
    for every, requests in ((10_000, 30_000), (60_000, 120_000))
    for way in (
        Way(replicas=REPLICAS[0], every=every, requests=requests),
        Way(replicas=REPLICAS[-1], every=every, requests=requests),
        remedied(_BOTH, every, requests),
    )
)

KNOWN_WAYS = tuple(
    way
    for every in STEPS[1:]
    for way in (
        Way(replicas=REPLICAS[-1], every=every, requests=KNOWN_REQUESTS, alone=KNOWN_AFTER),
        *(remedied(name, every, KNOWN_REQUESTS, KNOWN_AFTER) for name in REMEDIES),
    )
)
"""The same delays where models are known."""


def one_process(way: Way) -> Way:
    """The run beside which a way is set: as long, with one process."""
    return Way(requests=way.requests, alone=way.alone)


def trace_of(stream: Stream, way: Way, seed: int) -> FleetTrace:
    """One run."""
    policy = policy_from_spec(way.spec)(stream)
    assert isinstance(policy, Adaptive)
    fleet = Fleet(
        replicas=way.replicas, knowledge_every=way.every, debts_every=way.told, alone=way.alone
    )
    return replay_fleet(stream, policy, fleet, seed=seed, n_requests=way.requests)


def run_all(
    streams: Sequence[Stream], seeds: int, *, jobs: int, cache: Path | None
) -> dict[tuple[str, Way], list[Outcome]]:
    """Every way on every stream, by the stream's label and the way; one outcome per seed."""
    ways = [ONE, *PLAIN, one_process(KNOWN_WAYS[0]), *KNOWN_WAYS]
    ways += [remedied(name, every) for name in REMEDIES for every in STEPS[1:]]
    shown = next((s for s in streams if s.label == LONG), streams[0])
    long = [*dict.fromkeys(one_process(way) for way in LONG_WAYS), *LONG_WAYS]
    wanted = [(shown, way, 0) for way in reversed(long)]  # the longest first
    wanted += [(s, way, seed) for s in streams for way in ways for seed in range(seeds)]
    tasks = (delayed(_outcome)(*one, cache) for one in wanted)
    found: dict[tuple[str, Way], list[Outcome]] = {}
    with progress_bar("all replicas") as step:
        outcomes = Parallel(n_jobs=jobs, return_as="generator")(tasks)
        for count, ((stream, way, _), outcome) in enumerate(zip(wanted, outcomes, strict=True)):
            found.setdefault((stream.label, way), []).append(outcome)
            step(count + 1, len(wanted))
    return found


def _outcome(stream: Stream, way: Way, seed: int, cache: Path | None) -> Outcome:
    name = sha256(f"{stream.digest} {stream.alpha} {way} {seed}".encode()).hexdigest()[:24]
    path = cache / f"replicas-{name}.json" if cache else None
    if path is not None and path.exists():
        known: dict[str, Any] = json.loads(path.read_text())
        return Outcome(**known)
    outcome = Outcome.of(trace_of(stream, way, seed), way.since)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(outcome)))
    return outcome


def gain(stream: Stream) -> float:
    """How much one request of debt raises satisfaction per request near the right price, ahead.

    From the second half of an ordinary replay: how satisfaction changes if the price at which alpha
    is met is a quarter of an e-fold higher or lower; each model at its mean cost. Over softness.
    """
    policy = policy_from_spec("adaptive")(stream)
    assert isinstance(policy, Adaptive)
    trace = replay(stream, policy)
    p_sat = trace.p_sat[len(trace.p_sat) // 2 :]
    cost = stream.cost.mean(axis=0)
    each = np.arange(len(p_sat))
    log_price = np.log(np.ptp(cost)) + np.linspace(-7.0, 7.0, 561)
    satisfied = np.array(
        [p_sat[each, (cost - np.exp(one) * p_sat).argmin(axis=1)].mean() for one in log_price]
    )
    target = min(stream.alpha, 0.95 * satisfied[-1] + 0.05 * satisfied[0])
    at = int(np.argmax(satisfied >= target))
    low, high = max(at - 10, 0), min(at + 10, len(log_price) - 1)
    slope = (satisfied[high] - satisfied[low]) / (log_price[high] - log_price[low])
    return float(slope) / policy.softness
