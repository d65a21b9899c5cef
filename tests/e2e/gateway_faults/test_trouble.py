"""What a gateway does when its machine lets it down: a full disk, a file or port that is in use."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.e2e.gateway.http import Http
from tests.e2e.gateway_faults import process, wire
from tests.e2e.gateway_faults.crash import log_of

from messplus.records import Decided, Feedback

if sys.platform == "linux":
    import resource


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    """The file of a gateway whose upstream is well."""
    with wire.upstream(wire.well) as upstream:
        yield process.configure(tmp_path, upstream.port)


def fill_disk(gateway: process.Process, config: Path) -> None:
    """No file of the gateway may grow any further, as if the disk were full."""
    largest = max(file.stat().st_size for file in config.parent.iterdir())
    limit(gateway, largest)


def limit(gateway: process.Process, size_bytes: int) -> None:
    """Bound the size of the files that it writes."""
    pid, kind = gateway.popen.pid, resource.RLIMIT_FSIZE
    _, hard = resource.prlimit(pid, kind)
    resource.prlimit(pid, kind, (size_bytes, hard))


@pytest.mark.skipif(sys.platform != "linux", reason="needs prlimit")
@pytest.mark.parametrize("stream", [False, True])
def test_a_full_disk_costs_memory_but_no_answers(config: Path, stream: bool) -> None:
    with process.serving(config) as gateway, closing(Http(gateway.address)) as http:
        before = http.chat("before", stream=stream)
        assert http.feedback(before.name, 1, feedback_id="before").json["status"] == "applied"

        fill_disk(gateway, config)
        lost = http.chat("while it is full", stream=stream)
        while http.get("/health/readiness").status == 200:  # some room was left
            lost = http.chat("while it is full", stream=stream)
        assert lost.status == 200
        assert b"Hel" in lost.body
        ready = http.get("/health/readiness")
        assert ready.status == 503
        assert "the log cannot be written" in ready.json["reasons"][0]
        refused = http.feedback(before.name, 0, feedback_id="while full", source="judge")
        assert (refused.status, refused.error["code"]) == (503, "store_unavailable")

        limit(gateway, resource.RLIM_INFINITY)
        after = http.chat("after", stream=stream)
        assert after.status == 200
        assert http.get("/health/readiness").status == 200
        again = http.feedback(before.name, 0, feedback_id="while full", source="judge")
        assert (again.status, again.json["status"]) == (202, "applied")
        assert http.feedback(after.name, 1, feedback_id="after").json["status"] == "applied"
        assert gateway.end(signal.SIGTERM) == 0

    events = log_of(config)
    decided = [one.decision_id for one in events if isinstance(one, Decided)]
    heard = [one.feedback_id for one in events if isinstance(one, Feedback)]
    assert {before.name, after.name} <= set(decided)
    assert heard == ["before", "while full", "after"]


def test_a_log_that_cannot_be_made_is_an_error(tmp_path: Path, config: Path) -> None:
    (tmp_path / "log.db").mkdir()  # nothing can be written there, whoever we are
    refused(config, "log.db")


def test_a_log_has_one_gateway(config: Path) -> None:
    with process.serving(config) as gateway:
        assert gateway.address
        refused(config, "has a writer already")
        with closing(Http(gateway.address)) as http:
            assert http.chat().status == 200


def test_a_port_has_one_gateway(config: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(config, f"cannot listen on 127.0.0.1, port {port}", port)


def test_a_damaged_log_is_refused(config: Path, tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"this is no database, and was none before" * 200)
    refused(config, "restore it from a backup")


def refused(config: Path, why: str, port: int = 0) -> None:
    """A start ends at once, with what is wrong and what to do, and without a stack trace."""
    done = subprocess.run(
        process.command(config, port), capture_output=True, text=True, check=False, timeout=60
    )
    said = " ".join(done.stderr.split())
    assert done.returncode == 2, said
    assert why in said
    assert "Traceback" not in said
