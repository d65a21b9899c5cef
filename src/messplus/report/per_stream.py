"""One row per stream, as in the paper's Table 2: cost and satisfaction under each policy."""

from collections.abc import Sequence
from statistics import fmean

from messplus.replay.results import Results, Run, policies_of, streams_of
from messplus.report import text
from messplus.report.aggregate import (
    StreamKey,
    mean,
    reference_lines,
    runs_of,
    short_of,
    spread,
)
from messplus.report.table import Cell, Column, Row, Table

SHORT = "✗"
"""Stands behind a satisfaction that falls short of its promise."""


def stream_table(results: Results) -> Table:
    """One row per stream: each policy's cost and satisfaction, beside the reference lines."""
    streams, policies = streams_of(results.runs), policies_of(results.runs)
    units = {run.cell.cost_unit for run in results.runs}
    labels = text.stream_labels(streams)
    common = _scale(results, results.runs) if len(units) == 1 else None
    in_unit = f", {common.unit}" if common else ""
    columns = [
        Column("stream", "Data set or task that carries a promise of its own.", "left"),
        Column("α, %", "Promised share of satisfied requests."),
    ]
    seeds = "mean over seeds, ± standard deviation if they differ"
    for policy in policies:
        columns += [
            Column(
                f"cost{in_unit}", f"Cost of the whole stream under {policy}: {seeds}.", group=policy
            ),
            Column(
                "satisfied, %",
                f"Share of satisfied requests under {policy}: {seeds}; {SHORT} if the mean is "
                "below alpha.",
                group=policy,
            ),
        ]
    shown = ("static_mix", "clairvoyant")
    columns += [
        Column(f"{text.reference_title(name)}{in_unit}", f"Cost of the stream: {_WHAT[name]}.")
        for name in shown
    ]
    rows = [
        Row(_stream_cells(results, stream, labels[stream], policies, shown, common), "stream")
        for stream in streams
    ]
    rows.append(Row(_mean_cells(results, policies, shown, common), "mean"))
    note = f"{SHORT} mean over seeds below alpha."
    if common is None:
        note += " Costs differ in unit between streams: each carries its own, and none is averaged."
    return Table("Per stream", tuple(columns), tuple(rows), note)


_WHAT = {
    "static_mix": "cheapest mix of models, blind to the prompt, that reaches alpha in hindsight",
    "clairvoyant": "cheapest choice for one who knows every outcome beforehand",
}


def _stream_cells(
    results: Results,
    stream: StreamKey,
    label: str,
    policies: Sequence[str],
    references: Sequence[str],
    common: text.CostScale | None,
) -> tuple[Cell, ...]:
    here = [run for run in results.runs if (run.cell.data, run.cell.task) == stream]
    scale, alpha = common or _scale(results, here), here[0].cell.alpha
    unit = "" if common else f" {scale.unit}"
    cells = [Cell(label), Cell(text.percent(alpha))]
    for policy in policies:
        cells += _cost_and_satisfaction(runs_of(results, stream, policy), alpha, scale, unit)
    for name in references:
        line = reference_lines(results, name).get(stream)
        cost = line.cost_total if line else None
        out = line is not None and cost is None
        cells.append(Cell("out of reach" if out else scale.text(cost) + unit))
    return tuple(cells)


def _cost_and_satisfaction(
    runs: Sequence[Run], alpha: float, scale: text.CostScale, unit: str
) -> list[Cell]:
    if not runs:
        return [Cell(text.NOTHING), Cell(text.NOTHING)]
    costs = [run.metrics.cost_total for run in runs]
    satisfied = [run.metrics.satisfaction for run in runs]
    cost_spread, satisfied_spread = spread(costs), spread(satisfied)
    shown = text.with_spread(
        scale.text(fmean(costs)), None if cost_spread is None else scale.text(cost_spread)
    )
    share = text.with_spread(
        text.percent(fmean(satisfied)),
        None if satisfied_spread is None else text.percent(satisfied_spread),
    )
    short = short_of(fmean(satisfied), alpha) > 0
    return [Cell(shown + unit), Cell(f"{share} {SHORT}", "bad") if short else Cell(share)]


def _mean_cells(
    results: Results,
    policies: Sequence[str],
    references: Sequence[str],
    common: text.CostScale | None,
) -> tuple[Cell, ...]:
    streams = streams_of(results.runs)
    alphas = {(run.cell.data, run.cell.task): run.cell.alpha for run in results.runs}
    cells = [Cell("mean"), Cell(text.percent(fmean(alphas.values())))]
    for policy in policies:
        per_stream = [runs_of(results, stream, policy) for stream in streams]
        everywhere = common is not None and all(per_stream)
        cost = mean(mean(r.metrics.cost_total for r in runs) for runs in per_stream)
        satisfied = mean(mean(r.metrics.satisfaction for r in runs) for runs in per_stream)
        cells += [
            Cell(common.text(cost) if everywhere and common else text.NOTHING),
            Cell(text.percent(satisfied)),
        ]
    for name in references:
        costs = [line.cost_total for line in reference_lines(results, name).values()]
        whole = common is not None and None not in costs
        cells.append(Cell(common.text(mean(costs)) if whole and common else text.NOTHING))
    return tuple(cells)


def _scale(results: Results, runs: Sequence[Run]) -> text.CostScale:
    """One unit for all costs of these runs."""
    return text.cost_scale(runs[0].cell.cost_unit, [run.metrics.cost_total for run in runs])
