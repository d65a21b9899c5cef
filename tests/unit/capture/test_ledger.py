"""The ledger: what was written is there, whatever happened in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from messplus.capture.ledger import Call, Ledger, last_calls, read_calls
from messplus.errors import DataError

FIRST = Call(
    prompt_id="q1",
    model="small",
    response="Zürich\u2028\n\x85東京",
    finish_reason="stop",
    prompt_tokens=7,
    output_tokens=3,
    tokens_counted=False,
    latency_s=0.25,
    energy_j=1.5,
    attempts=2,
    started_at=1.8e9,
    served_by="small-v1",
)
SECOND = Call(prompt_id="q1", model="large", error="HTTP 500: sorry")


def write(path: Path, *calls: Call) -> None:
    with Ledger(path) as book:
        for call in calls:
            book.append(call)


def test_what_is_written_is_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "calls.jsonl"
    write(path, FIRST)
    write(path, SECOND)
    assert list(read_calls(path)) == [FIRST, SECOND]


def test_a_call_is_on_the_disk_before_the_ledger_is_closed(tmp_path: Path) -> None:
    with Ledger(tmp_path / "calls.jsonl") as book:
        book.append(FIRST)
        assert list(read_calls(tmp_path / "calls.jsonl")) == [FIRST]


def test_no_file_is_an_empty_ledger(tmp_path: Path) -> None:
    assert list(read_calls(tmp_path / "calls.jsonl")) == []


def test_the_last_call_for_a_question_and_model_counts(tmp_path: Path) -> None:
    again = Call(prompt_id="q1", model="large", response="at last")
    write(tmp_path / "calls.jsonl", FIRST, SECOND, again)
    assert last_calls(tmp_path / "calls.jsonl") == {FIRST.key: FIRST, again.key: again}


def test_wherever_the_last_line_is_cut_the_calls_before_it_stay(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    write(path, FIRST)
    whole = path.stat().st_size
    write(path, SECOND)
    both = path.read_bytes()
    for size in range(whole, len(both)):
        path.write_bytes(both[:size])
        assert list(read_calls(path)) == [FIRST]
        write(path, SECOND)
        assert path.read_bytes() == both


def test_a_first_line_that_is_cut_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_bytes(b'{"prompt_id": "q1"')
    assert list(read_calls(path)) == []
    write(path, FIRST)
    assert list(read_calls(path)) == [FIRST]


def test_a_cut_line_longer_than_what_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    write(path, FIRST)
    path.write_bytes(path.read_bytes() + b"x" * 200_000)
    assert list(read_calls(path)) == [FIRST]


@pytest.mark.parametrize("line", [b"{", b"[]", b"7", b"", b'{"model": "m"}', b'{"model": "\xff"}'])
def test_a_corrupt_line_is_named(line: bytes, tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    write(path, FIRST, SECOND)
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + line + b"\n" + second)
    with pytest.raises(DataError, match=r"calls.jsonl, line 2 is no call"):
        last_calls(path)


def test_fields_of_a_later_release_are_no_error(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text('{"prompt_id": "q", "model": "m", "mood": "good"}\n')
    assert list(read_calls(path)) == [Call(prompt_id="q", model="m")]


@contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: writing more ends like on a full disk."""
    resource = pytest.importorskip("resource", reason="needs POSIX limits")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_an_error_and_the_next_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    write(path, FIRST)
    size = path.stat().st_size
    with room_for(size + 20), pytest.raises(OSError, match="File too large"):
        write(path, SECOND)
    assert path.stat().st_size == size + 20  # a part of the line got there
    assert list(read_calls(path)) == [FIRST]
    write(path, SECOND)
    assert list(read_calls(path)) == [FIRST, SECOND]


def test_a_closed_ledger_takes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not open"):
        Ledger(tmp_path / "calls.jsonl").append(FIRST)
