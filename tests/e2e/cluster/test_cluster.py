"""Gateways that share a log: load, and everything that can go wrong with one of them."""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests import postgres
from tests.e2e.cluster.cluster import Clients, Cluster, complete, kill, settled
from tests.e2e.cluster.slow_disk import slow_disk
from tests.e2e.gateway_faults import wire
from tests.ports import free_port

OUTAGE_S = 30.0
FSYNC_S = 0.1


@pytest.fixture
def cluster(postgres_url: str, tmp_path: Path) -> Iterator[Cluster]:
    with wire.upstream(wire.well) as upstream:
        yield Cluster(tmp_path, postgres_url, upstream.port)


@pytest.mark.parametrize("count", [2, 4])
def test_gateways_keep_one_promise_together(cluster: Cluster, count: int) -> None:
    with ExitStack() as running:
        running.enter_context(cluster.learner())
        gateways = [running.enter_context(cluster.gateway(f"g{n}")) for n in range(count)]
        clients = Clients([one.address for one in gateways])
        with clients.talking():
            time.sleep(3.0)
        assert clients.trouble == []
        assert clients.lost == 0
        complete(cluster, clients)
        settled(cluster, cluster.config("g0"), gateways)


def test_a_gateway_is_killed_and_another_is_drained(cluster: Cluster) -> None:
    with (
        cluster.learner(),
        cluster.gateway("g0") as first,
        cluster.gateway("g1") as second,
        cluster.gateway("g2") as third,
    ):
        clients = Clients([one.address for one in (first, second, third)])
        with clients.talking():
            time.sleep(1.0)
            kill(first)
            clients.gone(first.address)
            time.sleep(1.0)
            second.end(signal.SIGTERM)
            clients.gone(second.address)
            time.sleep(1.0)
        assert clients.trouble == []
        complete(cluster, clients)
        settled(cluster, cluster.config("g0"), [third])


def test_the_learner_is_killed_and_another_takes_its_place(cluster: Cluster) -> None:
    with (
        cluster.learner("l0") as first,
        cluster.gateway("g0") as gateway,
    ):
        clients = Clients([gateway.address])
        with clients.talking():
            time.sleep(1.0)
            kill(first)
            with cluster.learner("l1") as second:
                until_s = time.monotonic() + 30.0
                while not any("term 2" in line for line in second.log):
                    assert time.monotonic() < until_s, second.log
                    time.sleep(0.1)
                time.sleep(1.0)
                clients.stop()
                settled(cluster, cluster.config("g0"), [gateway])
        complete(cluster, clients)


def test_the_database_is_killed_and_comes_back(tmp_path: Path) -> None:
    """Answers go on meanwhile, and what was acknowledged is delivered once."""
    with (
        postgres.server(free_port()) as server,
        wire.upstream(wire.well) as upstream,
    ):
        cluster = Cluster(tmp_path, postgres.fresh(server.address), upstream.port)
        with (
            cluster.learner(),
            cluster.gateway("g0") as first,
            cluster.gateway("g1") as second,
        ):
            clients = Clients([first.address, second.address])
            with clients.talking(pause_s=0.05):
                time.sleep(1.0)
                server.kill()
                time.sleep(OUTAGE_S)
                clients.go_on()
                kill(first)  # with events on its disk, for the next process to deliver
                clients.gone(first.address)
                server.start()
                time.sleep(1.0)
            with cluster.gateway("g0") as again:
                settled(cluster, cluster.config("g0"), [second, again])
                complete(cluster, clients)
            assert clients.trouble == []


def test_disks_are_slow(tmp_path: Path) -> None:
    """Those of the database and of the gateways, also while events wait on them."""
    with (
        postgres.server(free_port()) as server,
        wire.upstream(wire.well) as upstream,
        slow_disk(server.folder, FSYNC_S),
    ):
        server.stop()
        server.start()
        cluster = Cluster(tmp_path, postgres.fresh(server.address), upstream.port)
        with (
            cluster.learner(),
            cluster.gateway("g0") as first,
            cluster.gateway("g1") as second,
        ):
            clients = Clients([first.address, second.address])
            with clients.talking():
                clients.go_on(25)
                server.kill()
                clients.go_on(25)
                server.start()
                clients.go_on(25)
            assert clients.trouble == []
            assert clients.lost == 0
            settled(cluster, cluster.config("g0"), [first, second])
            complete(cluster, clients)
