"""Bring a zoo up in the background, look at it, and take it down."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import psutil

from messplus.errors import ZooError, require_range
from messplus.zoo.keeper import Command, Patience
from messplus.zoo.manifest import Manifest, Model
from messplus.zoo.pull import is_present, model_file, needed_bytes
from messplus.zoo.server import HOST, Inference, server_command
from messplus.zoo.state import Served, State, state_file
from messplus.zoo.supervisor import write_commands

_LOOK_S = 0.1
_LOG_TAIL_CHARS = 600


def zoo_folder(cache: Path) -> Path:
    """Where a zoo keeps its state and its logs, in the cache folder; absolute."""
    return cache.absolute() / "zoo"


def commands_for(
    models: Sequence[Model],
    manifest: Manifest,
    cache: Path,
    *,
    port_base: int,
    inference: Inference,
) -> tuple[Command, ...]:
    """How to serve models.

    Args:
        models: Some of the manifest's.
        manifest: A model's place in it gives its port, so that it stays the same.
        cache: The cache folder with the models' files.
        port_base: Port of the manifest's first model.
        inference: How they are run.

    Raises:
        SettingError: A setting is out of its range.
        ZooError: A model's file is not there.
    """
    highest = 65_536 - len(manifest.models)
    ok = 1024 <= port_base <= highest
    require_range("port-base", port_base, f"1024 to {highest}", ok=ok)
    require_range("threads", inference.threads, "at least 1", ok=inference.threads >= 1)
    require_range("parallel", inference.parallel, "at least 1", ok=inference.parallel >= 1)
    missing = [model for model in models if not is_present(cache, model)]
    if missing:
        names = " ".join(model.name for model in missing)
        megabytes = needed_bytes(missing) // 10**6
        raise ZooError(
            f"not here yet: {names}. `messplus zoo pull {names}` gets them, "
            f"and needs up to {megabytes:,} MB of disk; `messplus zoo up --pull` does both"
        )
    return tuple(
        Command(
            served=Served(
                name=model.name,
                port=(port := port_base + manifest.models.index(model)),
                input_usd_per_mtok=model.input_usd_per_mtok,
                output_usd_per_mtok=model.output_usd_per_mtok,
            ),
            arguments=server_command(model, model_file(cache, model).absolute(), port, inference),
        )
        for model in models
    )


def check_ports(commands: Sequence[Command]) -> None:
    """See that nobody listens on the ports.

    Raises:
        ZooError: Somebody does. The message names the port.
    """
    for command in commands:
        port = command.served.port
        with socket.socket() as probe:
            # As servers do: connections of an earlier one that are about to be forgotten do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                raise ZooError(
                    f"port {port} of {command.served.name} cannot be had ({error.strerror}): end "
                    "the program that listens there, or give another --port-base"
                ) from error


def running(folder: Path) -> State | None:
    """The zoo that is up, or None. What a kill or a reboot left behind does not count.

    Raises:
        ZooError: The state cannot be read.
    """
    state = State.read(folder)
    return state if state is not None and state.is_running else None


def start(
    commands: Sequence[Command], folder: Path, patience: Patience | None = None
) -> "subprocess.Popen[bytes]":
    """Start a supervisor in a session of its own; it goes on when we end.

    Args:
        commands: What it runs.
        folder: The zoo's.
        patience: How long it waits for what.

    Returns:
        The supervisor; keep it only to see whether it ended at once.

    Raises:
        ZooError: A zoo is up already, or a port is taken.
    """
    down(folder, only_if_dead=True)
    check_ports(commands)
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    with _log(folder).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "messplus.zoo.supervisor", str(folder)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
        )
    assert process.stdin is not None
    with process.stdin as plan:
        write_commands(commands, patience or Patience(), plan)
    return process


def wait_until_up(
    folder: Path,
    process: "subprocess.Popen[bytes]",
    *,
    on_state: Callable[[State], None] = lambda _: None,
    timeout_s: float = 600.0,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> State:
    """Wait until all models of a zoo are healthy; if that fails, take it down.

    Args:
        folder: The zoo's.
        process: Its supervisor, as `start` gave it.
        on_state: Called with each state on the way.
        timeout_s: Longest wait.
        sleep: Waits that many seconds.
        clock: Seconds since any moment.

    Raises:
        ZooError: A model was given up, the time is over, or the supervisor ended.
    """
    until = clock() + timeout_s
    try:
        while (state := _looked_at(folder, process)) is None or not _is_up(state):
            if state is not None:
                on_state(state)
            if clock() > until:
                _too_late(folder, timeout_s)
            sleep(_LOOK_S)
    except BaseException:  # Ctrl-C, too: half a zoo helps nobody
        process.terminate()
        try:
            process.wait(2 * Patience().end_s)
        except subprocess.TimeoutExpired:
            process.kill()  # its servers notice, and end
            process.wait()
        raise
    return state


def _looked_at(folder: Path, process: "subprocess.Popen[bytes]") -> State | None:
    """The state as this supervisor wrote it, or None if it has not yet.

    Raises:
        ZooError: It ended, or gave a model up.
    """
    if process.poll() is not None:
        said = _log(folder).read_text(errors="replace").strip()[-_LOG_TAIL_CHARS:]
        raise ZooError(f"the supervisor ended with exit code {process.returncode}: {said}")
    state = State.read(folder)
    if state is None or state.supervisor.pid != process.pid:
        return None
    for one in state.served:
        if one.phase == "gave up":
            raise ZooError(f"{one.name} cannot be served: {one.reason}")
    return state


def _is_up(state: State) -> bool:
    return all(one.phase == "healthy" for one in state.served)


def _too_late(folder: Path, timeout_s: float) -> NoReturn:
    raise ZooError(f"not all models were healthy after {timeout_s:g} s; logs: {folder / 'logs'}")


def down(
    folder: Path, *, only_if_dead: bool = False, patience: Patience | None = None
) -> tuple[str, ...]:
    """Take a zoo down, and clear away what a killed supervisor left.

    Args:
        folder: The zoo's.
        only_if_dead: Refuse if its supervisor runs.
        patience: How long to wait before processes are killed.

    Returns:
        The names of the models that were served; none if nothing ran.

    Raises:
        ZooError: The supervisor runs and `only_if_dead`, or the state cannot be read.
    """
    state = State.read(folder)
    if state is None:
        return ()
    supervisor = state.supervisor.find()
    if supervisor is not None and only_if_dead:
        raise ZooError("a zoo is up already: `messplus zoo status` shows it, `zoo down` ends it")
    end_s = (patience or Patience()).end_s
    if supervisor is not None:
        # It ends its servers and waits `end_s` for them, so it is given a little more.
        _end(supervisor, end_s + 2.0)
    survivors = [one.process.find() for one in state.served if one.process is not None]
    for server in survivors:
        if server is not None:
            _end(server, end_s)
    state_file(folder).unlink(missing_ok=True)
    was_up = supervisor is not None or any(survivors)
    return tuple(one.name for one in state.served) if was_up else ()


def _end(process: psutil.Process, patience_s: float) -> None:
    """Ask a process to end, and kill it if it does not."""
    try:
        process.terminate()
        try:
            process.wait(patience_s)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(patience_s)
    except psutil.NoSuchProcess:
        return


def _log(folder: Path) -> Path:
    return folder / "logs" / "supervisor.log"
