"""Users in front of a gateway, and what is counted of its answers."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.demo.fake_gateway import FakeGateway
from tests.unit.demo.recordings import MODELS, recording

from messplus.demo.playback import playing
from messplus.demo.recording import Recording
from messplus.demo.route_state import RouteState, fetch_route_state
from messplus.demo.script import Script, drawn, recorded_script
from messplus.demo.setup import ZooModel, on_any_port, settings_of, write_config
from messplus.demo.tally import RECENT, Tally
from messplus.demo.traffic import LATE_MOST_S, Answered, Traffic, Verdicts
from messplus.demo.yardsticks import yardsticks
from messplus.errors import DemoError, SettingError
from messplus.gateway.config.read import read_settings

ALPHA = 0.75


@contextmanager
def gateway_over(recorded: Recording, gateway: FakeGateway, folder: Path) -> Iterator[str]:
    with playing(recorded, speed=1e4) as upstream:
        zoo = [ZooModel(name, upstream, price) for name, price in recorded.prices.items()]
        file = write_config(settings_of(zoo, ALPHA), folder, "for a test")
        with gateway(on_any_port(read_settings(file))) as url:
            yield url


def send(
    url: str, script: Script, *, feedback: float = 1.0, concurrency: int = 4
) -> tuple[Tally, Traffic]:
    tally = Tally(yardsticks(script.outcomes, ALPHA), {})
    verdicts = Verdicts.draw(len(script.questions), feedback, seed=0)
    prompt = Verdicts(verdicts.given, np.zeros_like(verdicts.delay_s))
    traffic = Traffic(url, script, prompt, concurrency=concurrency, on_answer=tally.add)
    asyncio.run(traffic.send())
    return tally, traffic


def test_everything_is_asked_once_and_counted_from_the_answers(tmp_path: Path) -> None:
    recorded, gateway = recording(30), FakeGateway()
    script = recorded_script(recorded, requests=0, seed=0)
    with gateway_over(recorded, gateway, tmp_path) as url:
        tally, traffic = send(url, script)
    asked = [body["messages"][0]["content"] for body in gateway.asked]
    assert sorted(asked) == sorted(recorded.outcomes.prompts)
    assert {body["metadata"]["task"] for body in gateway.asked} == {"sums"}
    assert (tally.requests, tally.failed) == (30, 0)
    assert tally.models["large"].requests == 10
    assert tally.cost_usd == pytest.approx(20 * 20e-6 + 10 * 200e-6)
    assert tally.largest_usd == pytest.approx(30 * 200e-6)
    assert tally.over_largest() == pytest.approx(0.4)
    assert traffic.feedback == {"applied": 30}
    said = {body["id"]: body["value"] for body in gateway.verdicts}
    assert sum(said.values()) == tally.score == sum(m.score for m in tally.models.values())


def test_one_user_asks_in_the_order_of_the_script(tmp_path: Path) -> None:
    recorded, gateway = recording(12), FakeGateway()
    script = recorded_script(recorded, requests=8, seed=3)
    with gateway_over(recorded, gateway, tmp_path) as url:
        send(url, script, concurrency=1)
    asked = [body["messages"][0]["content"] for body in gateway.asked]
    assert asked == [question.prompt for question in script.questions]


def test_users_who_say_nothing_are_counted_all_the_same(tmp_path: Path) -> None:
    recorded, gateway = recording(12), FakeGateway()
    with gateway_over(recorded, gateway, tmp_path) as url:
        tally, traffic = send(url, recorded_script(recorded, requests=0, seed=0), feedback=0.0)
    assert tally.requests == 12
    assert gateway.verdicts == []
    assert traffic.feedback.total() == 0


def test_feedback_that_is_refused_is_counted_as_such(tmp_path: Path) -> None:
    recorded, gateway = recording(5), FakeGateway(feedback_status=429)
    with gateway_over(recorded, gateway, tmp_path) as url:
        _, traffic = send(url, recorded_script(recorded, requests=0, seed=0))
    assert traffic.feedback == {"HTTP 429": 5}


def test_a_late_verdict_is_waited_for(tmp_path: Path) -> None:
    recorded, gateway = recording(6), FakeGateway()
    script = recorded_script(recorded, requests=0, seed=0)
    delays_s = np.array([0.05, 0, 0, 0, 0, 0.02])
    with gateway_over(recorded, gateway, tmp_path) as url:
        verdicts = Verdicts(np.ones(6, dtype=bool), delays_s)
        traffic = Traffic(url, script, verdicts, concurrency=1, on_answer=lambda _: None)
        asyncio.run(traffic.send())
    assert len(gateway.verdicts) == 6


def test_a_gateway_that_answers_nothing_ends_the_demo(tmp_path: Path) -> None:
    recorded, gateway = recording(40), FakeGateway(broken=503)
    with (
        gateway_over(recorded, gateway, tmp_path) as url,
        pytest.raises(DemoError, match=r"answers nothing: HTTP 503: .*sorry"),
    ):
        send(url, recorded_script(recorded, requests=0, seed=0))
    assert len(gateway.asked) < 40


def test_a_gateway_that_is_not_there_ends_the_demo(tmp_path: Path) -> None:
    recorded = recording(4)
    with gateway_over(recorded, FakeGateway(), tmp_path) as url:
        pass
    with pytest.raises(DemoError, match="cannot be reached"):
        send(url, recorded_script(recorded, requests=0, seed=0))


def test_the_gateway_is_asked_how_its_promise_stands(tmp_path: Path) -> None:
    recorded = recording(4)

    async def ask(url: str) -> RouteState:
        async with aiohttp.ClientSession() as session:
            return await fetch_route_state(session, url)

    with gateway_over(recorded, FakeGateway(), tmp_path) as url:
        state = asyncio.run(ask(url))
        assert state == RouteState(0, 1.5, None, True, ())
        with pytest.raises(DemoError, match="HTTP 404"):
            asyncio.run(ask(f"{url}/elsewhere"))


@given(st.integers(1, 40), st.integers(0, 2**32))
def test_fewer_requests_are_the_first_of_more(requests: int, seed: int) -> None:
    outcomes = recording(40).outcomes
    everything = drawn(outcomes, 0, seed)
    assert sorted(everything.prompts) == sorted(outcomes.prompts)
    assert drawn(outcomes, requests, seed).prompts == everything.prompts[:requests]


@given(st.integers(0, 500), st.floats(0, 1), st.integers(0, 2**32))
def test_verdicts_depend_on_the_seed_alone(n: int, share: float, seed: int) -> None:
    first, second = Verdicts.draw(n, share, seed), Verdicts.draw(n, share, seed)
    assert (first.given == second.given).all()
    assert (first.delay_s == second.delay_s).all()
    assert ((first.delay_s >= 0) & (first.delay_s <= LATE_MOST_S)).all()
    assert first.given.all() or share < 1


@pytest.mark.parametrize(
    ("requests", "seed", "message"),
    [(41, 0, "requests must be 0 .all. to 40, got 41"), (1, -1, "seed must be at least 0")],
)
def test_what_cannot_be_drawn_is_refused(requests: int, seed: int, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        recorded_script(recording(40), requests=requests, seed=seed)


def test_a_share_is_a_share() -> None:
    with pytest.raises(SettingError, match=r"feedback must be in \[0, 1\], got 1.5"):
        Verdicts.draw(3, 1.5, 0)


def test_yardsticks_of_a_zoo_worked_by_hand() -> None:
    found = yardsticks(recording(40).outcomes, ALPHA)
    assert found.mix_usd == pytest.approx(np.full(40, 110e-6))  # half and half: 0.5 + 0.5 * 0.5
    lines = {line.reference: line for line in found.lines}
    assert lines["always large"].cost_total == pytest.approx(40 * 200e-6)
    assert lines["always small"].satisfaction == 0.5
    assert lines["clairvoyant"].cost_total == pytest.approx(30 * 20e-6 + 10 * 200e-6)


def test_a_promise_out_of_reach_has_no_mix() -> None:
    outcomes = recording(40).outcomes
    hard = outcomes.select([1]).__class__(
        name="hard",
        models=MODELS,
        prompt_ids=outcomes.prompt_ids,
        tasks=outcomes.tasks,
        prompts=outcomes.prompts,
        score=outcomes.score * 0.5,
        cost=outcomes.cost,
    )
    found = yardsticks(hard, 0.9)
    assert found.mix_usd is None
    tally = Tally(found, {})
    tally.add(Answered(row=0, model="small", score=1.0, cost_usd=1e-6))
    assert tally.over_mix() is None
    assert tally.over_largest() == pytest.approx(1e-6 / 200e-6)


def test_what_failed_satisfies_nobody_and_costs_nothing() -> None:
    tally = Tally(yardsticks(recording(40).outcomes, ALPHA), {})
    tally.add(Answered(row=0, model="small", score=1.0, cost_usd=20e-6, overhead_ms=1.0))
    tally.add(Answered(row=1, error="HTTP 502: no"))
    assert tally.satisfaction == 0.5
    assert tally.means == [1.0, 0.5]
    assert (tally.requests, tally.failed) == (2, 1)
    assert tally.share("small") == 1.0
    assert tally.overheads_ms == [1.0]


def test_recent_shares_forget() -> None:
    tally = Tally(yardsticks(recording(40).outcomes, ALPHA), {})
    for n in range(RECENT + 50):
        tally.add(Answered(row=n % 40, model="small" if n < 50 else "large"))
    assert tally.recent_share("large") == 1.0
    assert tally.share("small") == pytest.approx(50 / (RECENT + 50))
