"""Evidence, event by event."""

import random
from collections.abc import Iterator, Sequence
from contextlib import closing

import numpy as np
import pytest
from tests.unit.stores.samples import decided, feedback, outcome

from messplus.evidence import Evidence, PromiseEvidence, Watcher, evidence_of
from messplus.evidence import fold as fold_module
from messplus.records import Event
from messplus.snapshots import from_bytes, to_bytes
from messplus.stores import MemoryStore

BOTH = np.array([True, True])


def free(name: str, **changes: object) -> Event:
    """A decision with a choice; small is predicted to satisfy 0.4, large 0.9."""
    return decided(name, available=BOTH, **changes)


def known(*events: Event) -> Evidence:
    with closing(MemoryStore()) as store:
        store.append(events).result()
        return evidence_of(store)


def promise(*events: Event) -> PromiseEvidence:
    (only,) = known(*events).promises.values()
    return only


def test_everyone_judged_is_the_realised_mean() -> None:
    values = [1.0, 0.0, 0.5, 1.0]
    events: list[Event] = []
    for n, value in enumerate(values):
        events += [free(f"d{n}"), outcome(f"d{n}"), feedback(f"d{n}", f"f{n}", value=value)]
    found = promise(*events).satisfaction()
    assert found.estimate == pytest.approx(np.mean(values))
    assert found.realised == pytest.approx(np.mean(values))
    assert (found.requests, found.judged, found.coverage) == (4, 4, 1.0)
    assert found.low is not None
    assert found.high is not None
    assert found.estimate is not None
    assert 0.0 <= found.low < found.estimate < found.high <= 1.0


def test_answers_that_nobody_judged_are_taken_as_predicted_and_corrected() -> None:
    """Three answers of small (f = 0.4) and one of large (f = 0.9); one of small was judged: 1."""
    events = [free("a"), free("b"), free("c"), free("d", model="large", asked=("large",))]
    found = promise(*events, feedback("a", value=1.0)).satisfaction()
    assert found.estimate == pytest.approx(min((3 * 0.4 + 0.9) / 4 + (1.0 - 0.4), 1.0))
    assert (found.unknown_low, found.unknown_high) == (0.25, 1.0)
    assert found.if_silence_fine == 1.0


def test_audits_count_and_users_then_do_not() -> None:
    said = [feedback(f"d{n}", f"u{n}", value=1.0) for n in range(4)]
    audits = [feedback(f"d{n}", f"a{n}", value=0.0, source="audit") for n in range(4)]
    events = [free(f"d{n}") for n in range(4)]
    of_users, of_all = promise(*events, *said), promise(*events, *said, *audits)
    assert of_users.satisfaction().verdicts == "user"
    assert of_users.satisfaction().estimate == pytest.approx(1.0)
    assert of_all.satisfaction().verdicts == "audit"
    assert of_all.satisfaction().estimate == pytest.approx(0.0)
    assert of_all.running().value[-1] == pytest.approx(0.0)  # curves too forget what users said


def test_a_verdict_that_changes_counts_once() -> None:
    found = promise(free("a"), feedback("a", "1", value=0.0), feedback("a", "2", value=1.0))
    assert found.satisfaction().estimate == pytest.approx(1.0)
    assert found.judged["user"].verdicts == 1
    assert found.satisfaction().judged == 1


def test_failed_calls_are_certain_until_another_model_answers() -> None:
    failed = promise(free("a"), outcome("a", error="down"))
    assert failed.failed == 1
    assert failed.satisfaction().estimate == 0.0
    saved = promise(free("a"), outcome("a", error="down"), outcome("a", model="large"))
    assert saved.failed == 0
    assert saved.satisfaction().estimate is None  # nobody has judged it
    assert saved.predicted == pytest.approx(0.9)  # it is large's answer


def test_a_rule_is_certain_and_counts_before_users() -> None:
    rule = feedback("a", "r", value=0.0, source="check")
    found = promise(free("a"), outcome("a"), feedback("a", "u", value=1.0), rule)
    assert found.satisfaction().estimate == 0.0
    assert found.judged["user"].verdicts == 0


def test_costs_are_told_apart() -> None:
    found = promise(
        free("a", asked=("small", "large")),
        outcome("a", cost=0.25),
        outcome("a", model="large", cost=4.0),
        free("b"),
        outcome("b", cost=0.75),
        feedback("b", source="judge", cost=0.5),
    )
    assert found.cost == pytest.approx(1.0)
    assert found.cost_mean == pytest.approx(0.5)
    assert found.exploration_cost == pytest.approx(4.0)
    assert found.judge_cost == pytest.approx(0.5)


def test_promises_are_apart_and_models_are_not() -> None:
    found = known(free("a"), free("b", alpha=0.5), free("c", route="law"), outcome("c"))
    assert len(found.promises) == 3
    assert [one.requests for one in found.promises.values()] == [1, 1, 1]
    assert found.models["small"].requests == 3
    assert found.models["small"].calls == 1


def test_a_changed_zoo_is_noted() -> None:
    later = free("b", models=("small", "huge"))
    (note,) = known(free("a"), later).notable
    assert note.kind == "zoo"
    assert note.text == "huge joined and large left the zoo"


def story(n: int, rng: random.Random) -> Iterator[Event]:
    name = f"d{n}"
    model = rng.choice(["small", "large"])
    yield free(name, model=model, asked=(model,), at_s=1000.0 + n, propensity=0.5)
    if rng.random() < 0.1:
        yield outcome(name, model=model, error="down", cost=0.0)
    else:
        yield outcome(name, model=model, cost=rng.random())


def shuffled(seed: int) -> list[Event]:
    """A log in which verdicts come late, twice, and of several sources."""
    rng = random.Random(seed)
    events: list[Event] = []
    for n in range(300):
        events += story(n, rng)
        if n > 50 and rng.random() < 0.6:
            about = f"d{rng.randrange(n - 50, n)}"
            source = rng.choice(["user", "user", "judge", "audit"])
            events.append(feedback(about, f"f{n}", value=float(rng.random() < 0.7), source=source))
    return events


def test_sums_over_time_are_those_over_all() -> None:
    found = promise(*shuffled(1))
    whole = found.satisfaction()
    assert found.running().value[-1] == pytest.approx(whole.estimate)
    assert found.within(found.series.since(0.0)).estimate == pytest.approx(whole.estimate)
    assert sum(bucket.requests for bucket in found.series.buckets) == found.requests
    assert sum(bucket.cost for bucket in found.series.buckets) == pytest.approx(found.cost)


@pytest.mark.parametrize("cut", [1, 100, 400])
def test_a_snapshot_goes_on_as_if_nothing_had_happened(cut: int) -> None:
    events = shuffled(2)
    with closing(MemoryStore()) as store:
        store.append(events).result()
        first = Watcher(store.history)
        stored = list(store.events())
        for one in stored[:cut]:
            first.step(one)
        second = Watcher(store.history, evidence=_again(first.evidence))
        for one in stored[cut:]:
            second.step(one)
        assert to_bytes(second.evidence) == to_bytes(evidence_of(store))


def test_what_is_not_at_hand_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = known(*shuffled(3))
    monkeypatch.setattr(fold_module, "CASES", 5)
    assert to_bytes(known(*shuffled(3))) == to_bytes(whole)


def test_what_was_forgotten_is_passed_over() -> None:
    events: Sequence[Event] = [free("a", at_s=1.0), free("b", at_s=2.0), outcome("a")]
    with closing(MemoryStore()) as store:
        store.append(events).result()
        stored = list(store.events())
        store.forget(1.5)
        watcher = Watcher(store.history)
        for one in (stored[1], stored[2]):
            watcher.step(one)
        assert watcher.evidence.decisions == 1


def _again(evidence: Evidence) -> Evidence:
    found = from_bytes(to_bytes(evidence))
    assert isinstance(found, Evidence)
    return found
