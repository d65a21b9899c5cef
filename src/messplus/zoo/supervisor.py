"""Keeps all servers of a zoo up, and writes down how they are: `python -m messplus.zoo.supervisor`."""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout

from messplus.errors import ZooError
from messplus.zoo.keeper import Command, Keeper, Patience
from messplus.zoo.state import ProcessMark, Served, State, state_file


def supervise(
    commands: Sequence[Command],
    folder: Path,
    stopping: threading.Event,
    *,
    patience: Patience | None = None,
    on_state: Callable[[State], None] | None = None,
) -> None:
    """Keep servers up until `stopping` is set, then end them all.

    Args:
        commands: What to run.
        folder: The zoo's: for its state and its logs.
        stopping: Set by somebody else.
        patience: How long to wait for what.
        on_state: Called with the state whenever it has changed.

    Raises:
        ZooError: Another supervisor is at work in that folder.
    """
    own = ProcessMark.of(os.getpid())
    assert own is not None
    guard = threading.Lock()
    keepers: list[Keeper] = []

    def note() -> None:
        with guard:
            state = State(supervisor=own, served=tuple(keeper.served for keeper in keepers))
            try:
                state.write(folder)
            except OSError as error:  # a full disk must not take the servers down
                print(f"cannot write {state_file(folder)}: {error}", file=sys.stderr)
            if on_state is not None:
                on_state(state)

    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        for command in commands:
            log = logs / f"{command.served.name}.log"
            keepers.append(Keeper(command, log, patience or Patience(), note))
        note()
        try:
            for keeper in keepers:
                keeper.start()
            stopping.wait()
        finally:
            for keeper in keepers:
                keeper.stop()
            for keeper in keepers:
                keeper.join()
            state_file(folder).unlink(missing_ok=True)


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM, SIGINT (Ctrl-C) and SIGHUP (a closed terminal) set; main thread only."""
    stopping = threading.Event()

    def stop(*_: object) -> None:
        # Not here: the main thread, which a handler interrupts, may hold the event's lock just now.
        threading.Thread(target=stopping.set).start()

    before = {
        one: signal.signal(one, stop) for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    }
    try:
        yield stopping
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other supervisors out of a folder; the lock of a killed one is free.

    Raises:
        ZooError: Another one is at work.
    """
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ZooError("a zoo is up already: `messplus zoo down` ends it") from error
    try:
        yield
    finally:
        lock.release()


def write_commands(commands: Sequence[Command], patience: Patience, file: IO[bytes]) -> None:
    """Write what `main` reads."""
    entries = {
        "patience": asdict(patience),
        "commands": [
            {
                "served": {key: getattr(command.served, key) for key in _GIVEN},
                "arguments": command.arguments,
            }
            for command in commands
        ],
    }
    file.write(json.dumps(entries).encode())


_GIVEN = ("name", "port", "input_usd_per_mtok", "output_usd_per_mtok")
assert {*_GIVEN} < {one.name for one in fields(Served)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read commands from standard input, and supervise them until a signal says stop."""
    parser = argparse.ArgumentParser(prog="python -m messplus.zoo.supervisor", description=__doc__)
    parser.add_argument("folder", type=Path, help="the zoo's folder")
    given = parser.parse_args(arguments)
    entries = json.load(sys.stdin)
    commands = [
        Command(served=Served(**entry["served"]), arguments=tuple(entry["arguments"]))
        for entry in entries["commands"]
    ]
    with stopped_by_signals() as stopping:
        try:
            supervise(commands, given.folder, stopping, patience=Patience(**entries["patience"]))
        except ZooError as error:
            sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
