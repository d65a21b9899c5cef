"""The network between a gateway and its database is cut, without a word to either."""

import time
from pathlib import Path
from urllib.parse import urlsplit

from tests.e2e.cluster.cluster import Clients, Cluster, complete, settled
from tests.e2e.cluster.proxy import line_to
from tests.e2e.gateway_faults import wire


def test_a_gateway_is_cut_off_and_comes_back(postgres_url: str, tmp_path: Path) -> None:
    """It answers meanwhile; the others are not held up; what it acknowledged is delivered once."""
    port = urlsplit(postgres_url).port
    assert port is not None
    with wire.upstream(wire.well) as upstream, line_to(port) as line:
        cluster = Cluster(tmp_path, postgres_url, upstream.port)
        through = postgres_url.replace(f":{port}/", f":{line.port}/")
        with (
            cluster.learner(),
            cluster.gateway("cut", url=through) as cut,
            cluster.gateway("well") as well,
        ):
            here, there = Clients([cut.address]), Clients([well.address])
            with here.talking(pause_s=0.01), there.talking(pause_s=0.01):
                time.sleep(1.0)
                line.cut()
                time.sleep(6.0)  # longer than anybody holds the head of the log
                here.go_on()
                there.go_on()
                line.mend()
                time.sleep(1.0)
            settled(cluster, cluster.config("well"), [cut, well])
            for clients in (here, there):
                assert clients.trouble == []
                complete(cluster, clients)
