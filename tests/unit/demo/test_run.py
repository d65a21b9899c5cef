"""A whole demo, in front of a gateway that routes without thinking."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from tests.unit.demo.fake_gateway import FakeGateway
from tests.unit.demo.looks import look
from tests.unit.demo.recordings import recording

from messplus.demo.ending import show_summary, show_use
from messplus.demo.look import Look
from messplus.demo.playback import recorded_zoo
from messplus.demo.run import Plan, run
from messplus.demo.script import recorded_script
from messplus.demo.summary import Files, Summary, percentiles
from messplus.errors import DemoError, SettingError
from messplus.gateway.config.read import read_settings


def plan_in(folder: Path, *, alpha: float = 0.6) -> Plan:
    return Plan(
        mode="recorded",
        title="messplus demo",
        script=recorded_script(recording(60), requests=0, seed=0),
        alpha=alpha,
        seed=0,
        concurrency=4,
        feedback=1.0,
        folder=folder,
    )


def run_it(plan: Plan, gateway: FakeGateway) -> tuple[Summary, list[Look]]:
    looks: list[Look] = []

    @contextmanager
    def show() -> Iterator[Callable[[Look], None]]:
        yield looks.append

    with recorded_zoo(recording(60), speed=1e4) as zoo:
        summary = run(plan, zoo, gateway, show=show, afterwards=lambda *_: None)
    return summary, looks


def test_a_demo_asks_everything_and_sums_it_up(tmp_path: Path) -> None:
    gateway = FakeGateway()
    summary, looks = run_it(plan_in(tmp_path / "kept"), gateway)
    assert len(gateway.asked) == len(gateway.verdicts) == 60
    assert summary.kept
    entries = json.loads(json.dumps(summary.as_json()))
    assert entries["requests"] == 60
    assert entries["satisfaction"] >= 0.6
    assert entries["cost_over_largest"] == pytest.approx((40 * 20 + 20 * 200) / (60 * 200))
    assert entries["models"]["large"]["share"] == pytest.approx(1 / 3)
    assert entries["models"]["large"]["satisfaction"] == 1.0
    assert entries["feedback"] == {"applied": 60}
    assert {line["reference"] for line in entries["references"]} == {
        "always large",
        "static_mix",
        "clairvoyant",
        "always small",
    }
    assert looks[-1].tally.requests == 60


def test_what_it_leaves_starts_the_same_gateway(tmp_path: Path) -> None:
    summary, _ = run_it(plan_in(tmp_path), FakeGateway())
    settings = read_settings(summary.files.config)
    assert settings.routes["demo"].alpha == 0.6
    assert settings.routes["demo"].spread > 0  # else `messplus log what-if` has nothing to tell
    assert list(settings.models) == ["small", "large"]
    assert settings.models["large"].cost.output_per_mtok == 50.0
    assert settings.store.endswith(str(summary.files.store.resolve()))
    assert summary.files.config.read_text().startswith("# The gateway of `messplus demo`.")


def test_a_folder_has_one_demo(tmp_path: Path) -> None:
    run_it(plan_in(tmp_path), FakeGateway())
    with pytest.raises(SettingError, match="has the log of an earlier demo"):
        run_it(plan_in(tmp_path), FakeGateway())


def test_a_promise_has_a_range(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="alpha must be"):
        run_it(plan_in(tmp_path, alpha=1.5), FakeGateway())
    assert not list(tmp_path.iterdir())


def test_a_gateway_that_fails_ends_it(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="answers nothing: HTTP 500"):
        run_it(plan_in(tmp_path), FakeGateway(broken=500))


def summary_of(looked: Look) -> Summary:
    files = Files(Path("kept/gateway.yaml"), Path("kept/messplus.db"), 120)
    return Summary(
        mode="recorded", seed=0, end=looked, feedback={"applied": 38, "HTTP 429": 2}, files=files
    )


def told(summary: Summary) -> str:
    console = Console(width=80, file=io.StringIO(), color_system=None)
    with console.capture() as capture:
        show_summary(console, summary)
    return capture.get()


def test_a_kept_promise_is_said_first(tmp_path: Path) -> None:
    text = told(summary_of(look(40)))
    first, second, *rest = text.strip().splitlines()
    assert first == "The promise was kept: 75.0 % of 40 requests satisfied, 70.0 % promised."
    assert second == "It cost 55 % of asking large always, 120 % of the best static mix."
    shown = [line.split() for line in rest if line.strip()]
    rows = [cells for cells in shown if cells[-1:] == cells[-3:-2] == ["%"]]
    assert [" ".join(cells[:-5]) for cells in rows] == [
        "always large",
        "messplus",
        "best static mix *",
        "clairvoyant *",
        "always small",
    ]
    assert "messplus log what-if kept/messplus.db" in text
    assert "messplus serve --config kept/gateway.yaml" in text
    assert "40 verdicts by users, 2 refused" in text
    assert "120 events in kept/messplus.db" in text


def test_a_missed_promise_is_said_plainly() -> None:
    text = told(summary_of(look(40, alpha=0.9)))
    assert text.strip().startswith("The promise was missed: 75.0 % of 40 requests satisfied")
    assert "6.0 requests too few. A cold start has few requests" in " ".join(text.split())


def test_failed_requests_are_said() -> None:
    assert "2 requests; they count as not satisfied" in told(summary_of(look(40, failing=2)))


def test_a_promise_out_of_reach_has_no_reference() -> None:
    looked = look(40)
    none = replace(looked.tally.yardsticks, mix_usd=None)
    looked.tally.yardsticks, looked.tally.mix_usd = none, None
    text = " ".join(told(summary_of(looked)).split())
    assert "no mix of these models reaches such a promise" in text


def test_the_gateway_that_goes_on_can_be_asked() -> None:
    summary = summary_of(look(40))
    console = Console(width=80, file=io.StringIO(), color_system=None)
    with console.capture() as capture:
        show_use(console, summary, "http://127.0.0.1:4000")
    text = capture.get()
    assert "curl -i http://127.0.0.1:4000/v1/chat/completions" in text
    shortest = min((question.prompt for question in summary.end.asked), key=len)
    assert f'"content":"{shortest}"' in text


def test_percentiles_of_nothing_are_none() -> None:
    assert percentiles([]) is None
    assert percentiles([1.0, 2.0, 3.0]) == {"p50": 2.0, "p99": pytest.approx(2.98)}
