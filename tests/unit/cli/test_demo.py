"""`messplus demo` as a user meets it, in front of a gateway that routes without thinking."""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import typer
from tests.unit.demo.fake_gateway import FakeGateway
from typer.testing import CliRunner

from messplus.cli.demo import demo
from messplus.demo.playback import playing
from messplus.demo.recording import shipped_recording
from messplus.errors import SettingError, ZooError
from messplus.zoo.serve import zoo_folder
from messplus.zoo.state import ProcessMark, Served, State

FAST = ["--speed", "10000", "--requests", "60"]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    fake = FakeGateway()
    monkeypatch.setitem(sys.modules, "messplus.gateway.serve", SimpleNamespace(serving=fake))
    return fake


def run(*arguments: str) -> str:
    app = typer.Typer()
    app.command()(demo)
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_it_needs_nothing_but_its_name(gateway: FakeGateway, tmp_path: Path) -> None:
    file = tmp_path / "summary.json"
    said = run(*FAST, "--keep", str(tmp_path / "kept"), "--json", str(file))
    assert "60 of 60 requests" in said
    assert "The promise was" in said
    summary = json.loads(file.read_bytes())
    assert summary["mode"] == "recorded"
    assert summary["requests"] == len(gateway.asked) == 60
    assert summary["alpha"] == 0.551
    assert Path(summary["config"]).is_file()
    assert Path(summary["store"]).is_file()


def test_a_promise_that_is_missed_is_no_error(gateway: FakeGateway, tmp_path: Path) -> None:
    said = run(*FAST, "--alpha", "0.99", "--keep", str(tmp_path))
    assert "The promise was missed" in said


def test_users_may_say_nothing(gateway: FakeGateway, tmp_path: Path) -> None:
    run(*FAST, "--feedback", "0", "--keep", str(tmp_path))
    assert gateway.verdicts == []


def test_the_seed_orders_the_requests(gateway: FakeGateway, tmp_path: Path) -> None:
    for n, seed in enumerate(("1", "1", "2")):
        run(
            *FAST,
            "--feedback",
            "0",
            "--concurrency",
            "1",
            "--seed",
            seed,
            "--keep",
            str(tmp_path / str(n)),
        )
    asked = [body["messages"][0]["content"] for body in gateway.asked]
    assert asked[:60] == asked[60:120] != asked[120:]


def test_the_gateway_goes_on_until_interrupted(
    gateway: FakeGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("messplus.cli.demo.Event", lambda: SimpleNamespace(wait=interrupted))
    said = run(*FAST, "--serve", "--keep", str(tmp_path))
    assert "curl -i http://127.0.0.1:" in said


def test_without_a_zoo_nothing_is_live(
    gateway: FakeGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESSPLUS_CACHE", str(tmp_path))
    with pytest.raises(ZooError, match="messplus zoo up --pull"):
        run("--live", "--keep", str(tmp_path / "kept"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--alpha", "1.5"], "alpha must be"),
        (["--speed", "0"], "speed must be above 0"),
        (["--feedback", "2"], "feedback must be"),
        (["--requests", "5000"], "requests must be 0 .all. to 2,998"),
    ],
)
def test_what_cannot_be_is_refused(
    gateway: FakeGateway, tmp_path: Path, arguments: list[str], message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        run(*arguments, "--keep", str(tmp_path / "kept"))
    assert not (tmp_path / "kept").exists()


def test_live_asks_the_models_that_are_up(
    gateway: FakeGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("reasoning_gym")
    monkeypatch.setenv("MESSPLUS_CACHE", str(tmp_path))
    mark = ProcessMark.of(os.getpid())
    assert mark is not None
    recording = shipped_recording()
    names = recording.outcomes.models[1:]
    file = tmp_path / "summary.json"
    with playing(recording, speed=1e4) as url:  # says what the models said
        port = urlsplit(url).port
        assert port is not None
        served = tuple(Served(name=name, port=port, output_usd_per_mtok=1.0) for name in names)
        State(supervisor=mark, served=served).write(zoo_folder(tmp_path))
        run("--live", "--keep", str(tmp_path / "kept"), "--json", str(file))
    summary = json.loads(file.read_bytes())
    assert summary["mode"] == "live"
    assert summary["requests"] == len(gateway.asked) == 60
    assert tuple(summary["models"]) == names
    assert all(body["max_tokens"] and body["temperature"] == 0 for body in gateway.asked)
    for verdict, body in zip(
        sorted(gateway.verdicts, key=lambda said: int(said["id"][1:])), gateway.asked, strict=True
    ):
        name = names[-1] if int(verdict["id"][1:]) % 3 == 0 else names[0]
        recorded = recording.answers[body["messages"][0]["content"], name]
        assert verdict["value"] == recorded.score
