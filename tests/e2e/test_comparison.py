"""The comparison of all routers, as anybody runs it on a folder of tables."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from messplus.replay.policies import POLICIES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Two models: the cheap one answers what is short, the dear one nearly all."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "tables"
    folder.mkdir()
    for name in ("tickets", "mail"):
        n = 120
        long = rng.random(n) < 0.5
        prompts = [
            " ".join(["please explain in depth"] * 20 if hard else ["hi"]) + f" {i}"
            for i, hard in enumerate(long)
        ]
        frame = pl.DataFrame(
            {
                "prompt_id": [str(i) for i in range(n)],
                "task": ["all"] * n,
                "prompt": prompts,
                "score__small": np.where(long, 0.0, 1.0),
                "score__large": (rng.random(n) < 0.95).astype(float),
                "cost__small": np.full(n, 1.0),
                "cost__large": rng.uniform(8.0, 12.0, n),
            }
        )
        frame.write_parquet(folder / f"{name}.parquet")
        sidecar = {"name": name, "models_ascending_cost": ["small", "large"]}
        (folder / f"{name}.json").write_text(json.dumps(sidecar))
    return folder


def test_anybodys_tables_give_a_page_and_a_second_call_goes_on(
    tables: Path, tmp_path: Path
) -> None:
    command = [
        sys.executable, "-m", "benchmarks.routers", "--quick", "--seeds", "1", "--jobs", "1",
        "--data", str(tables), "--out", str(tmp_path / "page"), "--cache", str(tmp_path / "cache"),
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "page" / "routers.md").read_text()
    assert "| **adaptive** | ours |" in page
    for policy in ("knn", "cluster", "linucb", "port", "running mix", "routellm", "cascade"):
        assert f"\n| {policy}" in page, policy
    assert "nan" not in page
    assert (tmp_path / "page" / "figures" / "routers-others.png").exists()

    finished = sorted((tmp_path / "cache").glob("*.json"))
    stamps = [path.stat().st_mtime_ns for path in finished]
    again = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )
    assert again.returncode == 0, again.stderr
    assert [path.stat().st_mtime_ns for path in finished] == stamps
    assert (tmp_path / "page" / "routers.md").read_text() == page


def test_every_router_is_in_the_comparison() -> None:
    source = (ROOT / "benchmarks" / "roster.py").read_text()
    left_out = {"always", "cheapest"}  # single models: the static mix is made of them
    for policy in set(POLICIES) - left_out:
        assert f'"{policy}' in source, policy
