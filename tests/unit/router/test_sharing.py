"""Many routers over one log: one promise, one body of knowledge."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.unit.router import world
from tests.unit.router.world import World

from messplus.errors import SettingError, StoreError
from messplus.records import Decided, Feedback, Outcome
from messplus.router import Route, Router
from messplus.router.learner import Learner
from messplus.router.route import Key
from messplus.snapshots import to_bytes
from messplus.stores import MemoryStore, SharedStore
from messplus.stores.postgres.store import PostgresStore

KEY = Key("r", 0.8)
ROUTES = {"r": Route("r", 0.8)}
MakeStore = Callable[[], PostgresStore]
CLOCK_S = 1.75e9


@pytest.fixture
def make_store(postgres_url: str, tmp_path: Path) -> Iterator[MakeStore]:
    """Stores over one log, as processes have them."""
    with ExitStack() as opened:

        def make() -> PostgresStore:
            store = PostgresStore(postgres_url, spool=tmp_path / "spool")
            opened.callback(store.close)
            return store

        yield make


def joined(
    store: SharedStore,
    seed: int = 0,
    prices: Mapping[str, float] = world.PRICES,
    clock: Callable[[], float] = time.time,
) -> Router:
    return world.router(store, seed=seed, shared=True, prices=prices, clock=clock)


def learned(store: SharedStore) -> Learner:
    """One that has learned all there is, and has published it."""
    learner = Learner(world.engine(), ROUTES, store)
    learner.follow()
    lead = store.lead()
    assert lead is not None
    learner.publish(lead)
    lead.release()
    return learner


def test_a_store_that_cannot_be_shared_is_refused() -> None:
    with pytest.raises(SettingError, match="MemoryStore cannot be shared: use postgresql:"):
        world.router(MemoryStore(), shared=True)


def test_what_one_decides_all_owe(make_store: MakeStore) -> None:
    one, other = joined(make_store(), 1), joined(make_store(), 2)
    World(1).serve(one, 30)
    one.flush()
    other.refresh()
    mine, theirs = one.standing(), other.standing()
    assert theirs.requests == mine.requests == 30
    assert theirs.debt == pytest.approx(mine.debt, abs=1e-9)
    World(2).serve(other, 30)
    other.flush()
    one.refresh()
    assert one.standing().debt == pytest.approx(other.standing().debt, abs=1e-9)
    assert one.standing().requests == other.standing().requests == 60


def test_what_one_hears_all_know_once_it_is_learned(make_store: MakeStore) -> None:
    store = make_store()
    one, other = joined(store, 1), joined(make_store(), 2)
    World(1).serve(one, 200)
    one.flush()
    before = {model.model: model.doubt for model in other.standing().models}
    learned(store)
    assert other.refresh()
    after = {model.model: model.doubt for model in other.standing().models}
    asked = max(one._fold.promise(KEY).calls, key=one._fold.promise(KEY).calls.__getitem__)
    assert after[asked] < before[asked]
    assert to_bytes(other._fold.knowledge) == to_bytes(_read_again(store).fold.knowledge)


def test_a_version_has_the_account_of_the_fold(make_store: MakeStore) -> None:
    """And what was done since is on top of it, whoever did it."""
    store = make_store()
    one, other = joined(store, 1), joined(make_store(), 2)
    learner = Learner(world.engine(), ROUTES, store)
    for turn in range(6):
        World(turn).serve(one, 20)
        World(100 + turn).serve(other, 15)
        one.flush()
        other.flush()
        if turn % 2:
            learned(store)
        one.refresh()
        other.refresh()
        assert one.standing().debt == pytest.approx(other.standing().debt, abs=1e-9)
    learned(store)
    one.refresh()
    other.refresh()
    learner.follow()
    told = learner.fold.account(KEY)
    assert told.t == 6 * 35
    assert one.standing().debt == told.debt == other.standing().debt
    assert one.standing().believed == pytest.approx(told.believed, abs=1e-12)


def test_decisions_have_their_number_among_all(make_store: MakeStore) -> None:
    one, other = joined(make_store(), 1), joined(make_store(), 2)
    for turn in range(5):
        World(turn).serve(one, 3)
        World(turn).serve(other, 4)
    one.flush()
    other.flush()
    store = make_store()
    decided = [one.event for one in store.events() if isinstance(one.event, Decided)]
    assert [event.t for event in decided] == list(range(35))


def test_feedback_reaches_the_answer_of_another(make_store: MakeStore) -> None:
    store = make_store()
    one, other = joined(store, 1), joined(make_store(), 2)
    names = World(1).serve(one, 10, judged=False)
    one.flush()
    other.look_up(names, [])
    receipts = [other.feedback(name, 1.0, feedback_id=f"on {name}") for name in names]
    assert {receipt.status for receipt in receipts} == {"pending"}, "its promise is not known yet"
    for receipt in receipts:
        receipt.stored.result(10)
    assert sum(isinstance(each.event, Feedback) for each in store.events()) == 10

    other.refresh()
    later = World(2).serve(one, 5, judged=False)
    one.flush()
    other.refresh()
    other.look_up(later, [])
    receipts = [other.feedback(name, 1.0, feedback_id=f"on {name}") for name in later]
    assert {receipt.status for receipt in receipts} == {"applied"}
    assert receipts[0].about is not None
    assert receipts[0].about.route == "r"
    other.flush()
    learner = learned(store)
    assert learner.fold.account(KEY).praise == 15


def test_feedback_sent_to_two_counts_once(make_store: MakeStore) -> None:
    store = make_store()
    one, other = joined(store, 1), joined(make_store(), 2)
    [name] = World(1).serve(one, 1, judged=False)
    one.flush()
    other.refresh()
    other.look_up([name], ["f"])
    receipts = [router.feedback(name, 1.0, feedback_id="f") for router in (one, other)]
    for receipt in receipts:
        receipt.stored.result(10)
    assert sum(isinstance(each.event, Feedback) for each in store.events()) == 1
    other.look_up([name], ["f"])
    assert other.feedback(name, 1.0, feedback_id="f").status == "duplicate"


def test_feedback_that_another_was_told_changes_nothing(make_store: MakeStore) -> None:
    """A client sends it again, to the gateway that decided; nothing else happens on the promise."""
    store = make_store()
    one, other = joined(store, 1), joined(make_store(), 2)
    names = World(1).serve(one, 10, judged=False)
    one.flush()
    other.feedback(names[3], 0.0, feedback_id="f").stored.result(10)
    learned(store)
    assert one.refresh()
    before = one.standing().debt
    one.feedback(names[3], 0.0, feedback_id="f").stored.result(10)
    assert not store.news(0, 0).changes
    one.refresh()
    assert one.standing().debt == before
    other.refresh()
    assert other.standing().debt == before


def test_what_was_refused_is_not_owed(make_store: MakeStore) -> None:
    one, other = joined(make_store(), 1), joined(make_store(), 2)
    World(1).serve(one, 10)
    one.route("a question", decision_id="twice", fresh=True).stored.result(10)
    other.refresh()
    before = other.standing().debt
    refused = other.route("a question", decision_id="twice", fresh=True).stored
    with pytest.raises(StoreError, match="'twice'"):
        refused.result(10)
    other.refresh()
    assert other.standing().debt == pytest.approx(before, abs=1e-9)
    assert other.standing().requests == 11


def test_feedback_waits_in_the_log_for_its_decision(make_store: MakeStore) -> None:
    store = make_store()
    one, other = joined(store, 1), joined(make_store(), 2)
    other.look_up(["early"], [])
    receipt = other.feedback("early", 0.0, feedback_id="f")
    assert receipt.status == "pending"
    receipt.stored.result(10)
    assert [waiting.feedback_id for waiting in store.parked()] == ["f"]
    one.route("a question", decision_id="early").stored.result(10)
    assert [type(each.event) for each in store.history("early")] == [Decided, Feedback]
    assert not store.parked()


def test_a_restarted_router_knows_what_the_others_do(make_store: MakeStore) -> None:
    store = make_store()
    one = joined(store, 1)
    World(1).serve(one, 50)
    one.flush()
    learned(store)
    World(2).serve(one, 7)
    one.flush()
    one.refresh()
    again = joined(make_store(), 3)
    assert again.standing().debt == pytest.approx(one.standing().debt, abs=1e-9)
    assert again.standing().requests == 57


def test_one_learns_at_a_time_and_another_when_it_is_gone(make_store: MakeStore) -> None:
    store, other = make_store(), make_store()
    lead = store.lead()
    assert lead is not None
    assert other.lead() is None
    lead.release()
    next_lead = None
    for _ in range(200):
        next_lead = next_lead or other.lead()
    assert next_lead is not None
    assert next_lead.term == lead.term + 1
    next_lead.release()


def test_a_new_model_comes_to_all(make_store: MakeStore) -> None:
    """Gateways are restarted one by one with another configuration."""
    store = make_store()
    old, new = joined(store, 1), joined(make_store(), 2, prices=world.PRICES | {"new": 0.002})
    World(1).serve(old, 60)
    World(2).serve(new, 60)
    World(3).serve(old, 20)
    old.flush()
    new.flush()
    learner = learned(store)
    assert set(learner.fold.zoo.models) == {*world.PRICES, "new"}
    for router in (old, new):
        router.refresh()
        World(4).serve(router, 20)
        router.flush()
    learned(store)
    old.refresh()
    new.refresh()
    assert old.standing().debt == new.standing().debt
    assert {model.model for model in old.standing().models} == set(world.PRICES)
    assert {model.model for model in new.standing().models} == {*world.PRICES, "new"}


def test_the_fold_is_the_same_from_a_snapshot_and_from_the_start(make_store: MakeStore) -> None:
    store = make_store()
    router = joined(store, 1)
    names = World(1).serve(router, 120, judged=False)
    router.flush()
    first = Learner(world.engine(), ROUTES, store)
    first.follow()
    first.save()
    for name in names[::2]:
        router.feedback(name, float(names.index(name) % 4 == 0))
    World(2).serve(router, 40)
    router.flush()
    first.follow()
    assert to_bytes(tuple(first.promises().values())) == to_bytes(
        tuple(_read_again(store).promises().values())
    )
    anew = Learner(world.engine(), ROUTES, store, from_start=True)
    anew.follow()
    assert to_bytes(anew.fold.knowledge) == to_bytes(first.fold.knowledge)
    assert to_bytes(tuple(anew.promises().values())) == to_bytes(tuple(first.promises().values()))
    assert any(isinstance(each.event, Outcome) for each in store.events())


def _read_again(store: SharedStore) -> Learner:
    learner = Learner(world.engine(), ROUTES, store)
    learner.follow()
    return learner


def test_of_two_that_learn_the_later_one_is_heard(make_store: MakeStore) -> None:
    """The first was cut off, and does not know that it lost the lock."""
    store, other = make_store(), make_store()
    router = joined(store, 1)
    World(1).serve(router, 20)
    router.flush()
    first = store.lead()
    assert first is not None
    learner = Learner(world.engine(), ROUTES, store)
    learner.follow()
    other._session.run(_another_term(other))
    with pytest.raises(StoreError, match="somebody else learns now, in term 2"):
        learner.publish(first)
    assert store.news(0, 0).version is None


def test_clocks_may_differ_by_a_minute(make_store: MakeStore) -> None:
    """The log's own order counts, and its days are those of the database."""
    store = make_store()
    late = joined(store, 1, clock=lambda: time.time() - 60)
    early = joined(make_store(), 2, clock=lambda: time.time() + 60)
    names = [*World(1).serve(late, 20, judged=False), *World(2).serve(early, 20, judged=False)]
    late.flush()
    early.flush()
    learned(store)
    for router in (late, early):
        router.refresh()
        router.look_up(names, [])
    told = [late.feedback(name, 1.0) for name in names[20:]]
    told += [early.feedback(name, 0.0) for name in names[:20]]
    assert {one.status for one in told} == {"applied"}
    late.flush()
    early.flush()
    learner = learned(store)
    late.refresh()
    early.refresh()
    assert learner.fold.account(KEY).praise == learner.fold.account(KEY).blame == 20
    assert late.standing().debt == early.standing().debt == learner.fold.account(KEY).debt


async def _another_term(store: PostgresStore) -> None:
    async with store._session.reading() as connection:
        await connection.execute("UPDATE term SET term = term + 1")
