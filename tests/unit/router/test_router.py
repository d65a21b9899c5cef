"""A router decides as a replay does, hears late, twice and early, and forgets nothing."""

from collections.abc import Sequence
from threading import Thread

import numpy as np
import pytest
from tests.unit.router.conftest import MakeRouter, copied

from messplus.core.types import Draws, Request, Verdict
from messplus.errors import SettingError
from messplus.ids import TimeOrderedIds
from messplus.records import Decided, Feedback, Outcome
from messplus.replay.policies import policy_from_spec
from messplus.replay.streams import Stream
from messplus.router import Router
from messplus.router.kept import kept
from messplus.snapshots import to_bytes
from messplus.stores.base import Store

POLICIES = ("adaptive", "messplus", "adaptive:contract=50", "adaptive:explore=1")


def outcome(decision_id: str, model: str, cost: float = 1e-6, error: str = "") -> Outcome:
    return Outcome(decision_id=decision_id, model=model, at_s=0.0, cost=cost, error=error)


def serve(router: Router, stream: Stream, prompts: Sequence[str], rows: range) -> list[str]:
    """Requests with their recorded outcomes, and a verdict on every answer but each third."""
    chosen = []
    for row in rows:
        routed = router.route(prompts[row], attributes={"task": stream.tasks[row]})
        cost = dict(zip(stream.models, stream.cost[row], strict=True))
        score = dict(zip(stream.models, stream.score[row], strict=True))
        router.finish(
            routed.decision_id, [outcome(routed.decision_id, m, cost[m]) for m in routed.asked]
        )
        if row % 3:
            router.feedback(routed.decision_id, score[routed.model])
        chosen.append(routed.model)
    router.flush()
    return chosen


def state_of(router: Router) -> bytes:
    known = kept(router._fold)
    return to_bytes((known.zoo.models, known.knowledge, known.promises))


@pytest.mark.parametrize("spec", POLICIES)
def test_it_decides_as_the_policy_does_on_the_same_draws(
    spec: str, make_router: MakeRouter, stream: Stream, prompts: Sequence[str]
) -> None:
    chosen = serve(make_router(spec, seed=5), stream, prompts, range(150))
    policy, rng = policy_from_spec(spec)(stream), np.random.default_rng(5)
    state = policy.init(stream.n_models, stream.features.shape[1])
    for row, model in enumerate(chosen):
        request = Request(features=stream.features[row])
        decision, state = policy.decide(state, request, Draws(*rng.random(2)))
        assert stream.models[decision.model] == model, row
        state = policy.charge(state, request, decision, stream.cost[row])
        if row % 3:
            observed = np.arange(stream.n_models) == decision.model
            verdict = Verdict(np.where(observed, stream.score[row], 0.0), observed)
            state = policy.learn(state, request, decision, verdict)


@pytest.mark.parametrize("spec", POLICIES)
@pytest.mark.parametrize("snapshot_every", [0, 100])
def test_a_router_on_the_same_log_knows_the_same(
    spec: str,
    snapshot_every: int,
    make_router: MakeRouter,
    stream: Stream,
    prompts: Sequence[str],
    store: Store,
) -> None:
    first = make_router(spec, snapshot_every=snapshot_every)
    serve(first, stream, prompts, range(120))
    fallen = make_router(spec, store=copied(store))
    assert fallen.mismatches == 0
    assert fallen.decisions == first.decisions == 120
    assert state_of(fallen) == state_of(first)
    first.close()
    assert state_of(make_router(spec)) == state_of(first)


def test_late_feedback_finds_its_decision(
    make_router: MakeRouter, stream: Stream, prompts: Sequence[str]
) -> None:
    router = make_router()
    first = router.route(prompts[0])
    serve(router, stream, prompts, range(1, 50))
    before = router.standing().believed
    receipt = router.feedback(first.decision_id, 1.0)
    assert receipt.status == "applied"
    assert router.standing().believed > before  # type: ignore[operator]  # adaptive keeps an account


def test_feedback_on_a_decision_that_only_the_store_remembers(
    make_router: MakeRouter,
    stream: Stream,
    prompts: Sequence[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    remembering = make_router()
    first = remembering.route(prompts[0], decision_id="first")
    serve(remembering, stream, prompts, range(1, 60))
    remembering.feedback(first.decision_id, 1.0)

    monkeypatch.setattr("messplus.router.fold.REMEMBERED", 5)
    forgetful = make_router(name="other")
    forgetful.route(prompts[0], decision_id="second")
    serve(forgetful, stream, prompts, range(1, 60))
    assert "second" not in forgetful._fold._cases
    assert forgetful.feedback("second", 1.0).status == "applied"
    assert forgetful.standing().debt == remembering.standing().debt
    forgetful_state = forgetful._fold.knowledge
    assert to_bytes(forgetful_state) == to_bytes(remembering._fold.knowledge)


def test_the_same_feedback_counts_once(make_router: MakeRouter, prompts: Sequence[str]) -> None:
    router = make_router()
    routed = router.route(prompts[0])
    first = router.feedback(routed.decision_id, 1.0, feedback_id="f")
    known = state_of(router)
    assert first.status == "applied"
    assert router.feedback(routed.decision_id, 1.0, feedback_id="f").status == "duplicate"
    assert router.feedback(routed.decision_id, 1.0).status == "duplicate"
    router.close()
    assert make_router().feedback(routed.decision_id, 1.0, feedback_id="f").status == "duplicate"
    assert state_of(router) == known


def test_a_later_word_of_the_same_source_replaces_the_first(
    make_router: MakeRouter, prompts: Sequence[str]
) -> None:
    router = make_router()
    routed = router.route(prompts[0])
    router.feedback(routed.decision_id, 0.0)
    low = router.standing().believed
    assert router.feedback(routed.decision_id, 1.0).status == "applied"
    assert (low, router.standing().believed) == (0.0, 1.0)


def test_early_feedback_waits_for_its_decision(
    make_router: MakeRouter, prompts: Sequence[str], store: Store
) -> None:
    router = make_router()
    receipt = router.feedback("mine", 1.0, feedback_id="f")
    assert receipt.status == "pending"
    assert router.feedback("mine", 1.0, feedback_id="f").status == "duplicate"
    router.route(prompts[0], decision_id="mine")
    assert router.standing().believed == 1.0
    router.flush()
    kinds = [type(one.event) for one in store.events()]
    assert kinds == [Decided, Feedback]


def test_parked_feedback_is_bounded_in_number_and_time(
    make_router: MakeRouter, prompts: Sequence[str]
) -> None:
    now = [0.0]
    router = make_router(park=2, park_s=10.0, clock=lambda: now[0])
    assert [router.feedback(f"d{i}", 1.0).status for i in range(3)] == [
        "pending",
        "pending",
        "unknown",
    ]
    now[0] = 11.0
    assert router.feedback("d3", 1.0).status == "pending"
    router.route(prompts[0], decision_id="d0")
    assert router.standing().believed != 1.0


def test_feedback_waits_for_no_decision_that_would_be_older_than_any_that_waits(
    make_router: MakeRouter,
) -> None:
    now = [1_000_000.0]
    ids = TimeOrderedIds(lambda: now[0])
    router = make_router(park_s=10.0, clock=lambda: now[0])
    early = ids()
    assert router.feedback(early, 1.0).status == "pending"
    now[0] += 11.0
    assert router.feedback(early, 0.0).status == "unknown"
    assert router.feedback(ids(), 1.0).status == "pending"


def test_a_failed_call_satisfies_nobody_and_its_stand_in_is_judged(
    make_router: MakeRouter, prompts: Sequence[str]
) -> None:
    router = make_router()
    routed = router.route(prompts[0])
    other = next(m for m in router.engine.models if m not in routed.asked)
    router.finish(
        routed.decision_id,
        [
            outcome(routed.decision_id, routed.model, error="timeout"),
            outcome(routed.decision_id, other),
        ],
    )
    router.feedback(routed.decision_id, 1.0).stored.result()
    story = router.story(routed.decision_id)
    assert story is not None
    assert [one.error for one in story.outcomes] == ["timeout", ""]
    p_sat = router.route(prompts[0]).decided.p_sat
    index = router.engine.models.index
    assert p_sat[index(other)] > p_sat[index(routed.model)]


def test_nothing_answered_counts_against_the_promise(
    make_router: MakeRouter, prompts: Sequence[str]
) -> None:
    router = make_router()
    routed = router.route(prompts[0])
    router.finish(routed.decision_id, [outcome(routed.decision_id, routed.model, error="down")])
    assert router.standing().believed == 0.0


def test_what_cannot_be_finished_is_an_error(
    make_router: MakeRouter, prompts: Sequence[str]
) -> None:
    router = make_router()
    routed = router.route(prompts[0])
    done = [outcome(routed.decision_id, routed.model)]
    router.finish(routed.decision_id, done)
    with pytest.raises(SettingError, match="finished before"):
        router.finish(routed.decision_id, done)
    with pytest.raises(SettingError, match="no decision 'x'"):
        router.finish("x", [outcome("x", routed.model)])
    with pytest.raises(SettingError, match="no outcome of"):
        router.finish(routed.decision_id, [outcome("y", routed.model)])
    with pytest.raises(SettingError, match="unknown model"):
        router.finish(routed.decision_id, [outcome(routed.decision_id, "gpt")])
    with pytest.raises(SettingError, match="without an outcome"):
        router.finish(routed.decision_id, [])
    with pytest.raises(SettingError, match=r"value must be in \[0, 1\], got 2"):
        router.feedback(routed.decision_id, 2)


def test_a_name_is_given_to_one_decision(make_router: MakeRouter, prompts: Sequence[str]) -> None:
    router = make_router()
    router.route(prompts[0], decision_id="mine")
    known = state_of(router)
    with pytest.raises(SettingError, match="'mine' already"):
        router.route(prompts[1], decision_id="mine")
    assert (router.decisions, state_of(router)) == (1, known)


def test_only_models_that_can_be_asked_are_asked(
    make_router: MakeRouter, prompts: Sequence[str]
) -> None:
    router = make_router()
    last = router.engine.models[-1]
    assert {router.route(one, available=[last]).model for one in prompts[:20]} == {last}
    with pytest.raises(SettingError, match="at least one"):
        router.route(prompts[0], available=[])
    with pytest.raises(SettingError, match="unknown model"):
        router.route(prompts[0], available=["gpt"])


def test_routers_share_a_store_and_nothing_else(
    make_router: MakeRouter, stream: Stream, prompts: Sequence[str]
) -> None:
    one, two = make_router(name="one"), make_router(name="two")
    for row in range(0, 60, 20):
        serve(one, stream, prompts, range(row, row + 20))
        serve(two, stream, prompts, range(row, row + 20))
    assert to_bytes(one._fold.knowledge) == to_bytes(two._fold.knowledge)
    routed = one.route(prompts[0])
    assert two.feedback(routed.decision_id, 1.0).status == "pending"
    known = state_of(one)
    one.close()
    assert state_of(make_router(name="one")) == known


def test_two_routers_of_one_route_would_not_see_each_other(
    make_router: MakeRouter, prompts: Sequence[str]
) -> None:
    router = make_router()
    with pytest.raises(SettingError, match="'default' of this store is served by another"):
        make_router()
    router.route(prompts[0])
    router.close()
    assert make_router().decisions == 1


def test_threads_share_a_router(
    make_router: MakeRouter, stream: Stream, prompts: Sequence[str], store: Store
) -> None:
    router = make_router()
    threads = [
        Thread(target=serve, args=(router, stream, prompts, range(first, first + 40)))
        for first in (0, 40, 80, 120)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert router.decisions == 160
    assert state_of(make_router(store=copied(store))) == state_of(router)


def test_a_changed_policy_starts_from_the_log_and_says_what_it_would_do_otherwise(
    make_router: MakeRouter, stream: Stream, prompts: Sequence[str]
) -> None:
    before = make_router("messplus")
    serve(before, stream, prompts, range(120))
    before.close()
    changed = make_router("adaptive")
    assert changed.decisions == 120
    assert changed.mismatches > 0
