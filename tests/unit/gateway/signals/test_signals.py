"""Answers are looked at in the background, and what follows is told."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.unit.gateway.signals.fakes import Judge, Seen, Teller, answer, settings

from messplus.errors import MessPlusError, SettingError
from messplus.gateway.config.settings import Settings
from messplus.gateway.signals import Answer, Signals
from messplus.gateway.signals import judging as judging_module
from messplus.gateway.signals import signals as signals_module
from messplus.gateway.signals.judging import AT_ONCE

ALL = {"model": "large", "share": 1.0}
AUDIT = {**ALL, "trust": "audit"}
EMPTY = {"kind": "not_empty"}
IS_JSON = {"kind": "json"}


class World:
    """Signals and all that they touch."""

    def __init__(self, given: Settings, judge: Judge | None = None) -> None:
        self.told, self.seen, self.judge = Teller(), Seen(), judge or Judge()
        self.signals = Signals(given, self.told, self.judge, random.Random(3), self.seen)

    def run(self, *answers: Answer, route: str = "chat") -> None:
        """Let them deal with these answers, to the end."""

        async def work() -> None:
            self.signals.start()
            for one in answers:
                self.signals.finished(route, one)
            await self.signals.close(30.0)

        asyncio.run(work())

    def live(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something while they run."""

        async def whole() -> None:
            self.signals.start()
            try:
                await work()
            finally:
                await self.signals.close(30.0)

        asyncio.run(whole())

    @property
    def verdicts(self) -> list[tuple[str, float, str]]:
        """What was told: of which answer, its value, and who says so."""
        return [(one.decision_id, one.value, one.source) for one in self.told.said]


@pytest.mark.parametrize("check", [EMPTY, IS_JSON])  # at once, and on another thread
def test_a_failed_answer_is_worth_nothing_and_one_that_passes_may_be_anything(
    check: dict[str, Any],
) -> None:
    world = World(settings(checks=[check]))
    world.run(answer(0, ""), answer(1, "[]"))
    assert world.verdicts == [("answer-0", 0.0, "check")]
    (said,) = world.told.said
    assert said.attributes == {"by": f"check:{check['kind']}"}
    assert (said.feedback_id, said.cost) == ("check:answer-0", 0.0)
    assert said.comment
    assert world.seen.checks == [("chat", check["kind"], False), ("chat", check["kind"], True)]


@pytest.mark.parametrize("check", [EMPTY, IS_JSON])
def test_where_a_rule_decides_every_answer_is_audited(check: dict[str, Any]) -> None:
    world = World(settings(checks=[{**check, "decides": "always"}]))
    world.run(answer(0, ""), answer(1, "[]"))
    assert world.verdicts == [("answer-0", 0.0, "audit"), ("answer-1", 1.0, "audit")]


def test_a_failed_rule_of_either_kind_decides() -> None:
    world = World(settings(checks=[EMPTY, {"kind": "finished", "decides": "always"}]))
    world.run(answer(0, ""), answer(1, finish_reason="length"), answer(2))
    assert world.verdicts == [
        ("answer-0", 0.0, "audit"),
        ("answer-1", 0.0, "audit"),
        ("answer-2", 1.0, "audit"),
    ]


def test_what_cannot_be_told_is_told_nowhere() -> None:
    hard = {"kind": "regex", "pattern": "^(a|aa)+$", "decides": "always"}
    world = World(settings(checks=[hard]))
    world.run(answer(0, "a" * 60 + "b"))
    assert world.verdicts == []
    assert world.seen.checks == []
    assert world.signals.unchecked == 1


def test_without_rules_nothing_happens() -> None:
    world = World(settings())
    world.run(answer(), route="chat")
    world = World(settings(checks=[EMPTY]))
    world.run(answer(0, ""), route="")  # it named its model
    assert world.verdicts == []


def test_too_many_answers_for_slow_rules_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals_module, "MOST_LOOKING", 2)
    world = World(settings(checks=[IS_JSON]))
    world.run(*(answer(n, "") for n in range(5)))  # none is looked at before all have come
    assert len(world.verdicts) == 2
    assert world.signals.unchecked == 3


@pytest.mark.parametrize(("trust", "source"), [("opinion", "judge"), ("audit", "audit")])
def test_a_judge_s_verdict_is_told_with_its_cost(trust: str, source: str) -> None:
    world = World(settings(judge={**ALL, "trust": trust}))
    world.run(answer())
    (said,) = world.told.said
    assert (said.decision_id, said.value, said.source) == ("answer-0", 1.0, source)
    assert (said.cost, said.comment, said.feedback_id) == (0.002, "right", "judge:answer-0")
    assert said.attributes == {"by": "judge:large"}
    assert world.seen.judged_ == [("chat", "verdict", 0.002)]
    ((model, messages, _),) = world.judge.asked
    assert model == "large"
    assert "answer-0" not in str(messages)


def test_joules_are_not_shown_as_dollars() -> None:
    world = World(settings(cost="joule", judge=ALL))
    world.run(answer())
    assert world.told.said[0].cost == 0.002
    assert world.seen.judged_ == [("chat", "verdict", 0.0)]


def test_the_share_is_drawn_whatever_the_answer_says() -> None:
    def drawn(text: str) -> set[str]:
        world = World(settings(judge={"model": "large", "share": 0.2}))
        world.run(*(answer(n, text) for n in range(500)))
        return {one.decision_id for one in world.told.said}

    short, long = drawn("x"), drawn("x" * 1000)
    assert short == long
    assert 60 < len(short) < 140


def test_what_is_no_verdict_is_counted_and_never_a_zero() -> None:
    def refuse() -> str:
        raise MessPlusError("no such model")

    unclear = World(settings(judge=ALL), Judge(lambda: "I would rather not."))
    unclear.run(answer())
    failing = World(settings(judge=ALL), Judge(refuse))
    failing.run(answer())
    assert unclear.verdicts == failing.verdicts == []
    assert unclear.seen.judged_ == [("chat", "unclear", 0.002)]
    assert failing.seen.judged_ == [("chat", "error", 0.0)]


def test_a_judge_that_takes_too_long_gives_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging_module, "LONGEST_S", 0.01)
    world = World(settings(judge=ALL))

    async def work() -> None:
        world.judge.gate = asyncio.Event()
        world.signals.finished("chat", answer())
        while world.signals.waiting:
            await asyncio.sleep(0.001)

    world.live(work)
    assert world.verdicts == []
    assert world.seen.results == ["timeout"]


def test_a_surprise_in_one_answer_does_not_end_the_judging_of_others() -> None:
    replies = iter(["bad"] * AT_ONCE + ["{}", '{"satisfied": false}'])

    def reply() -> str:
        text = next(replies)
        if text == "bad":
            raise ZeroDivisionError
        return text

    world = World(settings(judge=ALL), Judge(reply))
    world.run(*(answer(n) for n in range(AT_ONCE + 2)))
    assert world.seen.results == ["error"] * AT_ONCE + ["unclear", "verdict"]
    assert [value for _, value, _ in world.verdicts] == [0.0]


def test_a_store_that_refuses_does_not_end_anything() -> None:
    world = World(settings(judge=ALL, checks=[EMPTY]))
    world.told.refuse = True
    world.run(answer(0, ""), answer(1))
    assert world.seen.results == ["error"]


def test_few_are_judged_at_once_and_what_overflows_is_counted() -> None:
    world = World(settings(judge={**ALL, "max_waiting": 20}))

    async def work() -> None:
        world.judge.gate = asyncio.Event()
        for n in range(25):
            world.signals.finished("chat", answer(n))
        assert world.signals.waiting == 20
        assert world.signals.overflown == 5
        while world.judge.most_at_once < AT_ONCE:
            await asyncio.sleep(0)
        world.judge.gate.set()

    world.live(work)
    assert len(world.verdicts) == 20
    assert world.judge.most_at_once == AT_ONCE
    assert world.seen.results.count("overflow") == 5
    assert world.signals.waiting == 0


def test_an_answer_that_failed_a_check_needs_no_judge() -> None:
    opinion = World(settings(checks=[EMPTY], judge=ALL))
    opinion.run(answer(0, ""), answer(1))
    assert opinion.verdicts == [("answer-0", 0.0, "check"), ("answer-1", 1.0, "judge")]
    audit = World(settings(checks=[EMPTY], judge=AUDIT))
    audit.run(answer(0, ""), answer(1))
    # The failed one was drawn, too: without it the audited ones would be better than the rest.
    assert audit.verdicts == [
        ("answer-0", 0.0, "check"),
        ("answer-0", 0.0, "audit"),
        ("answer-1", 1.0, "audit"),
    ]
    assert len({one.feedback_id for one in audit.told.said}) == 3
    assert len(audit.judge.asked) == 1


def test_where_a_rule_decides_no_judge_is_asked() -> None:
    world = World(settings(checks=[{**EMPTY, "decides": "always"}], judge=AUDIT))
    world.run(answer(0, ""), answer(1))
    assert world.judge.asked == []
    assert world.verdicts == [("answer-0", 0.0, "audit"), ("answer-1", 1.0, "audit")]


def test_other_settings_hold_from_the_next_answer_on() -> None:
    world = World(settings(checks=[EMPTY]))

    async def work() -> None:
        world.signals.finished("chat", answer(0, ""))
        world.signals.change(settings(judge=ALL))
        world.signals.finished("chat", answer(1, ""))
        with pytest.raises(SettingError, match="regular expression"):
            world.signals.change(settings(checks=[{"kind": "regex", "pattern": "("}]))
        world.signals.finished("chat", answer(2, ""))

    world.live(work)
    assert world.verdicts == [
        ("answer-0", 0.0, "check"),
        ("answer-1", 1.0, "judge"),
        ("answer-2", 1.0, "judge"),
    ]


def test_the_end_does_not_wait_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    world = World(settings(judge=ALL))

    async def work() -> None:
        world.judge.gate = asyncio.Event()
        world.signals.start()
        for n in range(10):
            world.signals.finished("chat", answer(n))
        await asyncio.sleep(0)
        await world.signals.close(0.01)
        world.signals.finished("chat", answer(11))

    asyncio.run(work())
    assert world.verdicts == []
    assert "10 not judged" in caplog.text


def test_it_can_be_closed_before_it_was_started() -> None:
    world = World(settings(judge=ALL))
    asyncio.run(world.signals.close(1.0))
    assert world.verdicts == []
