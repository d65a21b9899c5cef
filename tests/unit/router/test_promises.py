"""Several promises over shared knowledge: what is whose, where each stands, and how it restarts."""

import numpy as np
import pytest
from tests.unit.router.world import PRICES, World, copied, router, state_of

from messplus.errors import SettingError
from messplus.records import Decided, Outcome
from messplus.router import Route, Router, Told
from messplus.stores import MemoryStore

ROUTES = (Route("cheap", 0.6), Route("strict", 0.9), Route("two", 0.7, ("small", "middle")))


def test_what_one_promise_teaches_all_know_and_what_it_owes_is_its_own() -> None:
    served = router(MemoryStore(), ROUTES)
    before = served.route("easy 1", route="cheap").decided.p_sat
    for _ in range(30):
        routed = served.route("easy 1", route="strict", available=["large"])
        served.feedback(routed.decision_id, 0.0)
    assert (served.route("easy 1", route="cheap").decided.p_sat < before)[2]
    assert served.standing("strict").debt > 20
    assert abs(served.standing("cheap").debt) < 3


def test_a_route_asks_its_own_models_only_whatever_the_caller_allows() -> None:
    world, served = World(), router(MemoryStore(), ROUTES)
    world.serve(served, 60, route="two")
    assert set(world.asked) == {"small", "middle"}
    assert served.route("x", route="two", available=["middle", "large"]).model == "middle"
    with pytest.raises(SettingError, match="at least one model of route 'two', got large"):
        served.route("x", route="two", available=["large"])


def test_another_alpha_is_another_promise() -> None:
    world, served = World(), router(MemoryStore(), ROUTES)
    world.serve(served, 10)
    (first,) = [served.story(one) for one in world.serve(served, alpha=0.950001)]
    assert first is not None
    assert (first.decided.route, first.decided.alpha, first.decided.t) == ("cheap", 0.95, 0)
    assert served.standing().requests == 10
    assert served.standing(alpha=0.95).requests == 1
    assert [(one.route, one.alpha) for one in served.promises()] == [
        ("cheap", 0.6),
        ("strict", 0.9),
        ("two", 0.7),
        ("cheap", 0.95),
    ]
    with pytest.raises(SettingError, match=r"no promise of 0.5 \(known: 0.6, 0.95\)"):
        served.standing(alpha=0.5)
    for alpha in (0.0, 1.1, 0.00001):
        with pytest.raises(SettingError, match=r"alpha must be in \(0, 1\]"):
            served.route("x", alpha=alpha)


def test_promises_are_bounded_in_number() -> None:
    served = router(MemoryStore(), ROUTES)
    for k in range(19):
        served.route("x", route="strict", alpha=0.5 + k / 100)
    state = state_of(served)
    with pytest.raises(SettingError, match=r"keeps 20 promises, and 0.99 would be one more: use"):
        served.route("x", route="strict", alpha=0.99)
    assert state_of(served) == state
    served.route("x", route="strict")  # the route's own always is
    served.route("x", route="cheap", alpha=0.99)


def test_unknown_and_double_names_are_errors() -> None:
    served = router(MemoryStore(), ROUTES)
    with pytest.raises(SettingError, match="unknown route 'chaep'; did you mean 'cheap'"):
        served.route("x", route="chaep")
    with pytest.raises(SettingError, match="at least one route"):
        router(MemoryStore(), ())
    with pytest.raises(SettingError, match="routes must differ"):
        router(MemoryStore(), (Route("a", 0.5), Route("a", 0.6)))
    with pytest.raises(SettingError, match="unknown model of route 'a'"):
        router(MemoryStore(), (Route("a", 0.5, ("gpt",)),))


def test_looking_changes_nothing() -> None:
    store = MemoryStore()
    world, served = World(), router(store, ROUTES)
    world.serve(served, 20, route="strict")
    state = state_of(served)
    served.promises()
    served.standing("two")
    assert state_of(served) == state
    world.serve(served, 20, route="two")
    assert state_of(router(copied(store), ROUTES)) == state_of(served)


def test_a_promise_out_of_reach_says_what_is_within() -> None:
    world, served = World(), router(MemoryStore(), (Route("r", 0.99, ("small", "middle")),))
    assert (served.standing().feasible, served.standing().warnings) == ("unclear", ())
    world.serve(served, 400)
    standing = served.standing()
    assert standing.feasible == "no"
    assert standing.reachable is not None
    assert standing.reachable.model == "middle"
    assert standing.reachable.satisfaction == pytest.approx(0.75, abs=0.1)
    assert standing.reachable.cost == pytest.approx(PRICES["middle"], rel=0.5)
    assert any("alpha = 0.99 is out of reach" in one for one in standing.warnings)
    assert [one.model for one in standing.models] == ["small", "middle"]
    assert sum(one.share for one in standing.models) == pytest.approx(1.0)
    assert standing.believed == pytest.approx(0.75, abs=0.1)


def test_spread_is_logged_with_exact_propensities() -> None:
    world, store = World(), MemoryStore()
    served = router(store, (Route("r", 0.8, spread=0.3),))
    world.serve(served, 300)
    decided = [one.event for one in store.events() if isinstance(one.event, Decided)]
    drawn = [one for one in decided if one.propensity == pytest.approx(0.1)]
    assert all(one.explored for one in drawn)
    assert 0.12 < len(drawn) / 300 < 0.28  # 0.2 expected: a third of the drawn are the policy's own
    assert {round(one.propensity, 9) for one in decided if one not in drawn} == {0.8}
    again = router(copied(store), (Route("r", 0.8, spread=0.3),))
    assert again.mismatches == 0
    assert state_of(again) == state_of(served)
    changed = router(copied(store), (Route("r", 0.8),))
    assert changed.mismatches == len(drawn)
    assert changed.standing().believed == pytest.approx(served.standing().believed)


def test_one_model_at_a_time_does_not_spoil_the_price() -> None:
    world, served = World(), router(MemoryStore())
    world.serve(served, 100)
    price = served.standing().price
    world.serve(served, 50, available=["middle"])
    assert served.standing().price == price > 0


def test_feedback_in_a_batch_is_one_append_with_a_receipt_each() -> None:
    store = MemoryStore()
    world, served = World(), router(store)
    one, two, three = world.serve(served, 3, judged=False)
    served.feedback(three, 1.0, feedback_id="known")
    before = len(list(store.events()))
    receipts = served.feedback_many(
        [
            Told(decision_id=one, value=0.0, feedback_id="a", cost=0.01),
            Told(decision_id=two, value=1.0),
            Told(decision_id=one, value=0.0, feedback_id="b"),
            Told(decision_id=two, value=1.0, feedback_id="a"),
            Told(decision_id=three, value=0.0, feedback_id="known"),
            Told(decision_id="later", value=1.0),
        ]
    )
    assert [one.status for one in receipts] == [
        *("applied", "applied", "duplicate", "duplicate", "duplicate", "pending"),
    ]
    assert receipts[0].stored.result() == receipts[1].stored.result() == before + 2
    assert served.parked == 1
    assert state_of(router(copied(store))) == state_of(served)
    with pytest.raises(SettingError, match="value"):
        served.feedback_many([Told(decision_id=one, value=1.0), Told(decision_id=two, value=2.0)])
    assert len(list(store.events())) == before + 2


def test_feedback_on_what_was_just_forgotten_is_unknown() -> None:
    now, store = [0.0], MemoryStore()
    served = router(store, clock=lambda: now[0])
    routed = served.route("x")
    now[0] = 1000.0
    store.forget(500.0)
    receipt = served.feedback(routed.decision_id, 1.0)
    assert receipt.status == "unknown"
    receipt.stored.result()
    assert served.feedback(routed.decision_id, 1.0).status == "pending"


def test_attributes_are_found_by_decision() -> None:
    served = router(MemoryStore())
    routed = served.route("x", attributes={"client": "me"})
    assert served.attribute(routed.decision_id, "client") == "me"
    assert served.attribute(routed.decision_id, "session") is None
    assert served.attribute("nobody", "client") is None


def explained(served: Router, decision_id: str) -> dict[str, str]:
    told = served.explain(decision_id)
    assert told is not None
    return {one.model: one.why for one in told.candidates}


def test_a_decision_is_explained_from_the_log() -> None:
    world, served = World(), router(MemoryStore(), (Route("r", 0.8), Route("s", 0.8, spread=1.0)))
    world.serve(served, 50)
    assert served.explain("nobody") is None
    (name,) = world.serve(served)
    told = served.explain(name)
    assert told is not None
    assert [one.model for one in told.candidates] == list(PRICES)
    (chosen,) = [one for one in told.candidates if one.chosen]
    assert (chosen.model, told.delivered, chosen.asked) == (world.asked[-1], world.asked[-1], True)
    for one in told.candidates:
        assert one.score == pytest.approx(one.cost - told.price * one.p_sat)
    assert (told.route, told.alpha, told.propensity) == ("r", 0.8, 1.0)
    assert told.price > 0
    assert [one.value for one in told.feedback] in ([0.0], [1.0])

    only = served.route("x", available=["middle"])
    assert explained(served, only.decision_id) == {
        "small": "could not be asked",
        "middle": "only one could be asked",
        "large": "could not be asked",
    }
    pinned = served.route("x", available=["middle"], attributes={"session": "s"})
    assert explained(served, pinned.decision_id)["middle"] == "stays with its session"

    fallen = served.route("x", available=["small", "middle"])
    other = "small" if fallen.model == "middle" else "middle"
    calls = [
        Outcome(
            decision_id=fallen.decision_id, model=fallen.model, at_s=0, cost=0, error="timeout"
        ),
        Outcome(decision_id=fallen.decision_id, model=other, at_s=0, cost=0.1),
    ]
    served.finish(fallen.decision_id, calls)
    why = explained(served, fallen.decision_id)[other]
    assert why == f"answered in place of {fallen.model}, whose call failed"

    routed = [served.route("x", route="s") for _ in range(20)]
    drawn = [one for one in routed if one.decided.explored]
    assert drawn
    for each in drawn:
        assert explained(served, each.decision_id)[each.model] == "drawn at random (spread)"


def test_requests_of_many_promises_restart_as_they_were() -> None:
    store = MemoryStore()
    world, served = World(), router(store, ROUTES, snapshot_every=100)
    rng = np.random.default_rng(5)
    for _ in range(150):
        route = ROUTES[int(rng.integers(3))].name
        world.serve(served, route=route, alpha=(None, 0.85)[int(rng.random() < 0.3)])
    state = state_of(served)
    assert state_of(router(copied(store), ROUTES)) == state
    served.close()
    again = router(store, ROUTES)
    assert state_of(again) == state
    assert again.decisions == 150
