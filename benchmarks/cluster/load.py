"""So many gateways under load: what they answer, and what each request costs every part."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
import psutil
from benchmarks.cluster.clients import Clients
from benchmarks.cluster.database import (
    Work,
    behind,
    log_statements,
    logged_statements,
    work,
)
from benchmarks.cluster.quota import quota
from benchmarks.load.servers import free_port, python, running
from tests import postgres
from tests.e2e.cluster.cluster import Cluster, complete, settled
from tests.e2e.gateway_faults import process
from tests.e2e.gateway_faults.process import Process

from messplus.gateway.config import read_settings
from messplus.gateway.opening import made_of
from messplus.router.learner import Learner

WARM_S: Final = 3.0
REST_S: Final = 10.0
LOOK_S: Final = 3.0
"""For which the latest version is looked at, and then statements are counted, under the same load."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured.

    Attributes:
        gateways: How many; 0: one that has its log in a file and shares it with nobody.
        share: Of a core that each gateway may use; None: all.
        talkers: Clients that ask at the same time.
        seconds: Of load.
    """

    gateways: int
    share: float | None
    talkers: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Rates:
    """What gateways did.

    Attributes:
        requests: Answered.
        per_s: Of them.
        p50_s: Time of an answer.
        p99_s: Likewise.
        cpu_s: Of gateways, per request and the feedback on it.
    """

    requests: int
    per_s: float
    p50_s: float
    p99_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Shared:
    """What it costs the others, per request.

    Attributes:
        learner_s: CPU of the learner.
        database: Work of PostgreSQL.
        statements: That it ran.
        log_bytes: Of tables and indexes.
        age_s: Of the latest version, median of looks.
        behind: Events that it did not cover, likewise.
        fold_s: What the learner takes for one event when it reads the whole log.
    """

    learner_s: float
    database: Work
    statements: float
    log_bytes: float
    age_s: float
    behind: float
    fold_s: float


@dataclass(frozen=True, slots=True)
class Rest:
    """What it costs per second while nobody asks.

    Attributes:
        gateway_cpu: Share of a core, of each.
        learner_cpu: Likewise.
        database: Work.
    """

    gateway_cpu: float
    learner_cpu: float
    database: Work


@dataclass(frozen=True, slots=True)
class Measured:
    """One plan, carried out."""

    plan: Plan
    rates: Rates
    shared: Shared | None = None
    rest: Rest | None = None


def measured(server: postgres.Server, plan: Plan) -> Measured:
    """Load, and afterwards the proof that nothing is lost and the accounts are right."""
    port = free_port()
    with ExitStack() as until_end:
        folder = Path(until_end.enter_context(tempfile.TemporaryDirectory()))
        upstream = python("-m", "benchmarks.load.upstream", str(port))
        until_end.enter_context(running(upstream, port, "/", log=folder / "upstream.log"))
        if not plan.gateways:
            alone = process.serving(process.configure(folder, port))
            gateways = _held([alone], plan.share, until_end)
            return Measured(plan, _rates(_clients(gateways), gateways, plan))
        cluster = Cluster(folder, postgres.fresh(server.address), port, settings={})
        learner = until_end.enter_context(cluster.learner())
        starting = [cluster.gateway(f"g{n}") for n in range(plan.gateways)]
        gateways = _held(starting, plan.share, until_end)
        rest = _rest(server, gateways, learner)
        clients = _clients(gateways)
        asyncio.run(clients.talk(plan.talkers, time.monotonic() + WARM_S))
        before, learner_s = work(server), cpu_s([learner])
        rates = _rates(clients, gateways, plan)
        learner_s = cpu_s([learner]) - learner_s
        time.sleep(1.0)  # PostgreSQL counts late
        done = work(server).since(before).per(rates.requests)
        looks = _looks(server, cluster.schema, clients, plan.talkers)
        statements = _statements(server, clients, plan.talkers)
        settled(cluster, cluster.config("g0"), gateways)
        complete(cluster, clients)
        with cluster.store() as store:
            size = store.size_bytes() or 0
        shared = Shared(
            learner_s=learner_s / rates.requests,
            database=done,
            statements=statements,
            log_bytes=size / len(clients.decided),
            age_s=median(age_s for age_s, _ in looks),
            behind=median(lacking for _, lacking in looks),
            fold_s=_fold_s(cluster),
        )
        return Measured(plan, rates, shared, rest)


def cpu_s(processes: Sequence[Process]) -> float:
    """Seconds of CPU so far."""
    times = [psutil.Process(one.popen.pid).cpu_times() for one in processes]
    return float(sum(one.user + one.system for one in times))


def _held(
    starting: Sequence[AbstractContextManager[Process]], share: float | None, until_end: ExitStack
) -> list[Process]:
    """Gateways that serve, each with a quota of its own from then on."""
    gateways = []
    for one in starting:
        held = until_end.enter_context(quota(share)) if share else None
        gateways.append(until_end.enter_context(one))
        assert gateways[-1].address
        if held:
            held.limit(gateways[-1].popen.pid)
    return gateways


def _clients(gateways: Sequence[Process]) -> Clients:
    return Clients([int(one.address.rpartition(":")[2]) for one in gateways])


def _rest(server: postgres.Server, gateways: Sequence[Process], learner: Process) -> Rest:
    time.sleep(WARM_S)
    before, gateway_s, learner_s = work(server), cpu_s(gateways), cpu_s([learner])
    time.sleep(REST_S)
    return Rest(
        gateway_cpu=(cpu_s(gateways) - gateway_s) / REST_S / len(gateways),
        learner_cpu=(cpu_s([learner]) - learner_s) / REST_S,
        database=work(server).since(before).per(REST_S),
    )


def _rates(clients: Clients, gateways: Sequence[Process], plan: Plan) -> Rates:
    """Ask for so long, once warm."""
    if not clients.asked_s:
        asyncio.run(clients.talk(plan.talkers, time.monotonic() + WARM_S))
    clients.asked_s.clear()
    used_s, begun_s = cpu_s(gateways), time.monotonic()
    asyncio.run(clients.talk(plan.talkers, begun_s + plan.seconds))
    took_s, used_s = time.monotonic() - begun_s, cpu_s(gateways) - used_s
    p50_s, p99_s = np.quantile(clients.asked_s, [0.5, 0.99]).tolist()
    requests = len(clients.asked_s)
    return Rates(requests, requests / took_s, p50_s, p99_s, used_s / requests)


def _looks(
    server: postgres.Server, schema: str, clients: Clients, talkers: int
) -> list[tuple[float, int]]:
    """Age in seconds of the latest version and events that it lacks, again and again under load."""
    until_s, looks = time.monotonic() + LOOK_S, []
    with ThreadPoolExecutor(1) as beside:
        talking = beside.submit(lambda: asyncio.run(clients.talk(talkers, until_s)))
        while time.monotonic() < until_s - 0.2:
            time.sleep(0.2)
            looks.append(behind(server, schema))
        talking.result()
    return looks


def _statements(server: postgres.Server, clients: Clients, talkers: int) -> float:
    """That the database ran per request; each is written to a file, so nothing else is measured meanwhile."""
    log_statements(server, on=True)
    time.sleep(0.5)
    before, asked = logged_statements(server), len(clients.asked_s)
    asyncio.run(clients.talk(talkers, time.monotonic() + LOOK_S))
    log_statements(server, on=False)
    return (logged_statements(server) - before) / (len(clients.asked_s) - asked)


def _fold_s(cluster: Cluster) -> float:
    """Of one event, when the whole log is folded."""
    made = made_of(read_settings(cluster.config("g0")))
    routes = {route.name: route for route in made.routes}
    with cluster.store() as store:
        learner = Learner(made.engine, routes, store, from_start=True)
        begun_s = time.perf_counter()
        events = learner.follow()
        return (time.perf_counter() - begun_s) / events
