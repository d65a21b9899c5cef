"""A replay that is killed or interrupted loses no finished run."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SEEDS = 40
STREAMS = 1
DEADLINE_S = 60.0

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


def command(folder: Path, *more: str) -> list[str]:
    policy = ["-p", "messplus:learn_from=served", "--seeds", str(SEEDS), "--jobs", "1"]
    return [sys.executable, "-m", "messplus", "replay", *policy, "--cache", str(folder), *more]


def stopped_by(stop: signal.Signals, folder: Path) -> tuple[int, str]:
    """Start a replay, send a signal once some of its runs are finished; exit code and stderr."""
    with subprocess.Popen(
        command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as replay:
        until = time.monotonic() + DEADLINE_S
        while len(finished(folder)) < 5 and time.monotonic() < until:
            assert replay.poll() is None, "it ended by itself"
            time.sleep(0.01)
        replay.send_signal(stop)
        _, said = replay.communicate(timeout=DEADLINE_S)
    return replay.returncode, said


def finished(folder: Path) -> dict[str, int]:
    """The finished runs on disk, with the time at which each was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("runs/*.npz")}


def resumed(folder: Path) -> list[dict[str, object]]:
    """The runs of the same command, started again and left to end."""
    target = folder / "runs.json"
    again = command(folder, "--json", str(target))
    subprocess.run(again, check=True, stdout=subprocess.DEVNULL, timeout=DEADLINE_S)
    runs: list[dict[str, object]] = json.loads(target.read_text())["runs"]
    return runs


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_the_same_command_goes_on_where_it_was(stop: signal.Signals, tmp_path: Path) -> None:
    code, said = stopped_by(stop, tmp_path)
    kept = finished(tmp_path)
    assert 5 <= len(kept) < STREAMS * SEEDS
    if stop == signal.SIGINT:
        assert code == 130
        assert "the same command goes on from there" in " ".join(said.split())

    runs = resumed(tmp_path)
    assert len(runs) == STREAMS * SEEDS
    after = finished(tmp_path)
    assert len(after) == STREAMS * SEEDS
    assert {name: after[name] for name in kept} == kept  # read, not made again
