"""A run: several models side by side, resumed without asking anything twice."""

import errno
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from tests.unit.capture.chat_server import ChatServer, Clock, Reply, refusing_port
from tests.unit.capture.test_ledger import room_for

from messplus.capture import Pace, Progress, Question, Request, Upstream, capture
from messplus.capture.graders import Exact
from messplus.capture.ledger import Call, Ledger, last_calls, read_calls
from messplus.errors import CaptureError, DataError, SettingError

PLAN = [
    Question(prompt_id=f"q{k}", task="t", prompt=f"number {k}", grader=Exact("a"))
    for k in range(12)
]


def upstream(url: str, name: str = "small", concurrency: int = 1) -> Upstream:
    return Upstream(name=name, base_url=url, model=name, concurrency=concurrency, timeout_s=60)


def run(
    folder: Path,
    upstreams: Sequence[Upstream],
    plan: Sequence[Question] = PLAN,
    *,
    attempts: int = 2,
    retry_failed: bool = False,
) -> list[Progress]:
    """Run a capture without waiting; what it reported."""
    clock = Clock()
    reported: list[Progress] = []
    capture(
        plan,
        upstreams,
        folder / "calls.jsonl",
        request=Request(),
        pace=Pace(attempts=attempts, retry_failed=retry_failed),
        energy={},
        rng=Random(0),
        on_progress=reported.append,
        now=clock.now,
        sleep=clock.sleep,
    )
    return reported


def recorded(folder: Path) -> dict[tuple[str, str], Call]:
    return last_calls(folder / "calls.jsonl")


def test_every_model_is_asked_every_question_once(server: ChatServer, tmp_path: Path) -> None:
    models = [upstream(server.url, name) for name in ("small", "large")]
    reported = run(tmp_path, models)
    assert set(server.counts) == {(q.prompt, m.name) for q in PLAN for m in models}
    assert set(server.counts.values()) == {1}
    assert set(recorded(tmp_path)) == {(q.prompt_id, m.name) for q in PLAN for m in models}
    assert recorded(tmp_path)["q7", "large"].response == "NUMBER 7"
    for model in models:
        done = [at.done for at in reported if at.model == model.name]
        assert done == list(range(13))
    assert {(at.total, at.failed) for at in reported} == {(12, 0)}


def test_models_run_side_by_side_each_at_its_own_concurrency(tmp_path: Path) -> None:
    with ChatServer(crowd=1 + 2 + 5) as server:
        wanted = {"one": 1, "two": 2, "five": 5}
        run(tmp_path, [upstream(server.url, name, n) for name, n in wanted.items()])
        assert dict(server.most_at_once) == wanted


def test_one_lane_asks_in_the_order_of_the_plan(server: ChatServer, tmp_path: Path) -> None:
    run(tmp_path, [upstream(server.url)])
    assert [one.prompt for one in server.asked] == [one.prompt for one in PLAN]


def test_going_on_asks_only_what_is_missing(server: ChatServer, tmp_path: Path) -> None:
    models = [upstream(server.url, name, 3) for name in ("small", "large")]
    run(tmp_path, models[:1], PLAN[:5])
    reported = run(tmp_path, models)
    run(tmp_path, models)
    assert set(server.counts.values()) == {1}
    assert len(server.asked) == 24
    assert reported[0] == Progress("small", 5, 12, 0)


def test_a_failed_call_is_an_outcome_until_it_is_asked_again(tmp_path: Path) -> None:
    def answer(prompt: str) -> str | Reply:
        return Reply(400, body="too long") if prompt == "number 3" else prompt

    with ChatServer(answer) as server:
        models = [upstream(server.url)]
        assert run(tmp_path, models)[-1] == Progress("small", 12, 12, 1)
        run(tmp_path, models)
        assert len(server.asked) == 12
        assert recorded(tmp_path)["q3", "small"].error == "HTTP 400: too long"

        server.answer = str.upper
        assert run(tmp_path, models, retry_failed=True)[-1] == Progress("small", 12, 12, 0)
        assert server.counts["number 3", "small"] == 2
        assert len(server.asked) == 13
        assert recorded(tmp_path)["q3", "small"].response == "NUMBER 3"


def test_an_upstream_that_is_gone_ends_the_run_and_leaves_nothing(
    server: ChatServer, tmp_path: Path
) -> None:
    with refusing_port() as port:
        gone = upstream(f"http://127.0.0.1:{port}/v1", "gone", 2)
        run(tmp_path, [upstream(server.url)])
        with pytest.raises(CaptureError, match=r"gone at .* cannot be reached"):
            run(tmp_path, [upstream(server.url), gone])
        assert {call.model for call in read_calls(tmp_path / "calls.jsonl")} == {"small"}
        with ChatServer(port=port) as back:
            run(tmp_path, [upstream(server.url), gone])
            assert set(back.counts.values()) == {1}
    assert len(server.asked) == 12
    assert len(recorded(tmp_path)) == 24


def test_an_upstream_that_never_answered_is_given_up_after_one_question(tmp_path: Path) -> None:
    """Nobody started it: no need to try five questions, with all their attempts."""
    waits: list[float] = []

    async def sleep(wait_s: float) -> None:
        waits.append(wait_s)

    with refusing_port() as port, pytest.raises(CaptureError, match="cannot be reached"):
        capture(
            PLAN,
            [upstream(f"http://127.0.0.1:{port}/v1")],
            tmp_path / "calls.jsonl",
            request=Request(),
            pace=Pace(attempts=3),
            energy={},
            rng=Random(0),
            sleep=sleep,
        )
    assert len(waits) == 2


@pytest.mark.parametrize("count", [1, 3])
def test_few_questions_to_an_upstream_that_is_gone(count: int, tmp_path: Path) -> None:
    with refusing_port() as port:
        gone = upstream(f"http://127.0.0.1:{port}/v1", "gone", 8)
        with pytest.raises(CaptureError, match="cannot be reached"):
            run(tmp_path, [gone], PLAN[:count])
    assert recorded(tmp_path) == {}


def test_a_question_that_nobody_survives_is_a_failed_call(tmp_path: Path) -> None:
    """The server falls over it and comes back: others are answered, so it is an outcome."""

    def answer(prompt: str) -> str | Reply:
        return Reply(raw=b"") if prompt == "number 3" else prompt

    with ChatServer(answer) as server:
        run(tmp_path, [upstream(server.url)])
        assert server.counts["number 3", "small"] == 2
    assert "ServerDisconnectedError" in recorded(tmp_path)["q3", "small"].error
    assert len(recorded(tmp_path)) == 12


def test_a_last_question_that_is_lost_does_not_take_with_it_those_under_way(
    tmp_path: Path,
) -> None:
    def answer(prompt: str) -> str | Reply:
        return Reply(raw=b"") if prompt == "number 11" else Reply(late_s=0.1)

    with ChatServer(answer, crowd=2) as server:
        run(tmp_path, [upstream(server.url, concurrency=2)], PLAN[10:], attempts=1)
        assert set(server.counts.values()) == {1}
    assert recorded(tmp_path)["q10", "small"].error == ""
    assert recorded(tmp_path)["q11", "small"].error != ""


def test_a_wrong_key_ends_the_run_and_keeps_what_there_is(tmp_path: Path) -> None:
    def answer(prompt: str) -> str | Reply:
        return Reply(401, body="no credit") if prompt == "number 5" else prompt

    with ChatServer(answer) as server:
        with pytest.raises(CaptureError, match="refuses every call, HTTP 401: no credit"):
            run(tmp_path, [upstream(server.url)])
        assert len(recorded(tmp_path)) == 5
        server.answer = str.upper
        run(tmp_path, [upstream(server.url)])
        assert server.counts["number 4", "small"] == 1


def test_a_full_disk_ends_the_run_and_the_next_goes_on(server: ChatServer, tmp_path: Path) -> None:
    with room_for(1000), pytest.raises(OSError, match="File too large"):
        run(tmp_path, [upstream(server.url, name) for name in ("small", "large")])
    kept = list(read_calls(tmp_path / "calls.jsonl"))
    assert 0 < len(kept) < 24
    run(tmp_path, [upstream(server.url, name) for name in ("small", "large")])
    assert list(read_calls(tmp_path / "calls.jsonl"))[: len(kept)] == kept
    assert len(recorded(tmp_path)) == 24


def test_a_disk_that_is_full_for_a_moment_is_an_ordinary_error(
    server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a group of errors, which nobody expects."""

    def full(book: Ledger, call: Call) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Ledger, "append", full)
    with pytest.raises(OSError, match="No space left"):
        run(tmp_path, [upstream(server.url, concurrency=3)])


def test_a_ledger_that_cannot_be_read_is_not_written_to(server: ChatServer, tmp_path: Path) -> None:
    with Ledger(tmp_path / "calls.jsonl") as book:
        book.append(Call(prompt_id="q1", model="small"))
    path = tmp_path / "calls.jsonl"
    path.write_bytes(b"garbage\n" + path.read_bytes())
    before = path.read_bytes()
    with pytest.raises(DataError, match="line 1 is no call"):
        run(tmp_path, [upstream(server.url)])
    assert path.read_bytes() == before
    assert server.asked == []


@pytest.mark.parametrize("attempts", [0, 101])
def test_attempts_are_bounded(attempts: int) -> None:
    with pytest.raises(SettingError, match=f"attempts must be 1 to 100, got {attempts}"):
        Pace(attempts=attempts)
