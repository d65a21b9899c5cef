"""The zoo changes while it is served: nothing is lost, a newcomer is tried sparingly, a log replays."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.router.world import FEATURES, PRICES, World, copied, engine, router, state_of

from messplus.core.messplus import MessPlus
from messplus.costs import LogLinear
from messplus.costs.log_linear import LogBills
from messplus.encoders import HashedNgrams
from messplus.errors import SettingError
from messplus.predictors.logistic import OnlineLogistic, Posterior
from messplus.priors import fit
from messplus.records import Decided
from messplus.router import Engine, Route, Router, adaptive_engine, verify
from messplus.router.engine import Zoo, merged
from messplus.router.kept import kept
from messplus.snapshots import to_bytes
from messplus.stores import MemoryStore

ROUTES = (Route("r", 0.8), Route("s", 0.7, spread=0.2))
WITH_NEW = {**PRICES, "new": 0.002}
WITHOUT = {name: price for name, price in WITH_NEW.items() if name != "middle"}


def shares(served: Router) -> dict[str, float]:
    return {one.model: one.share for one in served.standing().models}


def test_a_good_cheap_newcomer_takes_over() -> None:
    world, served = World(), router(MemoryStore())
    world.serve(served, 300)
    served.change(engine(WITH_NEW), [Route("r", 0.8)])
    world.serve(served, 500)
    assert world.asked[-200:].count("new") > 100
    assert served.standing().believed == pytest.approx(0.8, abs=0.05)


def test_a_bad_newcomer_is_tried_sparingly() -> None:
    world, served = World(), router(MemoryStore())
    world.serve(served, 300)
    served.change(engine({**PRICES, "bad": 0.0005}), [Route("r", 0.8)])
    world.serve(served, 500)
    assert world.asked[-500:].count("bad") < 50
    assert world.asked[-200:].count("bad") < 10


def test_a_departed_model_is_asked_no_more_and_known_when_it_returns() -> None:
    world, served = World(), router(MemoryStore())
    world.serve(served, 200)
    before = {one.model: one.level for one in served.standing().models}
    without = {name: price for name, price in PRICES.items() if name != "middle"}
    served.change(engine(without), [Route("r", 0.8)])
    world.serve(served, 100)
    assert "middle" not in world.asked[200:]
    assert [one.model for one in served.standing().models] == ["small", "large"]
    with pytest.raises(SettingError, match="unknown model 'middle'"):
        served.route("x", available=["middle"])
    served.change(engine(), [Route("r", 0.8)])
    after = {one.model: one.level for one in served.standing().models}
    assert after["middle"] == pytest.approx(before["middle"], abs=0.05)


def test_late_feedback_on_a_decision_of_the_old_zoo_is_about_the_same_model() -> None:
    world, served = World(), router(MemoryStore())
    (name,) = world.serve(served, judged=False, available=["middle"])
    served.change(engine(WITHOUT), [Route("r", 0.8)])
    world.serve(served)
    debt = served.standing().debt
    assert served.feedback(name, 0.0).status == "applied"
    assert served.standing().debt > debt
    later = served.route("easy 1").decided
    assert later.models == ("small", "new", "middle", "large")
    assert later.available.tolist() == [True, True, False, True]


def test_the_dearest_that_can_be_asked_serves_while_nothing_is_known() -> None:
    world, served = World(), router(MemoryStore())
    world.serve(served, 60, judged=False)
    assert world.asked[-1] == "large"
    cheap = {"small": 0.001, "middle": 0.003}
    served.change(engine(cheap), [Route("r", 0.8)])
    world.serve(served, 5, judged=False)
    assert world.asked[-5:] == ["middle"] * 5
    served.change(engine({**cheap, "new": 0.5}), [Route("r", 0.8)])
    world.serve(served, 5, judged=False)
    assert world.asked[-5:] == ["new"] * 5


def test_promises_change_and_knowledge_stays() -> None:
    world, store = World(), MemoryStore()
    served = router(store)
    (name, *_) = world.serve(served, 50, judged=False)
    served.change(engine(), [Route("t", 0.9), Route("r", 0.85)])
    assert [(one.route, one.alpha, one.requests) for one in served.promises()] == [
        ("t", 0.9, 0),
        ("r", 0.85, 0),
        ("r", 0.8, 50),
    ]
    served.change(engine(), [Route("t", 0.9)])
    assert served.feedback(name, 0.0).status == "applied"  # of a route that is gone
    with pytest.raises(SettingError, match="unknown route"):
        served.route("x", route="r")
    world.serve(served, 5)
    state = state_of(served)
    served.close()
    assert state_of(router(store, [Route("t", 0.9)])) == state


def test_what_a_state_depends_on_cannot_change_while_serving() -> None:
    world, served = World(), router(MemoryStore())
    world.serve(served, 5)
    state = state_of(served)
    other = adaptive_engine(PRICES, features=type(FEATURES)(HashedNgrams(dims=8)))
    with pytest.raises(SettingError, match="cannot be changed while serving"):
        served.change(other, [Route("r", 0.8)])
    with pytest.raises(SettingError, match="unknown model of route"):
        served.change(engine(), [Route("r", 0.8, ("new",))])
    assert state_of(served) == state
    world.serve(served, 5)


def test_a_changed_zoo_goes_on_with_the_log_of_the_old_one() -> None:
    world, store = World(), MemoryStore()
    before = router(store)
    world.serve(before, 100)
    levels = {one.model: one.level for one in before.standing().models}
    before.close()
    for log in (store, copied(store)):
        after = router(log, prices=WITHOUT)
        assert after.decisions == 100
        World(1).serve(after)
        now = {one.model: one.level for one in after.standing().models}
        assert now.keys() == WITHOUT.keys()
        assert now["large"] == pytest.approx(levels["large"], abs=0.05)


def test_a_policy_that_cannot_move_says_so() -> None:
    def policy_of(_zoo: Zoo, alpha: float) -> MessPlus[Posterior, LogBills]:
        return MessPlus(alpha=alpha, v=1.0, predictor=OnlineLogistic(), costs=LogLinear())

    def made(*models: str) -> Engine:
        zoo = Zoo(models, (1.0,) * len(models))
        return Engine(zoo=zoo, features=FEATURES, policy_of=policy_of, policy_name="messplus")

    rng, store = np.random.default_rng(0), MemoryStore()
    served = Router(made("a", "b"), [Route("r", 0.8)], store, rng=rng)
    assert served.standing().models == ()
    with pytest.raises(SettingError, match="MessPlus cannot go on in another zoo"):
        served.change(made("a", "b", "c"), [Route("r", 0.8)])
    with pytest.raises(SettingError, match="cannot spread"):
        served.change(made("a", "b"), [Route("r", 0.8, spread=0.1)])
    served.route("x")
    served.close()
    with pytest.raises(SettingError, match="MessPlus cannot go on"):
        Router(made("a", "c"), [Route("r", 0.8)], store, rng=rng)


names = st.sampled_from("abcdef")


@given(st.lists(names, unique=True), st.lists(names, unique=True, min_size=1))
def test_a_merged_zoo_keeps_both_orders(known: Sequence[str], served: Sequence[str]) -> None:
    zoo = merged(
        Zoo(tuple(known), tuple(1.0 for _ in known)), Zoo(tuple(served), tuple(2.0 for _ in served))
    )
    assert sorted(zoo.models) == sorted({*known, *served})
    assert [one for one in zoo.models if one in served] == list(served)
    assert all((price == 1.0) == (one in known) for one, price in zip(*zoo, strict=True))


Step = Callable[[World, Router], None]


def _late(world: World, served: Router) -> None:
    """A word on an old decision, and its contrary."""
    story = next(iter(served._fold._cases.values()), None)
    if story is not None:
        for value in (0.0, 1.0):
            served.feedback(story.decided.decision_id, value)


def _serve(n: int, **how: Any) -> Step:  # noqa: ANN401  # whatever `route` takes
    return lambda world, served: void(world.serve(served, n, **how))


def _change(prices: dict[str, float]) -> Step:
    return lambda _, served: served.change(engine(prices), ROUTES)


def void(_: object) -> None:
    """Nothing comes of it."""


STEPS: dict[str, Step] = {
    "some": _serve(7),
    "spread": _serve(6, route="s"),
    "alpha": _serve(3, alpha=0.95),
    "session": _serve(4, available=["large"]),
    "silent": _serve(5, judged=False),
    "late": _late,
    "new": _change(WITH_NEW),
    "gone": _change(WITHOUT),
    "as before": _change(PRICES),
}


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(st.sampled_from(sorted(STEPS)), min_size=2, max_size=8),
    every=st.sampled_from([0, 17]),
    cut=st.floats(0, 1),
)
def test_what_is_folded_from_a_log_is_what_was_known_at_any_cut(
    steps: Sequence[str], every: int, cut: float
) -> None:
    store, world = MemoryStore(), World()
    served = router(store, ROUTES, snapshot_every=every)
    known: dict[int, bytes] = {}
    prices = PRICES
    for step in ("some", *steps):
        STEPS[step](world, served)
        prices = {"new": WITH_NEW, "gone": WITHOUT, "as before": PRICES}.get(step, prices)
        known[len(list(store.events()))] = state_of(served)
    place = list(known)[int(cut * (len(known) - 1))]
    fallen = router(copied(store, place), ROUTES, prices)
    assert fallen.mismatches == 0
    assert state_of(fallen) == known[place]
    checked = verify(engine(prices), ROUTES, store)
    decided = [one.event for one in store.events() if isinstance(one.event, Decided)]
    assert (checked.decisions, checked.mismatches) == (len(decided), 0)
    served.close()
    assert state_of(router(store, ROUTES, prices)) == state_of(served)


def test_verify_names_the_first_decision_that_is_taken_otherwise() -> None:
    world, store = World(), MemoryStore()
    served = router(store, ROUTES)
    made = world.serve(served, 30, route="s")
    assert verify(engine(), ROUTES, store) == verify(engine(), [*ROUTES, Route("t", 0.5)], store)
    found = verify(engine(), [Route("r", 0.8), Route("s", 0.7)], store)
    assert found.decisions == 30
    assert found.mismatches > 0
    drawn = [
        one.event.decision_id
        for one in store.events()
        if isinstance(one.event, Decided) and one.event.propensity < 0.5
    ]
    assert found.first_mismatch == drawn[0]
    assert set(drawn) <= set(made)


@pytest.mark.parametrize("of_new", [False, True])
def test_a_warm_start_goes_on_in_another_zoo(of_new: bool) -> None:
    rng, n = np.random.default_rng(0), 300
    models = ("small", "new", "large") if of_new else ("small", "middle", "large")
    quality = {"small": 0.55, "middle": 0.75, "new": 0.9, "large": 0.95}
    x = FEATURES.transform([f"word {k}" for k in range(n)])
    score = (rng.random((n, 3)) < [quality[one] for one in models]).astype(float)
    cost = np.array([WITH_NEW[one] for one in models]) * rng.uniform(0.5, 2.0, (n, 3))
    prior = fit(x, score, cost, models=models, cost_unit="usd", encoding=FEATURES.identity)
    world, store = World(), MemoryStore()

    def made(prices: dict[str, float]) -> Engine:
        return adaptive_engine(prices, features=FEATURES, prior=prior)

    served = Router(made(PRICES), ROUTES, store, rng=rng)
    world.serve(served, 60)
    served.change(made(WITH_NEW), ROUTES)
    world.serve(served, 60)
    levels = {one.model: one.level for one in served.standing().models}
    assert levels["small"] == pytest.approx(0.55, abs=0.15)
    assert levels["large"] == pytest.approx(0.95, abs=0.1)
    known = kept(served._fold)
    fallen = kept(Router(made(WITH_NEW), ROUTES, copied(store), rng=rng)._fold)
    assert to_bytes((known.knowledge, known.promises)) == to_bytes(
        (fallen.knowledge, fallen.promises)
    )
