"""`messplus capture`, from the command line to a table that `messplus inspect` reads."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

for _module in ("aiohttp", "filelock", "jsonschema", "psutil", "yaml"):
    pytest.importorskip(_module, reason="needs the capture extra")

from tests.unit.capture.chat_server import ChatServer, Reply

from messplus.capture.ledger import read_calls
from messplus.cli import app as cli_app
from messplus.cli.app import app
from messplus.replay.readers import read_outcomes

QUESTIONS = "prompt_id,task,prompt,answer\n" + "".join(
    f"q{k},shout,say {k},{'SAY' if k % 2 else 'no'} {k}\n" for k in range(6)
)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        yield running


@pytest.fixture
def args(server: ChatServer, tmp_path: Path) -> list[str]:
    """A whole command: questions, zoo, folder."""
    (tmp_path / "mine.csv").write_text(QUESTIONS)
    (tmp_path / "zoo.yaml").write_text(
        f"providers: {{here: {{base_url: '{server.url}'}}}}\n"
        "models:\n"
        "  small: {provider: here, cost: {output_per_mtok: 1}}\n"
        "  large: {provider: here, cost: {output_per_mtok: 9}, concurrency: 3}\n"
        "  judge: {provider: here, cost: {output_per_mtok: 90}}\n"
    )
    zoo, to = str(tmp_path / "zoo.yaml"), str(tmp_path / "to")
    return ["capture", str(tmp_path / "mine.csv"), "-z", zoo, "--to", to, "--energy", "none"]


TWO = ("-m", "small", "-m", "large")


def output(*args: str) -> str:
    result = CliRunner().invoke(app, list(args), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def run_and_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *args: str
) -> tuple[object, str]:
    """Run the real entry point; its exit code and what it says on stderr, on one line."""
    monkeypatch.setattr("sys.argv", ["messplus", *args])
    with pytest.raises(SystemExit) as stopped:
        cli_app.run()
    return stopped.value.code, " ".join(capsys.readouterr().err.split())


def test_from_questions_to_a_table(server: ChatServer, args: list[str], tmp_path: Path) -> None:
    shown = output(*args, *TWO, "--name", "mine", "--licence", "CC0-1.0")
    assert "6 requests x 2 models" in shown
    assert "failed" not in shown
    assert {asked.model for asked in server.asked} == {"small", "large"}
    read = read_outcomes(tmp_path / "to" / "mine.parquet")
    assert read.warnings == ()
    assert (read.table.name, read.table.licence) == ("mine", "CC0-1.0")
    assert read.table.models == ("small", "large")
    assert read.table.score.sum(axis=0).tolist() == [3, 3]
    assert "small" in output("inspect", str(tmp_path / "to" / "mine.parquet"))


def test_the_same_command_asks_nothing_twice(server: ChatServer, args: list[str]) -> None:
    output(*args, *TWO)
    shown = output(*args, *TWO)
    assert "6 requests x 2 models" in shown
    assert len(server.asked) == 12


def test_limit_and_grade_only(server: ChatServer, args: list[str]) -> None:
    assert "2 requests x 2 models" in output(*args, *TWO, "--limit", "2")
    assert len(server.asked) == 4
    shown = output(*args, *TWO, "--grade-only")
    assert "2 requests x 2 models" in shown
    assert "4 questions are left out" in shown
    assert len(server.asked) == 4


def test_another_price_needs_no_new_call(
    server: ChatServer, args: list[str], tmp_path: Path
) -> None:
    output(*args, *TWO)
    zoo = tmp_path / "zoo.yaml"
    zoo.write_text(zoo.read_text().replace("output_per_mtok: 9}", "output_per_mtok: 900}"))
    output(*args, *TWO, "--grade-only")
    assert len(server.asked) == 12
    table = pl.read_parquet(tmp_path / "to" / "capture.parquet")
    assert table["cost__large"].to_list() == pytest.approx([2 * 900e-6] * 6)


def test_failed_calls_are_told_and_asked_again_on_demand(
    server: ChatServer, args: list[str]
) -> None:
    server.answer = lambda prompt: Reply(400) if prompt == "say 3" else prompt.upper()
    shown = output(*args, *TWO)
    assert "2 calls failed and count as not satisfied; --retry-failed asks again" in shown
    server.answer = str.upper
    assert "calls failed" in output(*args, *TWO)
    assert "calls failed" not in output(*args, *TWO, "--retry-failed")
    assert len(server.asked) == 14


def test_what_requests_say(server: ChatServer, args: list[str]) -> None:
    output(*args, *TWO, "--temperature", "0.7", "--seed", "5", "--max-tokens", "33")
    said = {
        (asked.body["temperature"], asked.body["seed"], asked.body["max_tokens"])
        for asked in server.asked
    }
    assert said == {(0.7, 5, 33)}


def test_a_judge_grades_and_is_not_captured(
    server: ChatServer, args: list[str], tmp_path: Path
) -> None:
    (tmp_path / "mine.csv").write_text("prompt,grader,rubric\nWrite a poem.,judge,It rhymes.\n")
    server.answer = lambda prompt: "7" if "It rhymes." in prompt else "Roses are red"
    assert "1 requests x 2 models" in output(*args, "--judge", "judge")
    assert {one.model for one in read_calls(tmp_path / "to" / "calls.jsonl")} == {"small", "large"}
    assert {one.model for one in read_calls(tmp_path / "to" / "verdicts.jsonl")} == {"judge"}
    table = pl.read_parquet(tmp_path / "to" / "capture.parquet")
    assert table["score__small"].to_list() == [0.7]
    sidecar = json.loads((tmp_path / "to" / "capture.json").read_text())
    assert sidecar["judging"]["verdicts"] == 2
    assert sidecar["source"] == "messplus capture mine.csv"  # not where it lay


def test_joules_are_estimated_for_models_of_this_machine(
    server: ChatServer, args: list[str], tmp_path: Path
) -> None:
    output(*args[:-2], *TWO, "--energy", "cpu", "--watts", "2", "--name", "t")
    said = json.loads((tmp_path / "to" / "t.json").read_text())
    assert said["energy"] == "estimate: CPU seconds of the model server x 2 W per busy core"
    joules = pl.read_parquet(tmp_path / "to" / "t.parquet")["energy__small"]
    assert joules.null_count() == 0
    assert joules.min() >= 0  # type: ignore[operator]  # no joules are missing


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--name", "manifest"], "name must be anything but 'manifest'"),
        (["--energy", "gas"], "unknown energy method 'gas'"),
        (["-m", "smal"], "did you mean 'small'"),
        (["--judge", "juge"], "did you mean 'judge'"),
        (["--grader", "exakt"], "did you mean 'exact'"),
        (["--energy", "cpu", "--watts", "0"], "watts must be above 0, got 0"),
    ],
)
def test_an_error_is_one_message_and_exit_2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    server: ChatServer,
    args: list[str],
    more: list[str],
    message: str,
) -> None:
    code, said = run_and_fail(monkeypatch, capsys, *args, *more)
    assert code == 2
    assert message in said
    assert "Traceback" not in said
    assert server.asked == []


def test_a_judge_that_is_needed_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: list[str],
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.csv").write_text("prompt,grader\nWrite a poem.,judge\n")
    code, said = run_and_fail(monkeypatch, capsys, *args)
    assert code == 2
    assert "1 questions are left to a judge: name it with --judge MODEL" in said


def test_a_model_that_is_gone_is_one_message(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    server: ChatServer,
    args: list[str],
) -> None:
    server.answer = lambda prompt: Reply(raw=b"")
    code, said = run_and_fail(monkeypatch, capsys, *args, "-m", "small", "--attempts", "1")
    assert code == 2
    assert "small at http://127.0.0.1" in said
    assert "start the model, then run the same command again" in said


def test_other_requests_need_another_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], args: list[str]
) -> None:
    output(*args, *TWO)
    code, said = run_and_fail(monkeypatch, capsys, *args, *TWO, "--seed", "9")
    assert code == 2
    assert "use another folder" in said


def test_cards_without_zeus_say_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], args: list[str]
) -> None:
    real = sys.modules["messplus.errors"].find_spec
    monkeypatch.setattr(
        "messplus.errors.find_spec", lambda name: None if name == "zeus" else real(name)
    )
    code, said = run_and_fail(monkeypatch, capsys, *args, "--energy", "gpu")
    assert code == 2
    assert "pip install 'messplus[energy]'" in said
