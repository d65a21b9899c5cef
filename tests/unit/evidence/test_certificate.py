"""What is certified can be checked by who receives it."""

import hashlib
import json

import numpy as np
from tests.unit.stores.samples import NOW_S, decided, feedback, outcome

from messplus.dashboard.certificate import certificate, certificate_page
from messplus.evidence import evidence_of
from messplus.records import Event
from messplus.stores import MemoryStore


def log(n: int) -> MemoryStore:
    store = MemoryStore()
    events: list[Event] = []
    for i in range(n):
        events += [decided(f"d{i}", available=np.array([True, True])), outcome(f"d{i}")]
        events += [feedback(f"d{i}", value=float(i % 4 > 0))] if i % 2 else []
    store.append(events).result()
    return store


def test_its_hash_is_that_of_everything_else() -> None:
    evidence = evidence_of(log(100))
    (promise,) = evidence.promises.values()
    made = certificate(evidence, promise, version="1.2.3", now_s=NOW_S)
    given = made.pop("sha256")
    canonical = json.dumps(made, sort_keys=True, separators=(",", ":")).encode()
    assert hashlib.sha256(canonical).hexdigest() == given


def test_the_page_has_the_numbers_and_runs_nothing() -> None:
    evidence = evidence_of(log(100))
    (promise,) = evidence.promises.values()
    made = certificate(evidence, promise, version="1.2.3", now_s=NOW_S)
    page = certificate_page(made)
    found = promise.satisfaction()
    for share in (found.estimate, found.low, found.high, found.unknown_low, found.unknown_high):
        assert share is not None
        assert f"{share:.1%}" in page
    assert made["sha256"] in page
    assert "<script" not in page
    assert "taken to answer as often" in page  # users: that is assumed


def test_names_are_only_text() -> None:
    store = MemoryStore()
    store.append([decided("a", route="<b>&")]).result()
    evidence = evidence_of(store)
    (promise,) = evidence.promises.values()
    page = certificate_page(certificate(evidence, promise, version="1", now_s=NOW_S))
    assert "<b>" not in page
    assert "not known" in page
