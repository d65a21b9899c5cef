"""A router that is killed at any moment has forgotten nothing that was acknowledged."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from messplus.records import Decided, Feedback
from messplus.router import Route, Router, adaptive_engine
from messplus.router.kept import kept
from messplus.snapshots import to_bytes
from messplus.stores import MemoryStore, Store, open_store

CHILD = """
import sys
import numpy as np
from messplus.records import Outcome
from messplus.router import Route, Router, adaptive_engine
from messplus.stores import open_store

engine = adaptive_engine({"small": 1.0, "large": 8.0})
routes = [Route("r", 0.7), Route("s", 0.9)]
rng = np.random.default_rng(int(sys.argv[2]))
router = Router(engine, routes, open_store(f"sqlite:{sys.argv[1]}"), rng=rng, snapshot_every=50)
while True:
    routed = router.route(f"request {router.decisions}", route=routes[router.decisions % 2].name)
    print("decided", routed.decision_id, routed.stored.result(), flush=True)
    call = Outcome(decision_id=routed.decision_id, model=routed.model, at_s=0.0, cost=1.0)
    router.finish(routed.decision_id, [call])
    heard = router.feedback(routed.decision_id, float(rng.random() < 0.6))
    print("heard", heard.feedback_id, heard.stored.result(), flush=True)
"""
LINES = (
    1,
    40,
    90,
    260,
)  # after so many acknowledgements the process is killed, one after the other


def router_on(store: Store) -> Router:
    engine = adaptive_engine({"small": 1.0, "large": 8.0})
    return Router(engine, [Route("r", 0.7), Route("s", 0.9)], store, rng=np.random.default_rng(0))


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_nothing_acknowledged_is_lost_or_counted_twice(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    acknowledged: set[tuple[str, str]] = set()
    for round_, lines in enumerate(LINES):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path), str(round_)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            for _ in range(lines):
                kind, name, _sequence = child.stdout.readline().split()
                acknowledged.add((kind, name))
            child.send_signal(signal.SIGKILL)
            for line in child.stdout.read().splitlines(keepends=True):
                if line.endswith("\n"):  # acknowledged before the signal came
                    kind, name, _sequence = line.split()
                    acknowledged.add((kind, name))
    assert len(acknowledged) >= sum(LINES)

    store = open_store(f"sqlite:{path}")
    events = [one.event for one in store.events()]
    decided = [event.decision_id for event in events if isinstance(event, Decided)]
    heard = [event.feedback_id for event in events if isinstance(event, Feedback)]
    assert len(decided) == len(set(decided))
    assert len(heard) == len(set(heard))
    assert acknowledged <= {("decided", one) for one in decided} | {("heard", one) for one in heard}

    restarted = router_on(store)  # from the latest snapshot on
    assert restarted.decisions == len(decided)
    anew = MemoryStore()
    for event in events:
        anew.append([event])
    assert to_bytes(kept(router_on(anew)._fold)) == to_bytes(kept(restarted._fold))
    store.close()
