"""MESS+ on the authors' own recording: what was found once has to be found again."""

from pathlib import Path

import numpy as np
import pytest

from messplus.encoders import HashedNgrams
from messplus.replay.grid import Grid, run_grid
from messplus.replay.readers import read_outcomes
from messplus.replay.references import clairvoyant, references, static_mix
from messplus.replay.results import Results
from messplus.replay.streams import Stream, make_streams

MJ = 1e6

# Worked out independently of this code, by linear programming over the recording, in MJ.
STATIC_MIX = {
    "arc_challenge": 0.363, "arc_easy": 0.760, "boolq": 0.348, "logiqa": 2.451,
    "piqa": 0.291, "sciq": 0.336, "social_iqa": 0.291, "winogrande": 0.204,
}  # fmt: skip
CLAIRVOYANT = {
    "arc_challenge": 0.136, "arc_easy": 0.296, "boolq": 0.168, "logiqa": 0.251,
    "piqa": 0.081, "sciq": 0.105, "social_iqa": 0.142, "winogrande": 0.080,
}  # fmt: skip


@pytest.fixture(scope="module")
def streams(shared_data: Path) -> list[Stream]:
    table = read_outcomes(shared_data / "messplus_llama3.parquet").table
    return make_streams(table, HashedNgrams())


@pytest.fixture(scope="module")
def results(streams: list[Stream]) -> Results:
    policies = ("messplus:v=1e-4", "messplus:v=1e-4,predictor=mean", "messplus:v=1e-2")
    return run_grid(streams, Grid(policies=policies, seeds=4), jobs=1)


def test_reference_lines_are_those_worked_out_elsewhere(streams: list[Stream]) -> None:
    for stream in streams:
        for line, known in ((static_mix(stream), STATIC_MIX), (clairvoyant(stream), CLAIRVOYANT)):
            assert line.cost_total is not None
            # 1 %, and the half unit by which the known figure may be rounded.
            expected = known[stream.task]
            assert line.cost_total / MJ == pytest.approx(expected, abs=0.01 * expected + 0.0005)


def test_a_single_8b_keeps_seven_of_eight_promises(streams: list[Stream]) -> None:
    kept = [s.task for s in streams if s.score[:, 1].mean() >= s.alpha]
    assert sorted({s.task for s in streams} - set(kept)) == ["logiqa"]


@pytest.mark.parametrize("policy", ["messplus:v=1e-4", "messplus:v=1e-4,predictor=mean"])
def test_messplus_is_at_the_level_of_the_paper(results: Results, policy: str) -> None:
    runs = [run.metrics for run in results.runs if run.cell.policy == policy]
    # Table 2 prints 1.08 MJ and 68.44 %; the mean over 32 runs has a standard error of about .06 MJ
    # and .3 points, and docs/results/messplus-llama3.md says why ours is a little below.
    assert 0.8 < np.mean([run.cost_total for run in runs]) / MJ < 1.2
    assert 0.67 < np.mean([run.satisfaction for run in runs]) < 0.695


def test_a_larger_v_is_cheaper_and_owes_more(results: Results) -> None:
    at = {
        policy: [run.metrics for run in results.runs if run.cell.policy == policy]
        for policy in ("messplus:v=1e-4", "messplus:v=1e-2")
    }
    small, large = at.values()
    assert np.mean([r.cost_total for r in large]) < np.mean([r.cost_total for r in small])
    assert np.mean([r.queue_mean for r in large]) > np.mean([r.queue_mean for r in small])


def test_nobody_keeps_a_promise_for_less_than_the_clairvoyant(
    streams: list[Stream], results: Results
) -> None:
    least = {s.task: references(s)[3].cost_total for s in streams}
    for run in results.runs:
        bound = least[run.cell.task]
        assert bound is not None
        if run.metrics.shortfall_final == 0.0:
            assert run.metrics.cost_total >= bound
