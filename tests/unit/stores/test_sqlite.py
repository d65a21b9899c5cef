"""What only a store on disk can do, and what can go wrong with it."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.stores.samples import NOW_S, decided, feedback, outcome, same_all

from messplus.errors import SettingError, StoreError
from messplus.records import Event
from messplus.stores import SqliteStore
from messplus.stores.reader import PAGE
from messplus.stores.sqlite import FORGET_AT_ONCE
from messplus.stores.writer import Work

WAIT_S = 30.0


def log(store: SqliteStore) -> list[Event]:
    return [stored.event for stored in store.events()]


def shell(path: Path, *statements: str) -> list[tuple[object, ...]]:
    """What somebody does to the file from outside; rows of the last statement."""
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        for statement in statements:
            rows = file.execute(statement).fetchall()
        return rows


class Stalled:
    """Holds up the writer's thread until it is let go."""

    def __init__(self, store: SqliteStore) -> None:
        self._go = threading.Event()
        reached = threading.Event()

        def wait(connection: sqlite3.Connection) -> None:
            reached.set()
            self._go.wait(WAIT_S)

        store._writer.submit(wait)
        assert reached.wait(WAIT_S)

    def let_go(self) -> None:
        self._go.set()


def test_a_log_goes_on_where_it_was(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        last = store.append([decided("a"), outcome("a")]).result()
        store.keep("law", last, b"state")
    with closing(SqliteStore(path)) as store:
        assert same_all(log(store), [decided("a"), outcome("a")])
        assert store.kept("law") == (last, b"state")
        assert store.append([feedback("a")]).result() == last + 1
        with pytest.raises(StoreError, match="'a' is in the log already"):
            store.append([decided("a")]).result()


def test_numbers_are_not_given_again_after_everything_was_forgotten(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        last = store.append([decided("a"), outcome("a")]).result()
        store.forget(NOW_S + 1)
    with closing(SqliteStore(path)) as store:
        assert store.append([decided("b")]).result() == last + 1


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_only_the_owner_can_read_the_files(store: SqliteStore, path: Path) -> None:
    store.append([decided("a", prompt="secret")]).result()
    files = list(path.parent.iterdir())
    assert {file.name for file in files} == {"log.db", "log.db-wal", "log.db-shm", "log.db-lock"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_closing_leaves_one_file_to_copy(store: SqliteStore, path: Path) -> None:
    store.append([decided("a")]).result()
    list(store.events())
    store.close()
    assert {file.name for file in path.parent.iterdir()} == {"log.db", "log.db-lock"}


def test_every_commit_is_synced(store: SqliteStore) -> None:
    found = store._writer.run(
        lambda connection: connection.execute("PRAGMA synchronous").fetchone()
    )
    assert found == (2,)  # FULL: 1, NORMAL, would not sync the log at each commit


@pytest.mark.parametrize("settings", [{"waiting": 0}, {"wait_s": -1.0}, {"wait_s": float("inf")}])
def test_settings_are_checked(path: Path, settings: dict[str, float]) -> None:
    with pytest.raises(SettingError, match=f"{next(iter(settings))} must be"):
        SqliteStore(path, **settings)  # type: ignore[arg-type]
    assert not path.exists()


def test_a_second_writer_in_this_process_is_refused(store: SqliteStore, path: Path) -> None:
    for _ in range(2):
        with pytest.raises(
            StoreError, match=r"has a writer already.*Stop the other process, or give"
        ):
            SqliteStore(path)
    link = path.with_name("link.db")
    link.symlink_to(path)
    with pytest.raises(StoreError, match="has a writer already"):
        SqliteStore(link)
    store.append([decided("a")]).result()


OPEN = """
import sys
from pathlib import Path
from messplus.errors import StoreError
from messplus.stores import SqliteStore
try:
    SqliteStore(Path(sys.argv[1])).close()
except StoreError as error:
    print(error)
"""


def open_elsewhere(path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(path)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return done.stdout


def test_a_second_writer_in_another_process_is_refused(store: SqliteStore, path: Path) -> None:
    with pytest.raises(StoreError):
        SqliteStore(path)  # which must not take away the first one's lock
    assert "has a writer already" in open_elsewhere(path)
    store.append([decided("a")]).result()
    store.close()
    assert open_elsewhere(path) == ""


def test_others_can_read_and_copy_meanwhile(store: SqliteStore, path: Path) -> None:
    store.append([decided("a"), outcome("a", cost=0.5)]).result()
    assert shell(path, "SELECT model, sum(cost) FROM outcome GROUP BY model") == [("small", 0.5)]
    copy = path.with_name("copy.db")
    with closing(sqlite3.connect(path)) as file, closing(sqlite3.connect(copy)) as target:
        file.backup(target)
    store.append([feedback("a")]).result()
    with closing(SqliteStore(copy)) as other:
        assert len(log(other)) == 2


def test_after_a_fork_the_store_says_so(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread is not in the new process: nobody would write."""
    monkeypatch.setattr(os, "getpid", lambda: 1)
    with pytest.raises(StoreError, match="opened before a fork"):
        store.append([decided("a")]).result(WAIT_S)


def test_a_log_longer_than_a_page_is_read_whole(store: SqliteStore) -> None:
    n = 2 * PAGE
    events: list[Event] = []
    for i in range(n):
        events += [decided(f"{i}"), *[outcome(f"{i}")] * (i % 3)]
    store.append(events).result()
    assert same_all(log(store), events)
    assert sum(1 for _ in store.events(n)) == len(events) - n


def test_a_reader_that_stops_half_way_holds_up_nobody(store: SqliteStore) -> None:
    store.append([decided(f"{i}") for i in range(3 * PAGE)]).result()
    reading = store.events()
    next(reading)
    store.append([decided("more")]).result()
    assert store.forget(NOW_S + 1) == 3 * PAGE + 1
    assert 0 < sum(1 for _ in reading) < 3 * PAGE
    store.close()


def test_closing_ends_a_reading(store: SqliteStore) -> None:
    store.append([decided(f"{i}") for i in range(2 * PAGE)]).result()
    reading = store.events()
    next(reading)
    store.close()
    with pytest.raises(StoreError, match="the store is closed"):
        list(reading)


def test_others_append_between_two_chunks_that_are_forgotten(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append([decided(f"{i}") for i in range(5 * FORGET_AT_ONCE)]).result()
    left: list[int] = []
    run = store._writer.run

    def append_before(work: Work[int]) -> int:
        store.append([decided(f"new{len(left)}", at_s=NOW_S + 2)]).result(WAIT_S)
        left.append(len(log(store)))
        return run(work)

    monkeypatch.setattr(store._writer, "run", append_before)
    assert store.forget(NOW_S + 1) == 5 * FORGET_AT_ONCE
    assert left == [n * FORGET_AT_ONCE + 6 - n for n in (5, 4, 3, 2, 1, 0)]
    assert len(log(store)) == 6


def test_what_is_forgotten_is_no_longer_in_the_file(store: SqliteStore, path: Path) -> None:
    store.append(
        [decided("a", prompt="a very secret prompt"), decided("b", at_s=NOW_S + 9)]
    ).result()
    store.forget(NOW_S + 1)
    store.close()
    content = path.read_bytes()
    assert b"very secret" not in content
    assert content.count(b"default")


def full(store: SqliteStore, pages: int) -> None:
    """Let the disk be full at so many pages more than there are."""
    store._writer.run(
        lambda connection: connection.execute(
            f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0] + pages}"
        ).fetchall()
    )


def test_a_full_disk_is_an_error_until_there_is_room(store: SqliteStore) -> None:
    store.append([decided("a")]).result()
    full(store, pages=0)
    large: list[Event] = [decided("b", prompt="x" * 50_000), outcome("b")]
    for _ in range(3):
        with pytest.raises(StoreError, match="the disk is full: make room"):
            store.append(large).result(WAIT_S)
    with pytest.raises(StoreError, match="the disk is full"):
        store.keep("law", 1, b"x" * 50_000)
    assert same_all(log(store), [decided("a")])
    full(store, pages=1000)
    store.append(large).result(WAIT_S)
    assert same_all(log(store), [decided("a"), *large])


def test_a_batch_too_large_for_the_disk_does_not_fail_its_neighbours(store: SqliteStore) -> None:
    store.append([decided("a")]).result()
    full(store, pages=2)
    stalled = Stalled(store)  # so that the three go into one transaction
    futures = [
        store.append([decided("b")]),
        store.append([decided("c", prompt="x" * 50_000)]),
        store.append([decided("d")]),
    ]
    stalled.let_go()
    errors = [future.exception(WAIT_S) for future in futures]
    assert [error is None for error in errors] == [True, False, True]
    assert same_all(log(store), [decided("a"), decided("b"), decided("d")])


def test_a_full_queue_blocks_for_a_while_and_is_an_error_then(path: Path) -> None:
    with closing(SqliteStore(path, waiting=3, wait_s=0.01)) as store:
        stalled = Stalled(store)
        waiting = [store.append([decided(f"{i}")]) for i in range(3)]
        late = store.append([decided("late")])
        with pytest.raises(StoreError, match=r"no room for 0.01 s: 3 events wait"):
            late.result(0)
        stalled.let_go()
        assert [future.result(WAIT_S) for future in waiting] == [1, 2, 3]
        assert store.append([decided("late")]).result(WAIT_S) == 4


def test_whoever_waits_for_room_gets_it(path: Path) -> None:
    with closing(SqliteStore(path, waiting=1, wait_s=WAIT_S)) as store:
        stalled = Stalled(store)
        first = store.append([decided("first")])
        timer = threading.Timer(0.05, stalled.let_go)
        timer.start()
        assert store.append([decided("second")]).result(WAIT_S) == 2
        assert first.done()
        timer.join()


def test_a_callback_does_not_wait_for_its_own_thread(path: Path) -> None:
    """It runs on the thread that would make room."""
    with closing(SqliteStore(path, waiting=1, wait_s=WAIT_S)) as store:
        stalled = Stalled(store)
        said: Future[str] = Future()

        def append_two(_: "Future[int]") -> None:
            store.append([decided("b")])
            said.set_result(str(store.append([decided("c")]).exception(0)))

        store.append([decided("a")]).add_done_callback(append_two)
        stalled.let_go()
        assert "no room for 0 s" in said.result(WAIT_S)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("UPDATE outcome SET cost = -1", "event 2 cannot be read from table outcome: cost must be"),
        ("UPDATE decided SET models = '[1]'", "event 1 .* table decided: expected a text, got 1"),
        ("UPDATE decided SET models = '{'", "event 1 cannot be read from table decided"),
        ("UPDATE decided SET attributes = '[]'", "event 1 .* expected texts by name"),
        ("UPDATE decided SET features = x'00'", "event 1 .* table decided: buffer size"),
        ("UPDATE decided SET available = x'02'", "event 1 .* expected bytes 0 and 1, got 2"),
        ("UPDATE feedback SET source = 'me'", "event 3 .* source must be one of"),
        ("UPDATE feedback SET comment = CAST(x'ff' AS TEXT)", "event 3 .* invalid start byte"),
    ],
)
def test_a_row_that_is_no_event_is_named(
    store: SqliteStore, path: Path, damage: str, message: str
) -> None:
    store.append([decided("a"), outcome("a"), feedback("a")]).result()
    shell(path, damage)
    with pytest.raises(StoreError, match=message):
        log(store)
    with pytest.raises(StoreError, match=message):
        store.story("a")
    store.append([decided("b")]).result()
    assert [stored.sequence for stored in store.events(after=3)] == [4]


def test_a_damaged_file_says_so(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.append([decided(f"{i}", prompt="x" * 500) for i in range(1000)]).result()
    with path.open("r+b") as file:
        file.seek(20 * 4096)
        file.write(b"\xff" * (path.stat().st_size - 40 * 4096))
    with closing(SqliteStore(path)) as store:
        with pytest.raises(StoreError, match=r"the file is damaged .*restore it from a backup"):
            log(store)
        with pytest.raises(StoreError, match="the file is damaged"):
            store.append([decided(f"new{i}") for i in range(1000)]).result(WAIT_S)
