"""Two gateways over one database, behind the nginx that ships: replaced one by one, and killed."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from tests.e2e.cluster.cluster import Clients, Cluster, complete, kill, settled
from tests.e2e.deploy.nginx import Nginx, nginx
from tests.e2e.gateway.http import Http, chat_body
from tests.e2e.gateway_faults import process, wire
from tests.e2e.gateway_faults.process import Process
from tests.ports import free_port

TALKERS = 4

Answers = list[tuple[int, str]]
"""Status, and name of the decision."""


@pytest.fixture
def cluster(postgres_url: str, tmp_path: Path) -> Iterator[Cluster]:
    with wire.upstream(wire.well) as upstream:
        yield Cluster(tmp_path, postgres_url, upstream.port)


@contextmanager
def gateway(cluster: Cluster, name: str, port: int) -> Iterator[Process]:
    """A gateway that serves on a given port."""
    with process.serving(cluster.config(name), "--port", str(port)) as one:
        assert one.address
        yield one


def ask(front: Nginx, ended: threading.Event) -> Answers:
    """Ask again and again."""
    answers = []
    while not ended.is_set():
        # A connection for each: one that waits for its client is closed when nginx reads its file again.
        with closing(Http(f"http://127.0.0.1:{front.port}")) as http:
            reply = http.post("/v1/chat/completions", chat_body("A question"))
        answers.append((reply.status, reply.headers.get("x-messplus-decision-id", "")))
    return answers


@contextmanager
def talking(front: Nginx) -> Iterator[Answers]:
    """Load, as long as the context lasts; its answers are there afterwards."""
    answers: Answers = []
    ended = threading.Event()
    with ThreadPoolExecutor(TALKERS) as threads:
        talkers = [threads.submit(ask, front, ended) for _ in range(TALKERS)]
        try:
            time.sleep(0.5)
            yield answers
            time.sleep(0.5)
        finally:
            ended.set()
    for talker in talkers:
        answers += talker.result()


def logged(cluster: Cluster, answers: Answers) -> None:
    """What clients were answered is in the log, once."""
    complete(cluster, Clients([], decided={name for status, name in answers if status == 200}))


def test_gateways_are_replaced_one_by_one_and_nobody_notices(
    cluster: Cluster, tmp_path: Path
) -> None:
    ports = (free_port(), free_port())
    with nginx(tmp_path, ports) as front, ExitStack() as running:
        old = [running.enter_context(gateway(cluster, f"old{port}", port)) for port in ports]
        new = []
        with talking(front) as answers:
            for port, one in zip(ports, old, strict=True):
                front.take_out(port)
                assert one.end(signal.SIGTERM) == 0
                new.append(running.enter_context(gateway(cluster, f"new{port}", port)))
                front.put_back(port)
        assert {status for status, _ in answers} == {200}
        logged(cluster, answers)
        settled(cluster, cluster.config("looking"), new)


def test_a_gateway_that_is_killed_loses_only_what_it_had_in_hand(
    cluster: Cluster, tmp_path: Path
) -> None:
    ports = (free_port(), free_port())
    with (
        nginx(tmp_path, ports) as front,
        gateway(cluster, "a", ports[0]) as first,
        gateway(cluster, "b", ports[1]) as second,
    ):
        with talking(front) as answers:
            kill(first)
        statuses = Counter(status for status, _ in answers)
        assert statuses.keys() <= {200, 502}
        # Each talker had one request under way, and may have met one more connection that was dead.
        assert statuses[502] <= 2 * TALKERS
        logged(cluster, answers)
        settled(cluster, cluster.config("looking"), [second])
