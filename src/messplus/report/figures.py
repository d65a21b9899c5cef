"""The figures of a grid as files: which are drawn, what they are called, what they say."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from matplotlib.figure import Figure

from messplus.errors import SettingError
from messplus.files import write_whole
from messplus.replay.references import Reference
from messplus.replay.results import Results, Run, policies_of, streams_of
from messplus.replay.streams import Stream
from messplus.report import plots, style, text
from messplus.report.aggregate import StreamKey, mean, runs_of
from messplus.report.overview import overview
from messplus.report.plane import plane

OnFigure = Callable[[int, int], None]  # (figures written, all of them)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure that was written.

    Attributes:
        name: File name without suffix.
        stream: The stream that it is about; None if about all.
        title: What it shows.
        alt: What can be read off it, for those who cannot see it.
        svg: The figure itself.
    """

    name: str
    stream: StreamKey | None
    title: str
    alt: str
    svg: bytes


@dataclass(frozen=True, slots=True)
class _Planned:
    name: str
    stream: StreamKey | None
    title: str
    alt: str
    draw: Callable[[], Figure]


def write_figures(
    results: Results,
    streams: Sequence[Stream] | None,
    folder: Path,
    on_progress: OnFigure | None = None,
) -> list[Drawn]:
    """Write every figure as PNG and SVG.

    Args:
        results: What is drawn.
        streams: The streams of the results; None: only what needs neither them nor the course of runs.
        folder: Where the files go.
        on_progress: Called after each figure.

    Raises:
        SettingError: A stream of the results is not among the streams.
        OSError: The folder cannot be written.
    """
    planned = list(_plan(results, streams))
    drawn = []
    for done, figure in enumerate(planned, start=1):
        image = figure.draw()
        svg = style.to_svg(image)
        image.set_layout_engine("none")  # the first file laid it out: half the time goes there
        write_whole(folder / f"{figure.name}.svg", partial(_fill, svg))
        write_whole(folder / f"{figure.name}.png", partial(_fill, style.to_png(image)))
        drawn.append(Drawn(figure.name, figure.stream, figure.title, figure.alt, svg))
        if on_progress is not None:
            on_progress(done, len(planned))
    return drawn


def file_names(labels: Iterable[str], taken: Iterable[str] = ("overview",)) -> list[str]:
    """A name for each label that any file system takes, no two alike even in lower case."""
    used, names = set(taken), []
    for label in labels:
        stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", label).strip("-.")[:60] or "stream"
        name, copy = stem, 2
        while name.lower() in used:
            name, copy = f"{stem}-{copy}", copy + 1
        used.add(name.lower())
        names.append(name)
    return names


def _fill(content: bytes, file: IO[bytes]) -> None:
    file.write(content)


def _plan(results: Results, streams: Sequence[Stream] | None) -> Iterator[_Planned]:
    yield _Planned(
        "overview",
        None,
        "Cost and satisfaction of every policy on every stream",
        "Dot plot, a row per stream: cost over that of the static mix, and satisfaction above "
        "alpha, for each policy. The tables give the same figures.",
        partial(overview, results),
    )
    if streams is None:
        return
    keys = streams_of(results.runs)
    by_key = {(stream.data, stream.task): stream for stream in streams}
    labels = text.stream_labels(keys)
    stems = file_names(labels[key] for key in keys)
    for key, stem in zip(keys, stems, strict=True):
        if key not in by_key:
            raise SettingError(f"streams must hold every stream of the results: {key} is missing")
        yield from _of_stream(results, by_key[key], labels[key], stem)


def _of_stream(results: Results, stream: Stream, label: str, stem: str) -> Iterator[_Planned]:
    key = (stream.data, stream.task)
    policies = [
        plots.PolicyRuns(policy, index, tuple(runs))
        for index, policy in enumerate(policies_of(results.runs))
        if (runs := runs_of(results, key, policy))
    ]
    lines = [line for line in results.references if (line.data, line.task) == key]
    alpha = f"alpha = {text.percent(stream.alpha)} %"

    def planned(kind: str, title: str, alt: str, draw: Callable[[], Figure]) -> _Planned:
        return _Planned(f"{stem}-{kind}", key, title, f"{label}: {alt}", draw)

    yield planned(
        "satisfaction",
        "Share of satisfied requests so far",
        f"share of satisfied requests over time against {alpha}. At the end: "
        f"{_each(policies, lambda r: r.metrics.satisfaction, text.percent, ' %')}.",
        partial(plots.satisfaction, stream, policies),
    )
    yield planned(
        "plane",
        "Cost against satisfaction",
        f"cost per request against satisfaction, with {alpha}: single models, the line of their "
        "mixes, reference lines and every run.",
        partial(plane, stream, policies, lines),
    )
    scale = text.cost_scale(
        stream.cost_unit, [r.metrics.cost_total for p in policies for r in p.runs]
    )
    yield planned(
        "cost",
        "Cost so far",
        "cost over time beside the pace of the reference lines. At the end: "
        f"{_each(policies, lambda r: r.metrics.cost_total, scale.text, f' {scale.unit}')}"
        f"{_paces(lines, scale)}.",
        partial(plots.cost, stream, policies, lines),
    )
    yield planned(
        "queue",
        "Virtual queue: satisfaction owed",
        "virtual queue over time. At the end: "
        f"{_each(policies, lambda r: r.metrics.queue_final, lambda q: text.number(q or 0, 1))}.",
        partial(plots.queue, stream, policies),
    )
    yield planned(
        "models",
        "Which models answered, so far",
        "share of each model among the answers over time, a plot per policy. At the end: "
        f"{_shares(stream, policies)}.",
        partial(plots.model_shares, stream, policies),
    )


def _each(
    policies: Sequence[plots.PolicyRuns],
    figure: Callable[[Run], float],
    shown: Callable[[float | None], str],
    unit: str = "",
) -> str:
    """A figure of every policy, as the mean over seeds."""
    return ", ".join(
        f"{runs.policy} {shown(mean(map(figure, runs.runs)))}{unit}" for runs in policies
    )


def _paces(lines: Sequence[Reference], scale: text.CostScale) -> str:
    """What the reference lines cost."""
    return "".join(
        f"; {text.reference_title(line.reference)} {scale.text(line.cost_total)} {scale.unit}"
        for line in lines
        if line.cost_total is not None
    )


def _shares(stream: Stream, policies: Sequence[plots.PolicyRuns]) -> str:
    """Each model's share under every policy."""
    return "; ".join(
        f"{runs.policy}: "
        + ", ".join(
            f"{model} {text.percent(mean(r.metrics.calls[model] for r in runs.runs), 0)} %"
            for model in stream.models
        )
        for runs in policies
    )
