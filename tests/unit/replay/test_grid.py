"""Grids: order, resuming, and what happens to finished runs."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from distributed import Client, LocalCluster
from joblib import parallel_config

from messplus.errors import SettingError
from messplus.replay import grid as grid_module
from messplus.replay import run_cache
from messplus.replay.feedback import Feedback, Judge
from messplus.replay.grid import Grid, run_grid
from messplus.replay.metrics import Metrics
from messplus.replay.references import segmented, segmented_references, static_mix
from messplus.replay.results import Results
from messplus.replay.run import replay
from messplus.replay.run_cache import RunCache
from messplus.replay.streams import Stream

POLICIES = ("messplus:predictor=mean", "cheapest")


def make_streams(n: int = 120) -> list[Stream]:
    rng = np.random.default_rng(0)
    return [
        Stream(
            data="d", task=task, alpha=0.6, models=("small", "large"), cost_unit="usd",
            score=(rng.random((n, 2)) < [0.4, 0.8]).astype(float),
            cost=np.tile([1.0, 5.0], (n, 1)),
            features=rng.normal(size=(n, 3)),
            digest=f"digest of {task}",
        )
        for task in ("one", "two")
    ]  # fmt: skip


def figures(results: Results) -> list[tuple[str, str, int, Metrics]]:
    return [(r.cell.task, r.cell.policy, r.cell.seed, r.metrics) for r in results.runs]


def test_every_policy_runs_on_every_stream_with_every_seed_in_order() -> None:
    results = run_grid(make_streams(), Grid(policies=POLICIES, seeds=2), jobs=1)
    assert [row[:3] for row in figures(results)] == [
        (task, policy, seed) for task in ("one", "two") for policy in POLICIES for seed in (0, 1)
    ]
    assert [(r.task, r.reference) for r in results.references][:4] == [
        ("one", name) for name in ("best_single", "static_mix", "text_router", "clairvoyant")
    ]


def test_two_processes_give_what_one_gives() -> None:
    grid = Grid(policies=POLICIES, seeds=2, feedback=Feedback(share=0.5, delay=3))
    assert figures(run_grid(make_streams(), grid, jobs=2)) == figures(
        run_grid(make_streams(), grid, jobs=1)
    )


def test_progress_counts_every_run_and_every_streams_references() -> None:
    steps: list[tuple[int, int]] = []
    run_grid(
        make_streams(), Grid(policies=POLICIES, seeds=2), jobs=1,
        on_step=lambda done, total: steps.append((done, total)),
    )  # fmt: skip
    assert steps == [(done, 10) for done in range(1, 11)]


def test_an_interrupted_grid_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = Grid(policies=POLICIES, seeds=2)
    made: list[int] = []

    def counted(*args: object, **kwargs: object) -> object:
        if len(made) == 5:
            raise KeyboardInterrupt
        made.append(1)
        return replay(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(grid_module, "replay", counted)
    with pytest.raises(KeyboardInterrupt):
        run_grid(make_streams(), grid, jobs=1, cache=tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 5

    made.clear()
    results = run_grid(make_streams(), grid, jobs=1, cache=tmp_path)
    assert len(made) == 3
    assert figures(results) == figures(run_grid(make_streams(), grid, jobs=1, cache=tmp_path))
    monkeypatch.undo()
    assert figures(results) == figures(run_grid(make_streams(), grid, jobs=1))


def test_a_stored_run_comes_back_whole(tmp_path: Path) -> None:
    grid = Grid(policies=POLICIES, seeds=1)
    made = run_grid(make_streams(), grid, jobs=1, cache=tmp_path)
    read = run_grid(make_streams(), grid, jobs=1, cache=tmp_path)
    assert json.dumps(made.as_json()) == json.dumps(read.as_json())
    for one, two in zip(made.runs, read.runs, strict=True):
        for name in ("t", "satisfaction", "queue", "cost", "model_share"):
            np.testing.assert_array_equal(getattr(one.curves, name), getattr(two.curves, name))


@pytest.mark.parametrize(
    "change",
    [
        {"alpha": 0.5},
        {"digest": "other outcomes"},
    ],
)
def test_a_stored_run_is_not_taken_for_another(tmp_path: Path, change: dict[str, object]) -> None:
    grid = Grid(policies=("cheapest",), seeds=1)
    run_grid(make_streams()[:1], grid, jobs=1, cache=tmp_path)
    other = [replace(make_streams()[0], **change)]  # type: ignore[arg-type]
    run_grid(other, grid, jobs=1, cache=tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 2


def test_a_run_of_older_code_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = Grid(policies=("cheapest",), seeds=1)
    run_grid(make_streams()[:1], grid, jobs=1, cache=tmp_path)
    monkeypatch.setattr(run_cache, "code_digest", lambda: "newer code")
    run_grid(make_streams()[:1], grid, jobs=1, cache=tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 2


def test_warnings_are_kept_with_a_run(tmp_path: Path) -> None:
    (stream,) = make_streams()[:1]
    (made,) = run_grid([stream], Grid(policies=("cheapest",), seeds=1), jobs=1).runs
    store = RunCache(tmp_path)
    store.store(stream, replace(made, warnings=("something is wrong",)))
    read = store.load(stream, made.cell)
    assert read is not None
    assert read.warnings == ("something is wrong",)


def test_a_torn_file_is_run_anew_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    grid = Grid(policies=("cheapest",), seeds=1)
    made = run_grid(make_streams()[:1], grid, jobs=1, cache=tmp_path)
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(file.read_bytes()[:300])
    again = run_grid(make_streams()[:1], grid, jobs=1, cache=tmp_path)
    assert figures(made) == figures(again)
    assert "running anew" in caplog.text


def test_a_full_disk_costs_no_finished_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run_cache, "write_whole", full)
    with caplog.at_level(logging.WARNING):
        results = run_grid(
            make_streams()[:1], Grid(policies=("cheapest",), seeds=2), jobs=1, cache=tmp_path
        )
    assert len(results.runs) == 2
    assert "No space left" in caplog.text


SCENARIO = Grid(policies=("cheapest",), seeds=2, scenarios=("leave:small",))


@pytest.mark.parametrize(
    "change",
    [
        {"scenarios": ("leave:small,at=0.4",)},
        {"window": 50},
        {"feedback": Feedback(satisfied_share=0.3)},
        {"feedback": Feedback(dissatisfied_share=0.3)},
        {"feedback": Feedback(audits=0.1)},
        {"feedback": Feedback(audits=0.1, audit_delay=3)},
        {"feedback": Feedback(judge=Judge(sensitivity=0.9, false_accept=0.2))},
    ],
)
def test_all_that_a_run_depends_on_is_part_of_its_key(
    tmp_path: Path, change: dict[str, object]
) -> None:
    stream = make_streams()[:1]
    run_grid(stream, SCENARIO, jobs=1, cache=tmp_path)
    run_grid(stream, replace(SCENARIO, **change), jobs=1, cache=tmp_path)  # type: ignore[arg-type]
    assert len(list(tmp_path.glob("*.npz"))) == 4


def test_a_run_is_held_against_the_mixes_of_its_own_order() -> None:
    (stream,) = make_streams()[:1]
    results = run_grid([stream], SCENARIO, jobs=1)
    for run in results.runs:
        served = SCENARIO.serve(stream, run.cell.seed)
        mix = segmented(served, static_mix).cost_total
        assert mix is not None
        assert run.cost_over_static_mix == pytest.approx(run.metrics.cost_total / mix)
    assert results.references == tuple(segmented_references(SCENARIO.serve(stream, 0)))


def test_json_says_what_happened_and_what_the_policy_noticed() -> None:
    judge = Judge(sensitivity=0.9, false_accept=0.2, cost=1.0)
    grid = replace(SCENARIO, seeds=1, window=50, feedback=Feedback(audits=0.5, judge=judge))
    results = run_grid(make_streams()[:1], grid, jobs=1)
    (run,) = json.loads(json.dumps(results.as_json()))["runs"]
    assert run["scenarios"] == ["leave:small"]
    assert run["judge"] == {"sensitivity": 0.9, "false_accept": 0.2, "share": 1.0, "cost": 1.0}
    assert (run["audits"], run["audit_delay"], run["window"], run["windows"]) == (0.5, 0, 50, 2)
    assert run["cost_feedback"] == run["judge_used"] == 120
    assert run["cost_total"] == run["cost_serving"] + 120
    assert run["warnings"] == []
    assert run["satisfaction_believed"] is None


def test_a_bad_scenario_is_refused_before_anything_runs() -> None:
    steps: list[int] = []
    grid = replace(SCENARIO, scenarios=("leave:medium",))
    with pytest.raises(SettingError, match="'medium'"):
        run_grid(make_streams(), grid, jobs=1, on_step=lambda done, _: steps.append(done))
    assert steps == []


def test_a_bad_policy_is_refused_before_anything_runs() -> None:
    steps: list[int] = []
    grid = Grid(policies=("cheapest", "always:medium"))
    with pytest.raises(SettingError, match="'medium'"):
        run_grid(make_streams(), grid, jobs=1, on_step=lambda done, _: steps.append(done))
    assert steps == []


def test_json_has_what_the_contract_names() -> None:
    results = run_grid(make_streams()[:1], Grid(policies=POLICIES[:1], seeds=1), jobs=1)
    (run,) = results.as_json()["runs"]
    contract = {
        "data", "task", "policy", "seed", "alpha", "requests", "models", "cost_unit", "cost_total",
        "cost_serving", "cost_exploration", "cost_mean", "satisfaction", "shortfall_final",
        "shortfall_worst", "share_below_1pp", "first_compliance", "queue_final",
        "explored_requests", "calls", "feedback_used", "cost_over_static_mix", "wall_s",
    }  # fmt: skip
    assert contract <= set(run)
    for reference in results.as_json()["references"]:
        assert {"data", "task", "alpha", "reference"} <= set(reference)
        assert {"cost_total", "cost_mean", "satisfaction"} <= set(reference)
    static = next(r for r in results.references if r.reference == "static_mix")
    assert static.cost_total is not None
    assert run["cost_over_static_mix"] == results.runs[0].metrics.cost_total / static.cost_total


def test_an_empty_grid_is_refused() -> None:
    with pytest.raises(SettingError, match="at least one policy"):
        Grid(policies=())
    with pytest.raises(SettingError, match="seeds must be at least 1, got 0"):
        Grid(policies=POLICIES, seeds=0)
    with pytest.raises(SettingError, match="window must be at least 1, got 0"):
        Grid(policies=POLICIES, window=0)


def test_two_streams_of_one_name_are_refused() -> None:
    with pytest.raises(SettingError, match="2 streams are called 'd/one'"):
        run_grid([*make_streams(), make_streams()[0]], Grid(policies=POLICIES), jobs=1)


def test_a_dask_cluster_gives_what_one_process_gives(tmp_path: Path) -> None:
    """Two workers, each a process of its own; what they finish is in the store."""
    grid = Grid(policies=("messplus:c=0.2", "knn"), seeds=2)
    alone = figures(run_grid(make_streams(), grid, jobs=1))
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster),
        parallel_config(backend="dask"),
    ):
        together = run_grid(make_streams(), grid, cache=tmp_path)
    assert figures(together) == alone
    assert len(list(tmp_path.glob("*.npz"))) == len(alone)
