"""Whatever is appended is read back, and the store on disk does what the one in memory does."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.unit.stores.samples import same, same_all, told

from messplus.core.types import Draws
from messplus.errors import StoreError
from messplus.records import Decided, Event, Feedback, Outcome
from messplus.stores import MemoryStore, SqliteStore, Store, Stored

TEXT = st.text(st.characters(), max_size=8)  # surrogates, too
TIMES = st.floats(0, 1e10)
WHOLE = st.integers(0, 2**63 - 1)
NUMBER = st.floats(allow_nan=False)
ATTRIBUTES = st.dictionaries(TEXT, TEXT, max_size=2)
IDS = st.sampled_from("abcdef")
ANY = st.floats(width=64)


@st.composite
def decisions(draw: st.DrawFn, ids: st.SearchStrategy[str]) -> Decided:
    models = draw(st.integers(0, 4))
    features = draw(hnp.arrays(np.float32, st.integers(0, 5), elements=st.floats(width=32)))
    return Decided(
        decision_id=draw(ids),
        route=draw(TEXT),
        at_s=draw(TIMES),
        t=draw(WHOLE),
        alpha=draw(NUMBER),
        models=tuple(draw(st.lists(TEXT, min_size=models, max_size=models))),
        available=draw(hnp.arrays(np.bool_, models)),
        features=features.astype(np.float64),
        draws=Draws(draw(NUMBER), draw(NUMBER)),
        model=draw(TEXT),
        asked=tuple(draw(st.lists(TEXT, max_size=3))),
        explored=draw(st.booleans()),
        propensity=draw(NUMBER),
        queue=draw(NUMBER),
        p_sat=draw(hnp.arrays(np.float64, models, elements=ANY)),
        cost=draw(hnp.arrays(np.float64, models, elements=ANY)),
        price=draw(NUMBER),
        shielded=draw(st.booleans()),
        attributes=draw(ATTRIBUTES),
        prompt=draw(st.none() | TEXT),
    )


def outcomes(ids: st.SearchStrategy[str]) -> st.SearchStrategy[Outcome]:
    return st.builds(
        Outcome,
        decision_id=ids,
        model=TEXT,
        at_s=TIMES,
        cost=st.floats(0, allow_infinity=False),
        latency_s=st.none() | NUMBER,
        prompt_tokens=st.none() | WHOLE,
        output_tokens=st.none() | WHOLE,
        error=TEXT,
    )


def feedbacks(ids: st.SearchStrategy[str]) -> st.SearchStrategy[Feedback]:
    return st.builds(
        Feedback,
        feedback_id=ids,
        decision_id=ids,
        at_s=TIMES,
        value=st.floats(0, 1),
        source=st.sampled_from(["user", "audit", "judge"]),
        comment=TEXT,
        attributes=ATTRIBUTES,
        cost=st.floats(0, allow_infinity=False),
    )


SOME = IDS | TEXT
BATCHES = st.lists(
    st.lists(decisions(SOME) | outcomes(IDS) | feedbacks(SOME), max_size=3), max_size=5
)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@settings(max_examples=60)
@given(batches=BATCHES)
def test_whatever_is_acknowledged_is_read_back(kind: str, batches: list[list[Event]]) -> None:
    with TemporaryDirectory() as folder:
        store: Store = MemoryStore() if kind == "memory" else SqliteStore(Path(folder) / "log.db")
        try:
            kept = [event for batch in batches if _acknowledged(store, batch) for event in batch]
            assert same_all([stored.event for stored in store.events()], kept)
        finally:
            store.close()


class BothStores(RuleBasedStateMachine):
    """Every step goes to both; few ids, so that they meet again."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name) / "log.db"
        self.memory = MemoryStore()
        self.disk = SqliteStore(self.path)

    @rule(batch=st.lists(decisions(IDS) | outcomes(IDS) | feedbacks(IDS), max_size=3))
    def append(self, batch: list[Event]) -> None:
        assert _said(self.disk, batch) == _said(self.memory, batch)

    @rule(before_s=TIMES)
    def forget(self, before_s: float) -> None:
        assert self.disk.forget(before_s) == self.memory.forget(before_s)
        assert self.disk.oldest_s() == self.memory.oldest_s()

    @rule(limit=st.integers(1, 4), before=st.none() | st.integers(-1, 30))
    def latest(self, limit: int, before: int | None) -> None:
        self._same_log(
            list(self.disk.recent(limit, before=before)),
            list(self.memory.recent(limit, before=before)),
        )

    @rule(name=IDS, sequence=st.integers(0, 100), state=st.binary(max_size=9))
    def keep(self, name: str, sequence: int, state: bytes) -> None:
        for store in (self.memory, self.disk):
            store.keep(name, sequence, state)
            assert store.kept(name) == (sequence, state)

    @rule()
    def open_again(self) -> None:
        self.disk.close()
        self.disk = SqliteStore(self.path)

    @rule(name=IDS)
    def look_up(self, name: str) -> None:
        assert same_all(told(self.disk.story(name)), told(self.memory.story(name)))
        assert self.disk.has_feedback(name) == self.memory.has_feedback(name)
        assert self.disk.kept(name) == self.memory.kept(name)

    @rule(after=st.integers(0, 30))
    def read_on(self, after: int) -> None:
        self._same_log(list(self.disk.events(after)), list(self.memory.events(after)))

    @invariant()
    def same_log(self) -> None:
        self._same_log(list(self.disk.events()), list(self.memory.events()))

    def teardown(self) -> None:
        self.disk.close()
        self.folder.cleanup()

    def _same_log(self, some: list[Stored], others: list[Stored]) -> None:
        assert [one.sequence for one in some] == [other.sequence for other in others]
        assert all(same(one.event, other.event) for one, other in zip(some, others, strict=True))


def _acknowledged(store: Store, batch: list[Event]) -> bool:
    return store.append(batch).exception() is None


def _said(store: Store, batch: list[Event]) -> int | str:
    """The number that a store gives, or its refusal."""
    try:
        return store.append(batch).result()
    except StoreError as error:
        return str(error)


TestBothStores = BothStores.TestCase
TestBothStores.settings = settings(max_examples=40, stateful_step_count=30)
