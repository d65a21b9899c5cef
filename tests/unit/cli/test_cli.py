"""The command line as a user meets it."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import messplus
from messplus.cli import app as cli_app
from messplus.cli import replay as replay_command
from messplus.cli.app import app
from messplus.cli.paths import cache_folder
from messplus.datasets.shipped import shipped_table
from messplus.replay.grid import run_grid
from messplus.replay.results import Results

FAST = ["--seeds", "1", "--jobs", "1", "--no-cache"]


@pytest.fixture(autouse=True)
def small_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """The data set that ships, with few requests: these tests are about the command."""
    few = shipped_table().select(range(150))
    monkeypatch.setattr("messplus.cli.data.shipped_table", lambda: few)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of two models and two tasks, as a user brings one."""
    n = 60
    frame = pl.DataFrame(
        {
            "prompt_id": [f"q{i}" for i in range(n)],
            "task": ["sums" if i % 2 else "facts" for i in range(n)],
            "prompt": [f"What is {i} plus {i}?" for i in range(n)],
            "score__small": [float(i % 3 == 0) for i in range(n)],
            "cost__small": [1.0] * n,
            "score__large": [float(i % 5 != 0) for i in range(n)],
            "cost__large": [8.0] * n,
        }
    )
    path = tmp_path / "mine.csv"
    frame.write_csv(path)
    return path


def output(*args: str) -> str:
    result = CliRunner().invoke(app, list(args), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_without_arguments_it_teaches() -> None:
    result = CliRunner().invoke(app, [])
    assert "messplus demo" in result.output
    assert "inspect" in result.output


def test_version() -> None:
    assert messplus.__version__ in output("--version")


def test_replay_needs_no_data() -> None:
    shown = output("replay", *FAST)
    assert "SYNTHETIC" not in shown
    for name in (*replay_command.DEFAULT_POLICIES, "static", "clairvoyant"):
        assert name.partition("-")[0] in shown


def test_replay_of_own_data_writes_the_contract(table: Path, tmp_path: Path) -> None:
    target = tmp_path / "runs.json"
    shown = output("replay", str(table), "--alpha", "0.6", "--json", str(target), *FAST)
    assert "SYNTHETIC" not in shown
    found = json.loads(target.read_text())
    assert {run["policy"] for run in found["runs"]} == set(replay_command.DEFAULT_POLICIES)
    assert {run["alpha"] for run in found["runs"]} == {0.6}
    assert {run["task"] for run in found["runs"]} == {"all"}
    assert len(found["references"]) == 4


def test_tasks_become_streams_and_options_reach_the_runs(table: Path, tmp_path: Path) -> None:
    target = tmp_path / "runs.json"
    output(
        "replay", str(table), "-t", "sums", "-t", "facts", "-p", "messplus:predictor=mean",
        "-p", "always:small", "--seeds", "2", "--jobs", "1", "--no-cache", "--stream-order",
        "--feedback", "0.5", "--feedback-delay", "3", "--json", str(target),
    )  # fmt: skip
    runs = json.loads(target.read_text())["runs"]
    assert {run["task"] for run in runs} == {"sums", "facts"}
    assert len(runs) == 2 * 2 * 2
    first = runs[0]
    assert (first["shuffle"], first["feedback"], first["feedback_delay"]) == (False, 0.5, 3)


def test_scenarios_and_feedback_reach_the_runs(table: Path, tmp_path: Path) -> None:
    target = tmp_path / "runs.json"
    shown = output(
        "replay", str(table), "--alpha", "0.5", "-p", "adaptive", *FAST, "--json", str(target),
        "--scenario", "worsen:large,at=0.4,loss=0.9", "--scenario", "blocks",
        "--feedback-satisfied", "0.3", "--feedback-dissatisfied", "0.9", "--audits", "0.2",
        "--audit-delay", "4", "--judge", "sensitivity=0.9,false_accept=0.2,cost=2",
        "--window", "20",
    )  # fmt: skip
    assert "scenario: worsen:large,at=0.4,loss=0.9, blocks" in shown
    (run,) = json.loads(target.read_text())["runs"]
    assert run["scenarios"] == ["worsen:large,at=0.4,loss=0.9", "blocks"]
    assert (run["feedback_satisfied"], run["feedback_dissatisfied"]) == (0.3, 0.9)
    assert (run["audits"], run["audit_delay"]) == (0.2, 4)
    assert run["judge"]["sensitivity"] == 0.9
    assert run["cost_feedback"] == 2 * 60
    assert run["windows"] == 3


def test_what_a_policy_notices_is_said_once_per_stream(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def warned(*args: object, **kwargs: object) -> Results:
        results = run_grid(*args, **kwargs)  # type: ignore[arg-type]
        runs = [replace(run, warnings=("nobody answers",)) for run in results.runs]
        return replace(results, runs=tuple(runs))

    monkeypatch.setattr("messplus.replay.grid.run_grid", warned)
    args = ["replay", str(table), "-p", "cheapest", "--seeds", "3", "--jobs", "1", "--no-cache"]
    result = CliRunner().invoke(app, [*args, "-t", "sums", "-t", "facts"], catch_exceptions=False)
    said = " ".join(result.stderr.split())
    for task in ("sums", "facts"):
        assert said.count(f"warning: cheapest on mine/{task}, 3 of 3 runs: nobody answers") == 1


def test_a_second_run_is_read_from_the_cache(table: Path, tmp_path: Path) -> None:
    args = ["replay", str(table), "-p", "cheapest", "--seeds", "1", "--jobs", "1"]
    first = output(*args, "--cache", str(tmp_path / "cache"))
    assert len(list((tmp_path / "cache" / "runs").iterdir())) == 1
    assert len(list((tmp_path / "cache" / "encodings").iterdir())) == 1
    assert output(*args, "--cache", str(tmp_path / "cache")) == first


def test_inspect_shows_models_and_reference_lines(table: Path) -> None:
    shown = output("inspect", str(table))
    assert "small" in shown
    assert "large" in shown
    assert "clairvoyant" in shown


def run_and_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *args: str
) -> tuple[object, str]:
    """Run the real entry point; its exit code and what it says on stderr, on one line."""
    monkeypatch.setattr("sys.argv", ["messplus", *args])
    with pytest.raises(SystemExit) as stopped:
        cli_app.run()
    return stopped.value.code, " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["replay", "--alpha", "1.2"], "alpha must be in (0, 1], got 1.2"),
        (["replay", "-p", "mesplus"], "did you mean 'messplus'"),
        (["replay", "--encoder", "hased"], "did you mean 'hashed'"),
        (["replay", "--feedback", "2"], "feedback must be in [0, 1], got 2.0"),
        (["replay", "--feedback-satisfied", "2"], "feedback-satisfied must be in [0, 1], got 2.0"),
        (["replay", "--audits", "-1"], "audits must be in [0, 1], got -1.0"),
        (["replay", "--judge", "sensitivity=1"], "needs false_accept"),
        (["replay", "--scenario", "worsn"], "did you mean 'worsen'"),
        (["replay", "--scenario", "leave:qwen2.5-coder-1b"], "did you mean 'qwen2.5-coder-1.5b'"),
        (["replay", "--window", "0"], "window must be at least 1, got 0"),
        (["replay", "-t", "capital"], "did you mean 'capitals'"),
        (["replay", "nowhere.parquet"], "there is no 'nowhere.parquet'"),
    ],
)
def test_an_error_is_one_message_and_exit_2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: list[str],
    message: str,
) -> None:
    code, said = run_and_fail(monkeypatch, capsys, *args)
    assert code == 2
    assert message in said
    assert "Traceback" not in said


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object, **__: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(replay_command, "load_streams", interrupted)
    code, _ = run_and_fail(monkeypatch, capsys, "replay")
    assert code == 130


def test_cache_folder() -> None:
    home = Path("/home/ada")
    assert cache_folder({"MESSPLUS_CACHE": "/big"}, home) == Path("/big")
    assert cache_folder({"XDG_CACHE_HOME": "/x"}, home) == Path("/x/messplus")
    assert cache_folder({}, home) == home / ".cache" / "messplus"


def test_fit_writes_a_prior_that_replay_starts_from(table: Path, tmp_path: Path) -> None:
    prior = tmp_path / "prior.npz"
    shown = output("fit", str(table), "-o", str(prior), "--rows", "0.5", "--no-cache")
    assert "small" in shown
    assert "SYNTHETIC" not in shown
    assert prior.name in shown.replace("\n", "")
    output("replay", str(table), "-a", "0.6", "-p", f"adaptive:prior={prior}", *FAST)


def test_fit_needs_no_data(tmp_path: Path) -> None:
    shown = output("fit", "-o", str(tmp_path / "p.npz"), "--no-cache")
    assert "qwen2.5-coder-1.5b" in shown


def test_a_prior_of_one_task_does_not_fit_several(
    table: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    prior = tmp_path / "prior.npz"
    output("fit", str(table), "-t", "sums", "-o", str(prior), "--no-cache")
    code, said = run_and_fail(
        monkeypatch, capsys, "replay", str(table), "-p", f"adaptive:prior={prior}", *FAST
    )
    assert code == 2
    assert "fit it with the same --encoder" in said
