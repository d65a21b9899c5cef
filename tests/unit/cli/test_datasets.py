"""`messplus data` as a user meets it, against a server on this machine."""

import functools
import http.server
import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from tests.unit.datasets.samples import SAMPLES, Sample
from typer.testing import CliRunner, Result

from messplus.cli import app
from messplus.cli import datasets as command
from messplus.cli.datasets import data_app
from messplus.datasets.catalog import BY_HAND, DATA_SETS
from messplus.datasets.shipped import shipped_table
from messplus.errors import FetchError, SettingError
from messplus.replay.readers import read_outcomes


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MESSPLUS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "cache"


@pytest.fixture(autouse=True)
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shipped set of a few rows: these tests are about the command."""
    module = ModuleType("messplus.datasets.shipped")
    table = replace(shipped_table().select(range(16)), licence="CC0-1.0")

    def copy_shipped(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "local-zoo.parquet"
        path.write_bytes(b"PAR1")
        return path

    vars(module).update(
        SHIPPED_NAME="local-zoo", shipped_table=lambda: table, copy_shipped=copy_shipped
    )
    monkeypatch.setitem(sys.modules, module.__name__, module)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, and remembers in its server what was asked for."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        super().do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def published(tmp_path: Path) -> Sample:
    (tmp_path / "published").mkdir()
    return SAMPLES["paretobandit"](tmp_path / "published")


@pytest.fixture
def asked(published: Sample, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a server of the published files is asked for; the catalog points to it."""
    handler = functools.partial(Handler, directory=str(published.folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.asked = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        base = f"http://127.0.0.1:{server.server_address[1]}"
        files = tuple(replace(file, url=f"{base}/{file.name}") for file in published.entry.files)
        entry = replace(published.entry, files=files)
        monkeypatch.setattr(command, "find", lambda *_: entry)
        try:
            yield server.asked  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()


def run(*args: str) -> Result:
    return CliRunner().invoke(data_app, list(args))


def test_list_names_every_data_set_and_its_licence() -> None:
    result = run("list")
    assert result.exit_code == 0, result.output
    shown = result.output
    for entry in DATA_SETS:
        assert entry.name in shown
        assert entry.licence.split()[0] in shown
    for other in BY_HAND:
        assert other.name in shown
    assert shown.index("local-zoo") < shown.index(DATA_SETS[0].name)
    assert "ships with the package" in shown
    assert "CC0-1.0" in shown
    assert "1,307 × 2" in shown
    assert "joule" in shown


def test_list_fits_into_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = run("list").output
    assert max(map(len, shown.splitlines())) <= 80
    for entry in DATA_SETS:
        assert entry.name in shown


def test_get_fetches_converts_and_says_what_is_next(
    asked: list[str], published: Sample, tmp_path: Path
) -> None:
    result = run("get", "paretobandit", "--to", str(tmp_path / "to"), "--accept-licence")
    assert result.exit_code == 0, result.output
    path = tmp_path / "to" / "paretobandit.parquet"
    assert f"messplus replay {path}" in result.output
    assert published.entry.trap in " ".join(result.output.split())
    assert list(read_outcomes(path).table.prompts) == published.prompts
    assert json.loads(path.with_suffix(".json").read_text())["licence"] == "Apache-2.0"
    assert asked == ["/val_k4.jsonl", "/test_k4.jsonl"]
    again = run("get", "paretobandit", "--to", str(tmp_path / "to"), "--accept-licence")
    assert again.exit_code == 0
    assert len(asked) == 2


def test_list_knows_what_was_fetched(asked: list[str], tmp_path: Path) -> None:
    def state() -> str:
        line, *_ = [line for line in run("list").output.splitlines() if "paretobandit" in line]
        return "yes" if " yes " in line else "no"

    assert state() == "no"
    run("get", "paretobandit", "--to", str(tmp_path), "--accept-licence")
    assert asked
    assert state() == "yes"


def test_without_a_yes_nothing_is_fetched(asked: list[str], tmp_path: Path) -> None:
    result = run("get", "paretobandit", "--to", str(tmp_path / "to"))
    assert isinstance(result.exception, SettingError)
    assert "Apache-2.0" in str(result.exception)
    assert "--accept-licence" in str(result.exception)
    assert asked == []
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("answer", ["y", "n"])
def test_on_a_terminal_it_asks(
    answer: str, asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_is_terminal", lambda: True)
    args = ["get", "paretobandit", "--to", str(tmp_path)]
    result = CliRunner().invoke(data_app, args, input=f"{answer}\n")
    assert "Do you accept it?" in result.output
    assert (result.exit_code == 0) == (answer == "y")
    assert bool(asked) == (answer == "y")


def test_what_the_server_lacks_is_an_error_and_leaves_nothing(
    asked: list[str], published: Sample, tmp_path: Path
) -> None:
    (published.folder / "test_k4.jsonl").unlink()
    result = run("get", "paretobandit", "--to", str(tmp_path / "to"), "--accept-licence")
    assert isinstance(result.exception, FetchError)
    assert "test_k4.jsonl" in str(result.exception)
    assert "/val_k4.jsonl" in asked
    assert not (tmp_path / "to").exists()


def test_the_shipped_set_is_copied_without_a_question(tmp_path: Path) -> None:
    result = run("get", "local-zoo", "--to", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert "local-zoo.parquet" in result.output


def test_a_set_to_be_got_by_hand_says_how() -> None:
    result = run("get", "routerbench", "--accept-licence")
    assert isinstance(result.exception, SettingError)
    assert "pickle" in str(result.exception)
    assert "messplus replay routerbench_0shot.parquet" in str(result.exception)


@pytest.mark.parametrize(
    ("typed", "meant"), [("paretobandid", "paretobandit"), ("local_zoo", "local-zoo")]
)
def test_an_unknown_name_is_understood(typed: str, meant: str) -> None:
    result = run("get", typed)
    assert isinstance(result.exception, SettingError)
    assert f"did you mean {meant!r}" in str(result.exception)


def test_from_the_real_entry_point_an_error_is_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["messplus", "data", "get", "routerbench"])
    with pytest.raises(SystemExit) as stopped:
        app.run()
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "routerbench is not fetched" in said
    assert "  2. If you trust its origin" in said
