"""Documentation that runs, links that lead somewhere, and settings that are all documented."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from messplus import predictors
from messplus.cli.app import app
from messplus.encoders import ENCODERS
from messplus.predictors import predictor_from_spec
from messplus.replay.policies import POLICIES

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("recordings/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FILE = re.compile(r"^```\w+ ([\w.]+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def text_of(name: str) -> str:
    return (ROOT / "docs" / "reference" / name).read_text()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        if not target.startswith(("http://", "https://", "#")):
            assert (page.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_python_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder with the files that the page shows: "```csv tickets.csv" names one."""
    monkeypatch.chdir(tmp_path)
    for name, content in FILE.findall(page.read_text()):
        Path(name).write_text(content)
    for block in PYTHON.findall(page.read_text()):
        exec(compile(block, page.name, "exec"), {"__name__": "__main__"})  # noqa: S102  # the point


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=page_id)
def test_examples_run(example: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(example)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "satisfied" in done.stdout


def test_every_flag_is_documented() -> None:
    page = text_of("cli.md")
    for name, command in commands_of(typer.main.get_command(app), "messplus"):
        assert f"# {name}" in page
        section = page.partition(f"# {name}\n")[2].partition("\n## ")[0]
        for parameter in command.params:
            if getattr(parameter, "hidden", False):
                continue  # for the supervisor, not for people
            flags = [f for f in (*parameter.opts, *parameter.secondary_opts) if f.startswith("-")]
            for flag in flags:
                assert f"`{flag}`" in section or f"[{flag} " in section, f"{name} {flag}"


def commands_of(command: object, name: str) -> Iterator[tuple[str, TyperCommand | TyperGroup]]:
    """The commands of a group, and of the groups in it, by their full names."""
    if isinstance(command, TyperGroup):
        for part, inner in command.commands.items():
            assert isinstance(inner, TyperCommand | TyperGroup)
            yield f"{name} {part}", inner
            yield from commands_of(inner, f"{name} {part}")


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_setting_is_documented(name: str) -> None:
    page = text_of("policies.md")
    assert name in page
    for setting in fields(POLICIES[name]):
        assert f"`{setting.name}`" in page or setting.name.upper() in page, setting.name


@pytest.mark.parametrize("name", [n for n in predictors.NAMES if n != "mlp"])
def test_every_predictor_setting_is_documented(name: str) -> None:
    page = text_of("predictors.md")
    for setting in fields(predictor_from_spec(name)):  # type: ignore[arg-type]
        assert f"`{setting.name}`" in page, setting.name


@pytest.mark.parametrize("name", ENCODERS)
def test_every_encoder_is_documented(name: str) -> None:
    assert f"`{name}" in text_of("encoders.md")
