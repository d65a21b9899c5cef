"""The zoo that ships, with its real weights: up, an answer of each model, a kill, down."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from openai import OpenAI

from messplus.cli.paths import cache_folder
from messplus.zoo import serve
from messplus.zoo.manifest import Manifest, default_manifest
from messplus.zoo.pull import is_present, model_file

DEADLINE_S = 300.0
LARGEST = "qwen2.5-coder-1.5b"
RUN = [sys.executable, "-c", "from messplus.cli.zoo import zoo_app; zoo_app()"]


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    """Of the models that are here; skips where none is."""
    cache = cache_folder(os.environ, Path.home())
    here = tuple(one for one in default_manifest().models if is_present(cache, one))
    if not here:
        pytest.skip(f"no weights in {cache}: `messplus zoo pull` gets them")
    return Manifest(here)


@pytest.fixture(scope="module")
def cache(manifest: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of its own with the same weights, so that a zoo of the user's is left alone."""
    mine, theirs = tmp_path_factory.mktemp("cache"), cache_folder(os.environ, Path.home())
    for one in manifest.models:
        target = model_file(mine, one)
        target.parent.mkdir(exist_ok=True)
        target.symlink_to(model_file(theirs, one))
    yield mine
    serve.down(serve.zoo_folder(mine))


def zoo(cache: Path, *args: str) -> str:
    done = subprocess.run(
        [*RUN, *args],
        capture_output=True, text=True, check=False, timeout=DEADLINE_S,
        env={**os.environ, "MESSPLUS_CACHE": str(cache)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def status(cache: Path) -> dict[str, dict[str, object]]:
    found = json.loads(zoo(cache, "status", "--json"))["models"]
    return {str(one["name"]): one for one in found}


def free_ports(count: int) -> int:
    """The first of a row of ports that nobody uses."""
    for base in range(21_000, 60_000, count):
        probes = [socket.socket() for _ in range(count)]
        try:
            for offset, probe in enumerate(probes):
                probe.bind(("127.0.0.1", base + offset))
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
        return base
    raise AssertionError("no row of free ports")


def ask(base_url: object, model: str) -> str:
    """One answer, through the real SDK; the name of who gave it must be the one asked."""
    with OpenAI(base_url=str(base_url), api_key="none", timeout=DEADLINE_S) as client:
        answer = client.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": "What is the capital of France?"}],
            max_tokens=24,
            temperature=0,
        )
    assert answer.model == model
    assert answer.usage is not None
    assert answer.usage.completion_tokens > 0
    return answer.choices[0].message.content or ""


def test_up_ask_kill_down(manifest: Manifest, cache: Path) -> None:
    names = [one.name for one in manifest.models]
    base = str(free_ports(len(default_manifest().models)))
    shown = zoo(cache, "up", *names, "--port-base", base)
    assert all(name in shown for name in names)
    models = status(cache)
    assert list(models) == names
    answers = {name: ask(one["base_url"], name) for name, one in models.items()}
    assert all(answers.values())
    if LARGEST in answers:  # the smallest does not know
        assert "Paris" in answers[LARGEST]

    victim = models[names[0]]
    psutil.Process(int(str(victim["pid"]))).kill()
    until = time.monotonic() + DEADLINE_S
    while time.monotonic() < until:
        again = status(cache)[names[0]]
        if again["restarts"] == 1 and again["health"] == "healthy":
            break
        time.sleep(0.2)
    assert again["pid"] != victim["pid"]
    assert ask(again["base_url"], names[0]) == answers[names[0]]  # temperature 0

    assert f"ended: {', '.join(names)}" in zoo(cache, "down")
    assert not any(psutil.pid_exists(int(str(one["pid"]))) for one in models.values())
