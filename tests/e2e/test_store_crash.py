"""A process that appends is killed, over and over: nothing that was acknowledged is lost."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from messplus.records import Decided, Event
from messplus.stores import SqliteStore

KILLS = 20
TIME_S = 20.0
DEADLINE_S = 60.0

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")

# Four threads append batches of one to five events, and print each id once it is acknowledged, with
# one write, so that no line is cut by another. A third of the snapshots is kept, too.
APPEND = """
import os, sys, threading
from pathlib import Path
from messplus.stores import SqliteStore
from tests.unit.stores.samples import decided, outcome

store = SqliteStore(Path(sys.argv[1]))

def work(thread):
    n = 0
    while True:
        name = f"{sys.argv[2]}/{thread}/{n}"
        batch = [decided(name, t=n % 5), *[outcome(name)] * (n % 5)]
        last = store.append(batch).result()
        if n % 3 == 0:
            store.keep(f"{thread}", last, name.encode())
        os.write(1, f"{name} {last}\\n".encode())
        n += 1

threads = [threading.Thread(target=work, args=(thread,)) for thread in range(4)]
for thread in threads:
    thread.start()
"""


def acknowledged_before_death(path: Path, turn: int, life_s: float) -> dict[str, int]:
    """The ids that a process printed, with the number of the last event, until it was killed."""
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", APPEND, str(path), str(turn)],
        stdout=subprocess.PIPE, cwd=root, text=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        first = child.stdout.readline()  # it is under way
        time.sleep(life_s)
        child.send_signal(signal.SIGKILL)
        rest, _ = child.communicate(timeout=DEADLINE_S)
    assert child.returncode == -signal.SIGKILL
    lines = [line.split() for line in (first + rest).splitlines(keepends=True) if line[-1] == "\n"]
    return {name: int(last) for name, last in lines}


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    lives = random.Random(5)
    acknowledged: dict[str, int] = {}
    begun_s = time.monotonic()
    for turn in range(KILLS):
        if turn >= 5 and time.monotonic() - begun_s > TIME_S:  # a slow machine does fewer
            break
        acknowledged |= acknowledged_before_death(path, turn, lives.uniform(0.0, 0.2))
        with closing(SqliteStore(path)) as store:
            stored = list(store.events())
            kept = [store.kept(f"{thread}") for thread in range(4)]
        check([one.event for one in stored])
        last_of = {one.event.decision_id: one.sequence for one in stored}
        assert acknowledged.items() <= last_of.items()
        sequences = [one.sequence for one in stored]
        assert sequences == list(range(1, len(sequences) + 1))
        assert all(one is None or last_of[one[1].decode()] == one[0] for one in kept)
    assert len(acknowledged) > 20


def check(events: list[Event]) -> None:
    """Nothing is there twice, and every batch is whole and in one piece."""
    decisions = [event for event in events if isinstance(event, Decided)]
    assert max(Counter(event.decision_id for event in decisions).values()) == 1
    expected = [one.decision_id for one in decisions for _ in range(1 + one.t)]
    assert [event.decision_id for event in events] == expected
