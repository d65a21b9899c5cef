"""Figures: the same files on any day, names that any file system takes, nobody's settings touched."""

import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from messplus.replay.results import Results
from messplus.replay.streams import Stream
from messplus.report import labels, style
from messplus.report.figures import file_names, write_figures
from messplus.report.plots import _queue_limit
from messplus.report.sweeps import (
    Bound,
    Measured,
    Panel,
    queue_against_bounds,
    shortfall_against_bounds,
    sweep,
    tail_against_bounds,
)

T = np.arange(1.0, 201.0)


def test_the_same_results_give_the_same_files(
    results: Results, streams: list[Stream], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)  # importing it would now fail
    before = matplotlib.rcParams.copy()
    write_figures(results, streams, tmp_path / "a")
    write_figures(results, streams, tmp_path / "b")
    files = sorted((tmp_path / "a").iterdir())
    assert len(files) == 22
    for file in files:
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
    assert matplotlib.rcParams.copy() == before


def test_names_of_tasks_become_names_of_files() -> None:
    assert file_names(["a/b c", "a b/c", "A-B-C", "../..", "", "overview", "ü" * 99]) == [
        "a-b-c",
        "a-b-c-2",
        "A-B-C-3",
        "stream",
        "stream-2",
        "overview-2",
        "stream-3",
    ]


@pytest.mark.parametrize("places", [[0.5, 0.5, 0.5], [0.0, 0.01, 1.0], [1.0, 0.99, 0.98, 0.2]])
def test_labels_keep_apart_in_order_and_inside(places: list[float]) -> None:
    found = labels._apart(places, 0.1)
    in_order = [found[i] for i in sorted(range(len(places)), key=lambda i: places[i])]
    assert np.diff(in_order).min() >= 0.1 - 1e-9
    assert min(found) >= 0.0
    assert max(found) <= 1.0 + 1e-9


def test_a_queue_that_only_grows_does_not_flatten_the_others() -> None:
    assert _queue_limit([(20.0, False), (400.0, True)]) == pytest.approx(26.0)
    assert _queue_limit([(20.0, False), (30.0, True)]) == pytest.approx(31.5)
    assert _queue_limit([(400.0, True)]) == pytest.approx(420.0)
    assert _queue_limit([(0.0, False)]) == 1.0


def test_a_sweep_is_drawn_whatever_is_missing() -> None:
    v = np.geomspace(1e-6, 1e-2, 5)
    gaps = np.array([1.0, np.nan, 2.0, 3.0, 2.0])
    panels = [
        Panel(y_label="cost", lines={"a": gaps, "b": v}, levels={"static mix": 1.0}, log_y=True),
        Panel(y_label="above α", lines={"a": gaps}, shown_as="points"),
        Panel(y_label="nothing", lines={}, shown_as="percent"),
    ]
    svg = style.to_svg(sweep("V", v, panels, marked={"paper": 1e-4}))
    assert b">paper<" in svg
    assert "10⁻⁶".encode() in svg
    one = Panel(y_label="cost", lines={"a": np.array([1.0])})
    style.to_svg(sweep("c", np.array([0.1]), [one], log_x=False))


@pytest.mark.parametrize("log_log", [False, True])
def test_measurements_are_drawn_against_their_bounds(log_log: bool) -> None:
    measured = Measured("messplus", T, np.sqrt(T), np.sqrt(T) / 2, 2 * np.sqrt(T))
    bounds = [Bound("theorem 1", T, 5 + np.sqrt(T)), Bound("no bound", T, np.full(200, np.inf))]
    svg = style.to_svg(queue_against_bounds([measured], bounds, log_log=log_log))
    assert b">theorem 1<" in svg
    assert b">no bound<" not in svg
    shortfall = Measured("messplus", T, 1 / T - 0.01)
    style.to_svg(shortfall_against_bounds([shortfall], bounds[:1], log_log=log_log))


def test_tails_are_drawn_against_their_bounds() -> None:
    measured = Measured("excursions", T, np.exp(-T / 10))
    bounds = [Bound("bound", T, np.exp(-T / 20))]
    svg = style.to_svg(
        tail_against_bounds([measured], bounds, x_label="beyond", y_label="share of excursions")
    )
    assert b">bound<" in svg
    assert "10⁻⁶".encode() in svg
