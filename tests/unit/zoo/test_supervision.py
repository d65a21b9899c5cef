"""Supervision, with real processes that stand for servers: crashes, hangs, kills, and a clean end."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import psutil
import pytest
from filelock import FileLock
from tests.ports import free_port
from tests.unit.zoo.samples import CONTENT, model

from messplus.errors import SettingError, ZooError
from messplus.zoo.keeper import Command, Patience
from messplus.zoo.manifest import Manifest
from messplus.zoo.pull import model_file
from messplus.zoo.serve import (
    check_ports,
    commands_for,
    down,
    running,
    start,
    wait_until_up,
    zoo_folder,
)
from messplus.zoo.server import Inference
from messplus.zoo.state import ProcessMark, Served, State, state_file
from messplus.zoo.supervisor import supervise

FAKE = Path(__file__).with_name("fake_server.py")
DEADLINE_S = 60.0
HASTE = Patience(
    look_s=0.02, calm_s=0.05, answer_s=1.0, hang_s=20.0, load_s=30.0, healthy_s=60.0,
    first_wait_s=0.02, longest_wait_s=0.1, end_s=1.0,
)  # fmt: skip
Found = TypeVar("Found")


def fake(name: str, *options: str) -> Command:
    port = free_port()
    arguments = (sys.executable, str(FAKE), str(port), *options)
    return Command(served=Served(name=name, port=port), arguments=arguments)


def until(look: Callable[[], Found | None]) -> Found:
    """Wait for something to be there, and fail if it never is."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.01)
    pytest.fail("waited in vain")


class Watch:
    """The states that a supervisor in a thread of this process has noted."""

    def __init__(self) -> None:
        self.states: list[State] = []

    @property
    def now(self) -> dict[str, Served]:
        return {one.name: one for one in self.states[-1].served} if self.states else {}

    def phases(self, name: str) -> list[str]:
        return [one.phase for state in self.states for one in state.served if one.name == name]

    def until(self, name: str, good: Callable[[Served], bool]) -> Served:
        def look() -> Served | None:
            one = self.now.get(name)
            return one if one is not None and good(one) else None

        return until(look)


@contextmanager
def supervised(folder: Path, *commands: Command, patience: Patience = HASTE) -> Iterator[Watch]:
    watch, stopping = Watch(), threading.Event()
    thread = threading.Thread(
        target=supervise,
        args=(commands, folder, stopping),
        kwargs={"patience": patience, "on_state": watch.states.append},
    )
    thread.start()
    try:
        yield watch
    finally:
        stopping.set()
        thread.join(DEADLINE_S)
        assert not thread.is_alive()


def healthy(one: Served) -> bool:
    return one.phase == "healthy"


def process_of(one: Served) -> psutil.Process:
    assert one.process is not None
    process = one.process.find()
    assert process is not None
    return process


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_servers_run_until_they_are_told_to_end(tmp_path: Path) -> None:
    with supervised(tmp_path, fake("a"), fake("b")) as watch:
        processes = [process_of(watch.until(name, healthy)) for name in "ab"]
        assert State.read(tmp_path) == watch.states[-1]
        memory_bytes = watch.now["a"].memory_bytes
        assert memory_bytes is not None
        assert memory_bytes > 10**6
    assert all(gone(process) for process in processes)
    assert State.read(tmp_path) is None
    assert "hello from the fake" in (tmp_path / "logs" / "a.log").read_text()
    assert watch.now["a"].restarts == 0


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSEGV])
def test_a_server_that_dies_is_started_again(tmp_path: Path, sign: signal.Signals) -> None:
    with supervised(tmp_path, fake("a"), fake("b")) as watch:
        first, other = (process_of(watch.until(name, healthy)) for name in "ab")
        first.send_signal(sign)
        again = watch.until("a", lambda one: one.restarts == 1 and healthy(one))
        assert process_of(again).pid != first.pid
        assert f"it was ended by signal {sign.value}" in again.reason
        assert process_of(watch.now["b"]) == other
        assert watch.now["b"].restarts == 0


def test_a_server_that_hangs_is_killed_and_started_again(tmp_path: Path) -> None:
    patience = replace(HASTE, hang_s=1.5)
    with supervised(tmp_path, fake("a"), patience=patience) as watch:
        process = process_of(watch.until("a", healthy))
        process.suspend()
        again = watch.until("a", lambda one: one.restarts >= 1 and healthy(one))
        assert "did not answer for 1.5 s" in again.reason
        assert "silent" in watch.phases("a")
        assert gone(process)


def test_a_server_that_never_gets_ready(tmp_path: Path) -> None:
    patience = replace(HASTE, load_s=0.5, hang_s=30.0, crashes=2)
    with supervised(tmp_path, fake("a", "--loading"), patience=patience) as watch:
        one = watch.until("a", lambda one: one.phase == "gave up")
    assert "it was not ready after 0.5 s" in one.reason


def test_a_server_that_keeps_crashing_is_given_up_with_its_last_words(tmp_path: Path) -> None:
    bad = fake("a", "--exit", "3")
    with supervised(tmp_path, bad, fake("b")) as watch:
        one = watch.until("a", lambda one: one.phase == "gave up")
        assert one.restarts == HASTE.crashes - 1
        assert "5 crashes in a row" in one.reason
        assert "exit code 3" in one.reason
        assert "no such model %s" in one.reason
        assert one.process is None
        assert healthy(watch.until("b", healthy))


def test_a_program_that_is_not_there_is_given_up(tmp_path: Path) -> None:
    bad = replace(fake("a"), arguments=("/nowhere/server",))
    with supervised(tmp_path, bad) as watch:
        one = watch.until("a", lambda one: one.phase == "gave up")
    assert "could not be started" in one.reason


def test_crashes_after_good_health_are_forgiven(tmp_path: Path) -> None:
    patience = replace(HASTE, crashes=2, healthy_s=0.2)
    with supervised(tmp_path, fake("a", "--crash-after", "1.5"), patience=patience) as watch:
        watch.until("a", lambda one: one.restarts == 3)
    assert "gave up" not in watch.phases("a")


def test_a_server_that_does_not_end_is_killed(tmp_path: Path) -> None:
    with supervised(tmp_path, fake("a", "--stubborn")) as watch:
        process = process_of(watch.until("a", healthy))
    assert gone(process)


def test_logs_are_bounded(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "a.log"
    with supervised(tmp_path, fake("a", "--talk")) as watch:
        watch.until("a", healthy)
        until(lambda: log.exists() and "said all" in log.read_text())
    sizes = [path.stat().st_size for path in log.parent.glob("a.log*")]
    assert len(sizes) == 2
    assert max(sizes) <= 2**20


def test_one_supervisor_at_a_time(tmp_path: Path) -> None:
    with supervised(tmp_path, fake("a")) as watch:
        watch.until("a", healthy)
        with pytest.raises(ZooError, match="a zoo is up already"):
            supervise([], tmp_path, threading.Event())
        assert State.read(tmp_path) == watch.states[-1]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A zoo's folder; what is up in it at the end is taken down."""
    yield tmp_path / "zoo"
    if (tmp_path / "zoo").exists():
        down(tmp_path / "zoo", patience=HASTE)


@contextmanager
def up(folder: Path, *commands: Command) -> Iterator[tuple["subprocess.Popen[bytes]", State]]:
    """A zoo in the background."""
    with start(commands, folder, HASTE) as process:
        try:
            yield process, wait_until_up(folder, process, timeout_s=DEADLINE_S)
        finally:
            down(folder, patience=HASTE)


def test_up_and_down_in_the_background(folder: Path) -> None:
    with up(folder, fake("a"), fake("b")) as (process, state):
        assert running(folder) == state
        assert [one.phase for one in state.served] == ["healthy", "healthy"]
        assert os.getsid(process.pid) == process.pid  # a closed terminal does not end it
        servers = [process_of(one) for one in state.served]
        with pytest.raises(ZooError, match="a zoo is up already"):
            start([fake("c")], folder)
        assert down(folder, patience=HASTE) == ("a", "b")
        assert process.wait(DEADLINE_S) == 0
    assert all(gone(server) for server in servers)
    assert running(folder) is None
    assert down(folder) == ()


def test_servers_never_outlive_a_killed_supervisor(folder: Path) -> None:
    with up(folder, fake("a"), fake("b")) as (process, state):
        servers = [process_of(one) for one in state.served]
        process.kill()
        process.wait()
        until(lambda: all(gone(server) for server in servers))
        assert running(folder) is None
        assert State.read(folder) is not None  # a stale one
    with up(folder, fake("a")) as (_, state):  # and it can be started again at once
        assert running(folder) == state


def test_what_a_killed_supervisor_left_is_cleared_away(folder: Path) -> None:
    """Servers that did not notice, too; but not a process that has one's number by now."""
    stray = fake("a")
    with subprocess.Popen([*stray.arguments, "--stubborn"], stdin=subprocess.PIPE) as process:
        mark, own = ProcessMark.of(process.pid), ProcessMark.of(os.getpid())
        assert mark is not None
        assert own is not None
        assert mark.find() is not None
        earlier = replace(own, created_s=own.created_s - 1000)
        State(
            supervisor=earlier,
            served=(
                replace(stray.served, process=mark),
                replace(stray.served, name="other", process=earlier),
            ),
        ).write(folder)
        assert running(folder) is None
        assert down(folder, patience=HASTE) == ("a", "other")
        process.wait(DEADLINE_S)
    assert State.read(folder) is None


def test_a_taken_port_is_named(folder: Path) -> None:
    command = fake("a")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", command.served.port))
        taken.listen()
        with pytest.raises(ZooError, match=f"port {command.served.port} of a .* --port-base"):
            start([command], folder)
    check_ports([command])


def test_up_fails_as_a_whole(folder: Path) -> None:
    good, bad = fake("a"), fake("b", "--exit", "3")
    with start([good, bad], folder, HASTE) as process:
        with pytest.raises(ZooError, match="b cannot be served: 5 crashes"):
            wait_until_up(folder, process, timeout_s=DEADLINE_S)
        assert process.returncode == 0
    assert running(folder) is None
    check_ports([good])


def test_up_does_not_wait_for_ever(folder: Path) -> None:
    late = r"not all models were healthy after 0\.3 s; logs: "
    with (
        start([fake("a", "--loading")], folder, HASTE) as process,
        pytest.raises(ZooError, match=late),
    ):
        wait_until_up(folder, process, timeout_s=0.3)
    assert running(folder) is None


def test_a_supervisor_that_fails_says_why(folder: Path) -> None:
    folder.mkdir()
    why = "ended with exit code 1: error: a zoo is up already"
    with (
        FileLock(folder / ".lock"),
        start([fake("a")], folder, HASTE) as process,
        pytest.raises(ZooError, match=why),
    ):
        wait_until_up(folder, process, timeout_s=DEADLINE_S)


class TestState:
    def test_it_is_read_as_it_was_written(self, tmp_path: Path) -> None:
        assert State.read(tmp_path) is None
        mark = ProcessMark.of(os.getpid())
        assert mark is not None
        served = Served(name="a", port=8101, input_usd_per_mtok=0.5, process=mark, restarts=2)
        state = State(supervisor=mark, served=(served, replace(served, process=None)))
        state.write(tmp_path)
        assert State.read(tmp_path) == state
        assert state.is_running
        assert served.base_url == "http://127.0.0.1:8101/v1"
        assert state.served[1].memory_bytes is None

    @pytest.mark.parametrize(
        "text",
        [
            "", "[]", "{}", '{"supervisor": {"pid": 1}, "served": []}',
            '{"supervisor": {"pid": 1, "created_s": 2}, "served": [{"name": "a"}]}',
        ],
    )  # fmt: skip
    def test_another_file_is_no_state(self, tmp_path: Path, text: str) -> None:
        state_file(tmp_path).write_text(text)
        with pytest.raises(ZooError, match="is no state of a zoo"):
            State.read(tmp_path)

    def test_a_process_that_has_ended(self) -> None:
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
            mark = ProcessMark.of(process.pid)
            assert mark is not None
            assert mark.find() is not None
            process.kill()
            until(lambda: mark.find() is None)  # not reaped yet
        assert mark.find() is None
        assert ProcessMark.of(process.pid) is None


class TestCommands:
    def manifest(self, cache: Path) -> Manifest:
        models = tuple(model(name=name, file=f"{name}.gguf") for name in ("a", "b", "c"))
        for one in models:
            path = model_file(cache, one)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(CONTENT)
        return Manifest(models)

    def test_a_port_follows_from_the_place_in_the_manifest(self, tmp_path: Path) -> None:
        manifest = self.manifest(tmp_path)
        commands = commands_for(
            manifest.select(["c", "b"]), manifest, tmp_path,
            port_base=9000, inference=Inference(threads=3, parallel=2),
        )  # fmt: skip
        assert [(c.served.name, c.served.port) for c in commands] == [("b", 9001), ("c", 9002)]
        assert commands[0].served.output_usd_per_mtok == 0.2
        said = " ".join(commands[0].arguments)
        assert f"--model {tmp_path}/models/b.gguf --name b --port 9001 --context 64" in said
        assert "--threads 3 --parallel 2" in said

    def test_a_missing_file_is_named_with_the_fix(self, tmp_path: Path) -> None:
        manifest = self.manifest(tmp_path)
        model_file(tmp_path, manifest.models[1]).write_bytes(CONTENT[:-1])
        with pytest.raises(ZooError, match=r"not here yet: b\. `messplus zoo pull b` gets them"):
            commands_for(manifest.models, manifest, tmp_path, port_base=9000, inference=Inference())

    @pytest.mark.parametrize(
        ("port_base", "inference", "message"),
        [
            (80, Inference(), "port-base must be 1024 to 65533, got 80"),
            (65534, Inference(), "port-base must be 1024 to 65533, got 65534"),
            (8101, Inference(threads=0), "threads must be at least 1, got 0"),
            (8101, Inference(parallel=0), "parallel must be at least 1, got 0"),
        ],
    )
    def test_settings_out_of_range(
        self, tmp_path: Path, port_base: int, inference: Inference, message: str
    ) -> None:
        manifest = self.manifest(tmp_path)
        with pytest.raises(SettingError, match=message):
            commands_for(
                manifest.models, manifest, tmp_path, port_base=port_base, inference=inference
            )


def test_the_folder_does_not_depend_on_where_we_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert zoo_folder(Path("cache")) == tmp_path / "cache" / "zoo"
