"""`messplus serve --workers 2`: two processes on one port, kept up and ended by a third."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from tests.e2e.gateway.http import Http, Reply, chat_body
from tests.e2e.gateway.scripted import Upstream, streams
from tests.e2e.gateway_faults import process
from tests.e2e.gateway_faults.process import Process

if find_spec("asyncpg") is None:
    pytest.skip("the extra postgres is not installed", allow_module_level=True)

LONGEST_S = 30.0


@pytest.fixture
def config(
    upstream: Upstream, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A gateway's file with a store that may be shared."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # a supervisor that is killed leaves its folder
    priced = {"provider": "local", "cost": {"output_per_mtok": 1.0}}
    return process.configure(
        tmp_path,
        0,
        providers={"local": {"base_url": upstream.url}},
        models={"small": priced, "large": priced},
        store=postgres_url,
        sharing={"spool": str(tmp_path / "spool")},
        server={"workers": 2, "drain_s": LONGEST_S},
    )


@pytest.fixture
def two(config: Path) -> Iterator[Process]:
    """Two workers that serve it, with a learner."""
    with process.serving(config) as gateway:
        assert gateway.address
        yield gateway


def until(true: Callable[[], bool]) -> None:
    """Wait for it."""
    end_s = time.monotonic() + LONGEST_S
    while not true():
        assert time.monotonic() < end_s
        time.sleep(0.05)


def children(gateway: Process, words: str) -> list[psutil.Process]:
    """Those that live, and whose command has these words."""

    def has(one: psutil.Process) -> bool:
        try:
            return words in " ".join(one.cmdline())
        except psutil.NoSuchProcess:  # also of one that was killed just now
            return False

    return [one for one in psutil.Process(gateway.popen.pid).children() if has(one)]


@contextmanager
def paused(one: psutil.Process) -> Iterator[None]:
    one.suspend()
    try:
        yield
    finally:
        one.resume()


def ask(gateway: Process, method: str = "POST", path: str = "/v1/chat/completions") -> Reply:
    """One request by a connection of its own, which whoever is free takes."""
    with closing(Http(gateway.address)) as http:
        reply = http.ask(method, path, chat_body() if method == "POST" else None)
    assert reply.status == 200, reply.body
    return reply


def refused(host: str, port: int) -> bool:
    """Whether nobody listens there: neither a worker nor, with nobody to answer, the supervisor."""
    try:
        socket.create_connection((host, port), timeout=LONGEST_S).close()
    except ConnectionRefusedError:
        return True
    return False


def figures(gateway: Process) -> dict[str, float]:
    """Sum of the series of each metric."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(ask(gateway, "GET", "/metrics").body.decode()):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


def test_both_answer_and_their_metrics_add_up_over_a_death(two: Process) -> None:
    first, second = children(two, "--worker")
    for other in (first, second):
        with paused(other):
            for _ in range(3):
                ask(two)
    until(lambda: figures(two)["messplus_decisions_total"] == 6)  # counted after the answer
    before = figures(two)
    assert before["messplus_overhead_seconds_count"] == 6
    assert before["messplus_build_info"] == 1
    assert before["messplus_process_resident_memory_bytes"] > max(
        one.memory_info().rss for one in (first, second)
    )

    first.kill()
    ask(two)
    until(lambda: len(children(two, "--worker")) == 2)
    assert any("ended by signal 9" in line for line in two.log)
    fresh = next(one for one in children(two, "--worker") if one.pid != second.pid)
    until(lambda: figures(two)["messplus_config_reloads_total"] == 3)
    with paused(second):
        ask(two)
    assert fresh.is_running()
    until(lambda: figures(two)["messplus_decisions_total"] == 8)
    after = figures(two)
    assert (
        after["messplus_process_cpu_seconds_total"] > before["messplus_process_cpu_seconds_total"]
    )


def test_requests_under_way_of_all_workers_are_shown(two: Process, upstream: Upstream) -> None:
    gate = upstream.gate()
    first, second = children(two, "--worker")
    body = chat_body(stream=True)
    upstream.script(streams("a", "b", wait=gate), streams("a", "b", wait=gate))
    with (
        closing(Http(two.address)) as here,
        closing(Http(two.address)) as there,
        ExitStack() as stack,
    ):
        for http, busy in ((here, first), (there, second)):
            with paused(busy):
                answer = stack.enter_context(http.streaming("POST", "/v1/chat/completions", body))
                assert answer.status == 200  # it has begun
        until(lambda: figures(two)["messplus_upstream_in_flight"] == 2)
        until(lambda: figures(two)["messplus_requests_in_flight"] == 2)
        gate.open()
    until(lambda: figures(two)["messplus_upstream_in_flight"] == 0)


def test_they_end_in_order(two: Process, upstream: Upstream) -> None:
    gate = upstream.gate()
    upstream.script(streams("first", "last", wait=gate))
    everybody = psutil.Process(two.popen.pid).children()
    assert len(everybody) == 3
    with (
        closing(Http(two.address)) as http,
        http.streaming("POST", "/v1/chat/completions", chat_body(stream=True)) as answer,
    ):
        lines = iter(answer)
        assert next(line for line in lines if b"first" in line)
        two.popen.send_signal(signal.SIGTERM)
        until(lambda: any("Waiting for connections" in line for line in two.log))
        host, port = two.address.removeprefix("http://").split(":")
        until(lambda: refused(host, int(port)))
        gate.open()
        rest = b"".join(lines)
    assert rest.rstrip().endswith(b"data: [DONE]")
    assert two.popen.wait(LONGEST_S) == 0
    assert not any(one.is_running() for one in everybody)


def test_nobody_outlives_the_supervisor(two: Process) -> None:
    everybody = psutil.Process(two.popen.pid).children()
    two.popen.kill()
    _, alive = psutil.wait_procs(everybody, LONGEST_S)
    assert alive == []


@pytest.mark.parametrize("by_signal", [True, False])
def test_all_take_a_changed_configuration(two: Process, config: Path, by_signal: bool) -> None:
    (learner,) = children(two, "learn")
    changed = {**yaml.safe_load(config.read_text()), "routes": {"chat": {"alpha": 0.6}}}
    config.write_text(yaml.safe_dump(changed))
    if by_signal:
        two.popen.send_signal(signal.SIGHUP)
    else:
        ask(two, "POST", "/admin/reload")
    until(lambda: figures(two)["messplus_config_reloads_total"] == 4)
    for other in children(two, "--worker"):
        with paused(other):
            assert ask(two).headers["x-messplus-alpha"] == "0.6"
    learner.wait(LONGEST_S)  # it cannot change while it learns: another takes its place
    until(lambda: len(children(two, "learn")) == 1)


def test_one_worker_without_a_learner_is_one_process(config: Path) -> None:
    options = ("--workers", "1", "--no-learner")
    with process.serving(config, *options) as gateway:
        ask(gateway)
        assert psutil.Process(gateway.popen.pid).children() == []
        assert gateway.end(signal.SIGTERM) == 0
    with process.serving(config, *options[:2]) as gateway:
        ask(gateway)
        assert len(children(gateway, "--worker")) == len(children(gateway, "learn")) == 1


def test_a_log_of_one_writer_is_refused(tmp_path: Path) -> None:
    config = process.configure(tmp_path, 1)
    done = subprocess.run(
        [*process.command(config), "--workers", "2"],
        capture_output=True, text=True, check=False, timeout=LONGEST_S,
    )  # fmt: skip
    assert done.returncode == 2
    assert "2 workers cannot share" in " ".join(done.stderr.split())


def test_a_worker_that_cannot_start_says_why(tmp_path: Path) -> None:
    config = process.configure(
        tmp_path, 1, store="postgresql://nobody@127.0.0.1:1/none", sharing={"spool": str(tmp_path)}
    )
    done = subprocess.run(
        [*process.command(config), "--workers", "2"],
        capture_output=True, text=True, check=False, timeout=LONGEST_S,
    )  # fmt: skip
    assert done.returncode == 2
    assert "cannot serve: it ended with exit code 2; its last words:" in " ".join(
        done.stderr.split()
    )
