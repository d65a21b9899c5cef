"""Logs: one line each, nothing secret, nobody waits."""

import io
import json
import logging
import threading

import pytest

from messplus.gateway.config import Settings, secrets_of
from messplus.gateway.telemetry import Ended, Logs, log_access
from messplus.gateway.telemetry import logs as module
from messplus.gateway.telemetry.lines import LONGEST_TEXT, access_fields

SECRET = 'sk-"very-secret"-0123456789'
DONE = Ended(
    request_id="r1", status=200, latency_s=1.23456789, client="team-a", route="chat", alpha=0.9,
    model="small", mode="exploit", overhead_s=0.0011, prompt_tokens=100, output_tokens=50,
    cost_usd=0.002, failed_cost_usd=0.001, attempts=2,
)  # fmt: skip
log = logging.getLogger("messplus.gateway.test")


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_line_is_one_json_object() -> None:
    stream = io.StringIO()
    with Logs(stream, "json"):
        log.info("two\nlines of %s", "text", extra={"request_id": "r1", "n": 3, "odd": {1}})
        log.debug("not written")
        log_access(DONE)
        try:
            _ = 1 // len("")
        except ZeroDivisionError:
            log.exception("failed")
    told, access, failed = lines(stream)
    assert str(told.pop("time")).endswith("Z")
    assert told == {
        "level": "info",
        "logger": "messplus.gateway.test",
        "message": "two\nlines of text",
        "request_id": "r1",
        "n": 3,
        "odd": "{1}",
    }
    assert {"request_id": "r1", "status": 200, "cost_usd": 0.003}.items() <= access.items()
    assert {
        "latency_s": 1.234568,
        "overhead_ms": 1.1,
        "first_byte_s": None,
    }.items() <= access.items()
    assert "ZeroDivisionError: " in str(failed["exception"])


def test_text_for_people_is_one_line_that_nobody_can_forge() -> None:
    stream = io.StringIO()
    with Logs(stream, "text"):
        log.warning("user says: %s", "x\n2026-01-01 00:00:00.000 INFO messplus.access forged")
        log_access(DONE)
    warning, access = stream.getvalue().splitlines()
    assert "\\n2026-01-01" in warning
    assert "request_id=r1" in access
    assert "error=" not in access


@pytest.mark.parametrize("kind", ["json", "text"])
def test_no_secret_is_written_wherever_it_stands(kind: str) -> None:
    settings = Settings.model_validate(
        {
            "providers": {
                "p": {
                    "base_url": "https://me:pass-word@example.com",
                    "api_key": SECRET,
                    "headers": {"x": "header-secret"},
                }
            },
            "models": {"m": {"provider": "p"}},
            "routes": {"r": {"alpha": 0.9}},
            "keys": [{"name": "a", "key": SECRET + SECRET}],
        }
    )
    stream = io.StringIO()
    with Logs(stream, "json" if kind == "json" else "text", secrets=secrets_of(settings)) as logs:
        log.error("%s and pass-word", SECRET, extra={"headers": {"x": "header-secret"}})
        try:
            _ = dict[str, int]()[SECRET + SECRET]
        except KeyError:
            log.exception("failed with it")
        logs.hide(["another-one"])
        log.info("now %s", "another-one")
    for secret in ("very", "pass-word", "header-secret"):
        assert secret not in stream.getvalue()
    assert "now ***" in stream.getvalue()


class Stuck(io.StringIO):
    """A pipe that nobody reads, until somebody does."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.released = threading.Event(), threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        assert self.released.wait(20)
        return super().write(text)


def test_lines_that_nobody_reads_are_dropped_and_counted() -> None:
    stream, dropped = Stuck(), list[str]()
    with Logs(stream, "json", on_drop=lambda: dropped.append("one"), most_waiting=2):
        log.info("being written")
        assert stream.reached.wait(20)
        for _ in range(5):
            log.info("waiting")
        assert len(dropped) == 3
        stream.released.set()
    assert len(lines(stream)) == 3


def test_the_end_does_not_wait_for_a_reader_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_S", 0.01)
    stream = Stuck()
    with Logs(stream, "json", most_waiting=1):
        log.info("being written")
        assert stream.reached.wait(20)
        log.info("waiting")
    stream.released.set()


class Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError("disk full")


def test_a_line_that_cannot_be_written_is_counted() -> None:
    dropped: list[str] = []
    with Logs(Broken(), "json", on_drop=lambda: dropped.append("one")):
        log.info("lost")
    assert dropped == ["one"]


def test_what_was_there_before_is_put_back() -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    with Logs(io.StringIO(), "json", level=logging.WARNING):
        assert len(root.handlers) == 1
        log_access(DONE)  # below the level: not even made
    assert (list(root.handlers), root.level) == before


def test_long_messages_are_cut() -> None:
    stream = io.StringIO()
    with Logs(stream, "json"):
        log.info("x" * 2 * LONGEST_TEXT)
    assert len(str(lines(stream)[0]["message"])) == LONGEST_TEXT


def test_the_access_log_has_no_room_for_prompts() -> None:
    assert not any(word in access_fields(DONE) for word in ("prompt", "text", "messages", "answer"))
