"""Gateways of today are replaced by those of tomorrow, whose schema has changed, while clients ask."""

import asyncio
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import asyncpg
from tests.e2e.cluster import tomorrow
from tests.e2e.cluster.cluster import Clients, Cluster, complete, settled
from tests.e2e.gateway_faults import wire

from messplus.stores.postgres.address import address_of

TOMORROW = "tests.e2e.cluster.tomorrow"


def test_gateways_are_upgraded_one_by_one_under_load(postgres_url: str, tmp_path: Path) -> None:
    """And can be taken back: those of today start on what those of tomorrow have left."""
    with wire.upstream(wire.well) as upstream, ExitStack() as running:
        cluster = Cluster(tmp_path, postgres_url, upstream.port)
        learner = running.enter_context(cluster.learner("l0"))
        old = [running.enter_context(cluster.gateway(f"old{n}")) for n in range(2)]
        clients = Clients([one.address for one in old])
        with clients.talking():
            time.sleep(1.0)
            assert version_of(postgres_url) == tomorrow.TODAY
            new = []
            for n, one in enumerate(old):
                new.append(running.enter_context(cluster.gateway(f"new{n}", module=TOMORROW)))
                clients.come(new[-1].address)
                assert version_of(postgres_url) == tomorrow.TODAY + 1
                clients.go_on(50)
                clients.gone(one.address)
                time.sleep(0.5)  # what was under way when nobody else came
                assert one.end(signal.SIGTERM) == 0
            assert learner.end(signal.SIGTERM) == 0
            running.enter_context(cluster.learner("l1", module=TOMORROW))
            clients.go_on(50)
            back = running.enter_context(cluster.gateway("back"))
            clients.come(back.address)
            clients.go_on(50)
        assert clients.trouble == []
        assert clients.lost == 0
        complete(cluster, clients)
        settled(cluster, cluster.config("back"), [*new, back])


def version_of(url: str) -> int:
    """The version of the schema."""

    async def asked() -> int:
        address = address_of(url)
        connection = await asyncpg.connect(address.dsn)
        try:
            query = f"SELECT version FROM {address.schema}.messplus_schema"
            return int(await connection.fetchval(query))
        finally:
            await connection.close()

    return asyncio.run(asked())
