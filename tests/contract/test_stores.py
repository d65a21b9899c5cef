"""What every store promises, whatever keeps it."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from tests.unit.stores.samples import NOW_S, decided, feedback, outcome, same, same_all, told

from messplus.errors import SettingError, StoreError
from messplus.records import Event
from messplus.stores import Store, Stored, Story, open_store

WAIT_S = 30.0


@pytest.fixture(params=["memory:", "sqlite:log.db", "postgresql:"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    monkeypatch.chdir(tmp_path)
    url = request.param
    if url == "postgresql:":
        url = request.getfixturevalue("postgres_url")
    with closing(open_store(url)) as store:
        yield store


def append(store: Store, *events: Event) -> int:
    return store.append(events).result(WAIT_S)


def log(store: Store, after: int = 0) -> list[Event]:
    return [stored.event for stored in store.events(after)]


def test_events_come_back_in_the_order_in_which_they_were_appended(store: Store) -> None:
    batches: list[list[Event]] = [
        [decided("a")],
        [decided("b"), outcome("b"), feedback("b")],
        [outcome("a"), decided("c")],
        [feedback("a")],
    ]
    lasts = [append(store, *batch) for batch in batches]
    assert same_all(log(store), [event for batch in batches for event in batch])
    sequences = [stored.sequence for stored in store.events()]
    assert sequences == sorted(set(sequences))
    assert lasts == [sequences[0], sequences[3], sequences[5], sequences[6]]


def test_events_after_a_sequence_number(store: Store) -> None:
    first = append(store, decided("a"), outcome("a"))
    last = append(store, feedback("a"), decided("b"))
    assert same_all(log(store, first), [feedback("a"), decided("b")])
    assert log(store, last) == []
    assert log(store, last + 1000) == []


def test_no_events_have_the_number_of_the_last(store: Store) -> None:
    assert append(store) == 0
    last = append(store, decided("a"))
    assert append(store) == last


def test_every_field_comes_back(store: Store) -> None:
    events: list[Event] = [
        decided(
            "a",
            route="law@0.9",
            t=2**40,
            asked=("small", "large"),
            explored=True,
            shielded=True,
            price=0.125,
            attributes={"task": "law", "": ""},
            prompt="What?\n",
        ),
        outcome("a", cost=0.0, latency_s=None, prompt_tokens=3, output_tokens=0, error="timeout"),
        outcome("a", model="large", prompt_tokens=None),
        feedback(
            "a", value=0.3, source="judge", comment="short", attributes={"by": "me"}, cost=0.5
        ),
        feedback("a", "2", source="audit"),
        decided("b", prompt=""),
        decided("c", prompt=None),
    ]
    append(store, *events)
    assert same_all(log(store), events)


@pytest.mark.parametrize(
    "text",
    ["ein Satz, 一个句子 \U0001f600", "half an emoji \ud83d", "\x00\x01", "'; DROP TABLE decided; --", "u\u2028"],
)  # fmt: skip
def test_any_text_comes_back(store: Store, text: str) -> None:
    events: list[Event] = [
        decided(
            text, route=text, models=(text, "b"), model=text, asked=(text,), prompt=text,
            attributes={text: text},
        ),
        outcome(text, model=text, error=text),
        feedback(text, text, comment=text, attributes={text: text}),
    ]  # fmt: skip
    append(store, *events)
    assert same_all(log(store), events)
    assert same_all(told(store.story(text)), events)
    assert store.has_feedback(text)
    store.keep(text, 3, b"state")
    assert store.kept(text) == (3, b"state")


def test_arrays_come_back_bit_by_bit(store: Store) -> None:
    """NaN is what a policy without a predictor says; features are float32, and stay what they are."""
    random = np.random.default_rng(7)
    features = random.normal(size=4000).astype(np.float32).astype(np.float64)
    odd = np.array([np.inf, -np.inf, np.nan, 1e-40, 0.0, np.finfo(np.float32).max])
    tiny = odd.astype(np.float32).astype(np.float64)
    many = tuple(map(str, range(300)))
    events: list[Event] = [
        decided("a", features=features, p_sat=np.array([np.nan, np.nan])),
        decided("b", features=tiny),
        decided(
            "c",
            models=many,
            available=random.random(300) < 0.5,
            p_sat=random.random(300),
            cost=random.random(300) * 1e-300,
        ),
        decided("d", queue=0.1 + 0.2, propensity=1e-17, alpha=np.nextafter(0.7, 1.0)),
    ]
    append(store, *events)
    assert same_all(log(store), events)


def test_empty_arrays_come_back(store: Store) -> None:
    nothing = np.empty(0)
    event = decided(
        "a", models=(), asked=(), available=np.empty(0, dtype=np.bool_), features=nothing,
        p_sat=nothing, cost=nothing,
    )  # fmt: skip
    append(store, event)
    assert same_all(log(store), [event])


def test_what_is_kept_does_not_change_with_the_memory_it_came_from(store: Store) -> None:
    """A policy may use the memory of a state again."""
    event, as_it_was = (
        decided("a", attributes={"task": "law"}),
        decided("a", attributes={"task": "law"}),
    )
    append(store, event)
    for array in (event.p_sat, event.cost, event.features):
        array.fill(7.0)
    event.available.fill(False)
    assert same_all(log(store), [as_it_was])


REFUSED: dict[str, tuple[list[Event], str]] = {
    "decision again": ([decided("old")], "decision 'old' is in the log already"),
    "decision twice": ([decided("new"), decided("new")], "decision 'new' is in the log already"),
    "feedback again": ([feedback("old")], "feedback 'about-old' is in the log already"),
    "feedback twice": (
        [feedback("old", "new"), feedback("old", "new")],
        "feedback 'new' is in the log already",
    ),
    "outcome of nothing": ([outcome("none")], "decision 'none' is not in the log"),
    "feedback on nothing": ([feedback("none")], "decision 'none' is not in the log"),
    "outcome before decision": ([outcome("new"), decided("new")], "decision 'new' is not in the"),
    "no float32": ([decided("new", features=np.array([0.1]))], "features must be float32"),
    "no float32, too large": ([decided("new", features=np.array([1e300]))], "must be float32"),
    "nan": ([decided("new", queue=np.nan)], "queue must be a number, got nan"),
    "65 bits": ([outcome("old", prompt_tokens=2**63)], "prompt_tokens must be within"),
    "two axes": ([decided("new", p_sat=np.zeros((1, 2)))], "p_sat must have one axis"),
    "no text": ([feedback("old", "new", attributes={"a": 1})], "expected a text, got 1"),
    "no source": (
        [feedback("old", "new", source="me")],
        "source must be one of user, audit, judge",
    ),
}


@pytest.mark.parametrize("bad", REFUSED)
def test_a_batch_is_kept_whole_or_not_at_all(store: Store, bad: str) -> None:
    events, message = REFUSED[bad]
    append(store, decided("old"), outcome("old"), feedback("old"))
    before = log(store)
    good: list[Event] = [decided("good"), outcome("good")]
    with pytest.raises(StoreError, match=message):
        append(store, *good, *events)
    assert same_all(log(store), before)
    assert store.story("good") is None
    append(store, *good)  # nothing of it was left behind
    assert same_all(log(store), [*before, *good])


def test_feedback_given_twice_is_in_the_log_once(store: Store) -> None:
    append(store, decided("a"), feedback("a", "f"))
    with pytest.raises(StoreError):
        append(store, feedback("a", "f", value=0.0))
    assert same_all(told(store.story("a")), [decided("a"), feedback("a", "f")])


def test_a_bad_batch_does_not_fail_its_neighbours(store: Store) -> None:
    """All are under way at once; every third gives an id again."""
    append(store, decided("old"))
    names = [f"n{i}" if i % 3 else "old" for i in range(300)]
    futures = [store.append([decided(name), outcome(name)]) for name in names]
    errors = [future.exception(WAIT_S) for future in futures]
    assert [error is None for error in errors] == [bool(i % 3) for i in range(300)]
    kept = [event.decision_id for event in log(store)]
    assert kept == ["old"] + [name for name in names if name != "old" for _ in range(2)]


def test_the_history_of_a_decision_is_in_the_order_of_the_log(store: Store) -> None:
    append(store, decided("a"), decided("b"))
    append(store, feedback("a", "1"))
    append(store, outcome("a"), outcome("b"))
    found = store.history("a")
    assert [one.sequence for one in found] == [1, 3, 4]
    assert same_all([one.event for one in found], [decided("a"), feedback("a", "1"), outcome("a")])
    assert store.history("c") == ()


def test_the_story_of_a_decision(store: Store) -> None:
    append(store, decided("a"), decided("b"), outcome("b"), outcome("a", error="down"))
    append(store, feedback("a", "1"), feedback("b", "2"), outcome("a", model="large"))
    append(store, feedback("a", "3", value=0.0))
    story = store.story("a")
    assert isinstance(story, Story)
    assert same(story.decided, decided("a"))
    assert story.outcomes == (outcome("a", error="down"), outcome("a", model="large"))
    assert story.feedback == (feedback("a", "1"), feedback("a", "3", value=0.0))
    assert store.story("c") is None


def ids(page: tuple[Stored, ...]) -> list[str]:
    return [stored.event.decision_id for stored in page]


def test_the_latest_decisions_come_page_by_page(store: Store) -> None:
    assert store.recent(3) == ()
    for name in "abcdefg":
        append(store, decided(name), outcome(name), feedback(name))
    page = store.recent(3)
    assert ids(page) == ["g", "f", "e"]
    assert same(page[0].event, decided("g"))
    page = store.recent(3, before=page[-1].sequence)
    assert ids(page) == ["d", "c", "b"]
    page = store.recent(3, before=page[-1].sequence)
    assert ids(page) == ["a"]
    assert store.recent(3, before=page[-1].sequence) == ()


def test_the_latest_decisions_of_one_route(store: Store) -> None:
    for i in range(6):
        append(store, decided(f"{i}", route="law" if i % 3 else "maths"))
    page = store.recent(3, route="law")
    assert ids(page) == ["5", "4", "2"]
    assert ids(store.recent(3, route="law", before=page[-1].sequence)) == ["1"]
    assert store.recent(3, route="physics") == ()


def test_a_page_has_at_least_one_decision(store: Store) -> None:
    with pytest.raises(SettingError, match="limit must be at least 1, got 0"):
        store.recent(0)


def test_feedback_is_known_by_its_id(store: Store) -> None:
    append(store, decided("a"), feedback("a", "f"))
    assert store.has_feedback("f")
    assert not store.has_feedback("a")


def test_the_latest_snapshot_of_a_name_is_kept(store: Store) -> None:
    assert store.kept("law") is None
    store.keep("law", 10, b"\x00old")
    store.keep("maths", 5, b"")
    store.keep("law", 20, b"new" * 1_000_000)
    assert store.kept("law") == (20, b"new" * 1_000_000)
    assert store.kept("maths") == (5, b"")


def test_a_snapshot_can_be_kept_in_a_callback(store: Store) -> None:
    """As a router does, once the event that the snapshot ends with is durable."""
    kept = threading.Event()

    def keep(done: "Future[int]") -> None:
        store.keep("law", done.result(), b"state")
        kept.set()

    future = store.append([decided("a")])
    future.add_done_callback(keep)
    assert kept.wait(WAIT_S)
    assert store.kept("law") == (future.result(), b"state")


def test_what_is_forgotten_is_gone(store: Store) -> None:
    for i in range(1000):
        name = f"d{i}"
        store.append(
            [decided(name, at_s=NOW_S + i), outcome(name), feedback(name, comment="secret")]
        )
    last = append(store)
    store.keep("law", last, b"state")
    assert store.forget(NOW_S + 700) == 700
    assert [event.decision_id for event in log(store)] == [
        f"d{i}" for i in range(700, 1000) for _ in range(3)
    ]
    assert store.story("d699") is None
    assert not store.has_feedback("about-d699")
    assert same_all(told(store.story("d700")), [
        decided("d700", at_s=NOW_S + 700), outcome("d700"), feedback("d700", comment="secret"),
    ])  # fmt: skip
    assert store.kept("law") == (last, b"state")
    assert store.forget(NOW_S + 700) == 0


def test_the_oldest_are_forgotten_first(store: Store) -> None:
    for i, name in enumerate("cadbe"):
        append(store, decided(name, at_s=NOW_S + "abcde".index(name)), outcome(name))
        assert store.oldest_s() == NOW_S + ("abcde".index(name) if i == 0 else 0)
    assert store.forget(NOW_S + 4, limit=3) == 3
    assert [event.decision_id for event in log(store)] == ["d", "d", "e", "e"]
    assert store.oldest_s() == NOW_S + 3
    assert store.forget(NOW_S + 4, limit=3) == 1
    with pytest.raises(SettingError, match="limit must be at least 1, got 0"):
        store.forget(NOW_S, limit=0)


def test_an_empty_log_has_no_oldest(store: Store) -> None:
    assert store.oldest_s() is None


def test_nothing_more_is_heard_of_what_was_forgotten(store: Store) -> None:
    append(store, decided("a"))
    store.forget(NOW_S + 1)
    with pytest.raises(StoreError, match="decision 'a' is not in the log"):
        append(store, feedback("a", comment="late, and private"))


def test_numbers_of_forgotten_events_are_not_given_again(store: Store) -> None:
    last = append(store, decided("a"), outcome("a"))
    assert store.forget(NOW_S + 1) == 1
    assert log(store) == []
    assert append(store, decided("a")) == last + 1


def test_each_thread_finds_its_events_in_its_order(store: Store) -> None:
    threads, rounds = 16, 25

    def work(thread: int) -> None:
        futures = []
        for i in range(rounds):
            name = f"{thread}/{i}"
            futures.append(store.append([decided(name, t=i), outcome(name)]))
            futures.append(store.append([feedback(name)]))
        for future in futures:
            future.result(WAIT_S)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))

    events = log(store)
    assert len(events) == threads * rounds * 3
    for thread in range(threads):
        mine = [event for event in events if event.decision_id.startswith(f"{thread}/")]
        expected = [
            event(f"{thread}/{i}").decision_id
            for i in range(rounds)
            for event in (decided, outcome, feedback)
        ]
        assert [event.decision_id for event in mine] == expected


def test_the_log_can_be_read_while_others_append(store: Store) -> None:
    """What is read is the beginning of what there is in the end, batches whole."""
    stop = threading.Event()

    def work() -> None:
        for i in range(2000):
            store.append([decided(f"{i}"), outcome(f"{i}"), feedback(f"{i}")]).result(WAIT_S)
            if stop.is_set():
                return

    read: list[list[Event]] = []
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        while len(read) < 20 and not done.done():
            read.append(log(store))
        stop.set()
        done.result(WAIT_S)

    whole = log(store)
    for events in read:
        assert len(events) % 3 == 0
        assert same_all(events, whole[: len(events)])
    assert [len(events) for events in read] == sorted(len(events) for events in read)


def test_an_acknowledged_event_is_seen_at_once(store: Store) -> None:
    for i in range(100):
        append(store, decided(f"{i}"), feedback(f"{i}"))
        assert store.has_feedback(f"about-{i}")
        assert store.story(f"{i}") is not None


def test_a_huge_batch_is_one_batch(store: Store) -> None:
    n = 30_000
    events: list[Event] = [decided("a"), *(outcome("a", cost=float(i)) for i in range(n))]
    assert append(store, *events) == n + 1
    story = store.story("a")
    assert story is not None
    assert [one.cost for one in story.outcomes] == list(map(float, range(n)))
    assert same_all(log(store), events)


def test_an_append_cannot_be_taken_back(store: Store) -> None:
    """A client that hangs up must not take its event along."""
    future = store.append([decided("a")])
    assert not future.cancel()
    future.result(WAIT_S)
    assert len(log(store)) == 1


def use_events(store: Store) -> None:
    list(store.events())


CLOSED: dict[str, Callable[[Store], object]] = {
    "append": lambda store: append(store, decided("b")),
    "events": use_events,
    "story": lambda store: store.story("a"),
    "recent": lambda store: store.recent(1),
    "oldest_s": lambda store: store.oldest_s(),
    "has_feedback": lambda store: store.has_feedback("a"),
    "keep": lambda store: store.keep("a", 1, b""),
    "kept": lambda store: store.kept("a"),
    "forget": lambda store: store.forget(0.0),
}


@pytest.mark.parametrize("use", CLOSED)
def test_a_closed_store_says_so(store: Store, use: str) -> None:
    append(store, decided("a"))
    store.close()
    store.close()
    with pytest.raises(StoreError, match="the store is closed"):
        CLOSED[use](store)


def test_close_waits_for_what_is_under_way(store: Store) -> None:
    futures = [store.append([decided(f"{i}")]) for i in range(500)]
    store.close()
    assert [future.result(0) for future in futures] == list(range(1, 501))


def test_what_is_kept_on_disk_takes_room_there(store: Store) -> None:
    empty = store.size_bytes()
    append(store, *(decided(f"d{n}") for n in range(200)))
    if empty is None:
        assert store.size_bytes() is None
    else:
        assert (store.size_bytes() or 0) > empty + 200 * 100
