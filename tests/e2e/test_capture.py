"""A capture that is killed or interrupted goes on, and ends like one that was not."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

for _module in ("aiohttp", "filelock", "jsonschema", "psutil", "yaml"):
    pytest.importorskip(_module, reason="needs the capture extra")

from tests.unit.capture.chat_server import ChatServer

from messplus.capture.ledger import last_calls, read_calls

QUESTIONS = 40
CONCURRENCY = {"small": 1, "large": 3}
DEADLINE_S = 120.0
# What happened, not what was asked: it differs from run to run.
MEASURED = ("latency__small", "latency__large")

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


def prepare(folder: Path, url: str) -> list[str]:
    """Write questions and zoo; the command that captures them."""
    rows = [
        {"prompt": f"say {k} again", "answer": f"SAY {k} AGAIN", "task": f"t{k % 3}"}
        for k in range(QUESTIONS)
    ]
    (folder / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    models = {
        name: {"provider": "here", "concurrency": n, "cost": {"output_per_mtok": n}}
        for name, n in CONCURRENCY.items()
    }
    zoo = {"providers": {"here": {"base_url": url}}, "models": models}
    (folder / "zoo.yaml").write_text(json.dumps(zoo))  # JSON is YAML
    return [
        sys.executable, "-m", "messplus", "capture", str(folder / "mine.jsonl"),
        "--zoo", str(folder / "zoo.yaml"), "--to", str(folder / "to"), "--energy", "none",
    ]  # fmt: skip


def start(command: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
    )


def stop_after(command: list[str], server: ChatServer, more: int, how: signal.Signals) -> str:
    """Start a capture and stop it after so many more answers; what it says on stderr."""
    server.answers = len(server.asked) + more
    with start(command) as capture:
        wait_for_requests(capture, server, server.answers + 1)
        capture.send_signal(how)
        _, said = capture.communicate(timeout=DEADLINE_S)
    assert capture.returncode == (130 if how == signal.SIGINT else -how)
    server.answers = sys.maxsize
    return said


def wait_for_requests(capture: "subprocess.Popen[str]", server: ChatServer, asked: int) -> None:
    until = time.monotonic() + DEADLINE_S
    while len(server.asked) < asked:
        assert capture.poll() is None, "it ended by itself"
        assert time.monotonic() < until, "it does not get on"
        time.sleep(0.001)


def finish(command: list[str]) -> None:
    with start(command) as capture:
        _, said = capture.communicate(timeout=DEADLINE_S)
    assert capture.returncode == 0, said


def table(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "to" / "capture.parquet").drop(MEASURED)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """The table of a capture that was left alone."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    with ChatServer() as server:
        finish(prepare(folder, server.url))
        assert set(server.counts.values()) == {1}
    return table(folder)


def test_killed_again_and_again_it_ends_the_same(
    tmp_path: Path, uninterrupted: pl.DataFrame
) -> None:
    kills = (0, 1, 7, 20, 30)  # after so many more answers each: 58 of 80 in all
    with ChatServer() as server:
        command = prepare(tmp_path, server.url)
        for more in kills:
            stop_after(command, server, more, signal.SIGKILL)
        finish(command)
        counts = server.counts
    calls = last_calls(tmp_path / "to" / "calls.jsonl")
    assert len(calls) == 2 * QUESTIONS
    assert len(list(read_calls(tmp_path / "to" / "calls.jsonl"))) == 2 * QUESTIONS
    for model, concurrency in CONCURRENCY.items():
        times = [n for (_, name), n in counts.items() if name == model]
        assert len(times) == QUESTIONS
        # What was under way at a kill is asked again, and nothing else.
        assert sum(times) - QUESTIONS <= len(kills) * concurrency
    assert table(tmp_path).equals(uninterrupted)


def test_ctrl_c_is_130_and_leaves_a_whole_ledger(
    tmp_path: Path, uninterrupted: pl.DataFrame
) -> None:
    with ChatServer() as server:
        command = prepare(tmp_path, server.url)
        said = stop_after(command, server, 20, signal.SIGINT)
        assert "Traceback" not in said
        ledger = tmp_path / "to" / "calls.jsonl"
        assert ledger.read_bytes().endswith(b"\n")
        kept = list(read_calls(ledger))
        assert 20 - sum(CONCURRENCY.values()) <= len(kept) <= 20
        assert not any(call.error for call in kept)
        finish(command)
    assert list(read_calls(ledger))[: len(kept)] == kept
    assert table(tmp_path).equals(uninterrupted)


def test_a_second_capture_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with ChatServer() as server:
        server.answers = 0  # the first stays at work
        command = prepare(tmp_path, server.url)
        with start(command) as first:
            wait_for_requests(first, server, 1)
            with start(command) as second:
                _, said = second.communicate(timeout=DEADLINE_S)
            first.kill()
            first.communicate(timeout=DEADLINE_S)
        assert second.returncode == 2
        assert "another capture is at work in" in " ".join(said.split())
        assert len(server.asked) <= sum(CONCURRENCY.values())
        server.answers = sys.maxsize
        finish(command)  # a lock does not outlive its owner


def test_a_full_disk_is_said_and_the_next_run_goes_on(
    tmp_path: Path, uninterrupted: pl.DataFrame
) -> None:
    limit = "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))"
    run = "runpy.run_module('messplus', run_name='__main__')"
    with ChatServer() as server:
        command = prepare(tmp_path, server.url)
        with start([sys.executable, "-c", f"{limit}; {run}", *command[3:]]) as capture:
            _, said = capture.communicate(timeout=DEADLINE_S)
        assert capture.returncode != 0
        assert "File too large" in said
        finish(command)
        assert sum(server.counts.values()) <= 2 * QUESTIONS + sum(CONCURRENCY.values())
    assert table(tmp_path).equals(uninterrupted)
