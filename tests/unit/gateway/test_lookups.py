"""Ids that callers name at the same time are looked up together."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

import pytest

from messplus.errors import StoreError
from messplus.gateway.lookups import Lookups
from messplus.router import Router


class Log:
    """A router whose log answers when it is let."""

    def __init__(self, own: Sequence[str] = ()) -> None:
        self.own = own
        self.looks: list[tuple[list[str], list[str]]] = []
        self.trouble: Exception | None = None
        self.open = threading.Event()
        self.open.set()

    def elsewhere(self, decision_ids: Sequence[str]) -> list[str]:
        return [name for name in decision_ids if name not in self.own]

    def look_up(self, decision_ids: Sequence[str], feedback_ids: Sequence[str]) -> None:
        self.looks.append((list(decision_ids), list(feedback_ids)))
        assert self.open.wait(10)
        if self.trouble:
            raise self.trouble


def run(log: Log, work: Callable[[Lookups], Awaitable[None]], away: str = "") -> None:
    async def all_of_it() -> None:
        await work(Lookups(cast(Router, log), lambda: away))

    asyncio.run(all_of_it())


def test_who_comes_while_the_log_is_asked_shares_the_next_look() -> None:
    log = Log()

    async def work(lookups: Lookups) -> None:
        log.open.clear()
        asked = [asyncio.create_task(lookups.look_up([f"d{n}"], [f"f{n}"])) for n in range(1)]
        while not log.looks:
            await asyncio.sleep(0.001)
        asked += [asyncio.create_task(lookups.look_up([f"d{n}"], [f"f{n}"])) for n in (1, 2, 2)]
        await asyncio.sleep(0.01)
        assert not any(one.done() for one in asked)
        log.open.set()
        await asyncio.gather(*asked)
        await lookups.look_up(["d3"], [])

    run(log, work)
    assert log.looks == [(["d0"], ["f0"]), (["d1", "d2"], ["f1", "f2"]), (["d3"], [])]


def test_what_is_ours_needs_no_look() -> None:
    log = Log(own=["mine"])

    async def work(lookups: Lookups) -> None:
        await lookups.look_up(["mine"], ["f"])
        assert log.looks == []
        await lookups.look_up(["mine", "theirs"], ["f"])

    run(log, work)
    assert log.looks == [(["theirs"], ["f"])]


def test_nobody_waits_for_a_log_that_is_away() -> None:
    log = Log()
    run(log, lambda lookups: lookups.look_up(["theirs"], []), away="no route to host")
    assert log.looks == []


def test_trouble_is_told_to_all_and_is_over_with_the_next_look() -> None:
    log = Log()
    log.trouble = StoreError("the log cannot be read")

    async def work(lookups: Lookups) -> None:
        looks = [lookups.look_up([name], []) for name in ("a", "b")]
        told = await asyncio.gather(*looks, return_exceptions=True)
        assert told == [log.trouble, log.trouble]
        log.trouble = None
        await lookups.look_up(["c"], [])

    run(log, work)
    assert log.looks == [(["a", "b"], []), (["c"], [])]


def test_a_log_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messplus.gateway.lookups.PATIENCE_S", 0.05)
    log = Log()

    async def work(lookups: Lookups) -> None:
        log.open.clear()
        with pytest.raises(TimeoutError):
            await lookups.look_up(["a"], [])
        log.open.set()

    run(log, work)
