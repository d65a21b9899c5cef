"""The summary: one row per policy and per reference line."""

from collections.abc import Sequence

from messplus.replay.results import Results
from messplus.report import text
from messplus.report.aggregate import (
    PolicySummary,
    ReferenceSummary,
    policy_summaries,
    reference_lines,
    reference_summaries,
)
from messplus.report.table import Cell, Column, Row, Table


def summary_table(results: Results) -> Table:
    """One row per policy and per reference line, means over streams and seeds."""
    policies, references = policy_summaries(results), reference_summaries(results)
    units = {run.cell.cost_unit for run in results.runs}
    scale = text.cost_scale(
        units.pop() if len(units) == 1 else "mixed",
        [s.cost for s in policies] + [s.cost for s in references],
    )
    rows = [
        *(Row(_policy_cells(summary, scale), "policy") for summary in policies),
        *(Row(_reference_cells(summary, scale), "reference") for summary in references),
    ]
    return Table(
        title="Summary",
        columns=_summary_columns(scale, policies),
        rows=tuple(rows),
        note=_summary_note(results, policies, references),
    )


def _summary_columns(
    scale: text.CostScale, policies: Sequence[PolicySummary]
) -> tuple[Column, ...]:
    zoo = next((tuple(s.shares) for s in policies if s.shares), ())
    return (
        Column("policy", "What chose the models; below them the reference lines.", "left"),
        Column(
            f"cost, {scale.unit}",
            "Cost of a whole stream, every call charged: mean over streams and seeds.",
        ),
        Column(
            "cost / static mix",
            "Cost over that of the cheapest prompt-blind mix that reaches alpha in hindsight: mean "
            "of the ratio over streams and seeds.",
        ),
        Column(
            "above α, pp",
            "Share of satisfied requests minus alpha, in percentage points: mean over streams and "
            "seeds.",
        ),
        Column("promises kept", "Runs that end at or above alpha."),
        Column("worst miss, pp", "Largest distance below alpha at the end of any run."),
        Column(
            "> 1 pp short, %",
            "Share of requests, after the first 200, at which the running share of satisfied "
            "requests lies more than 1 percentage point below alpha.",
        ),
        Column("explored, %", "Share of requests on which more models were asked, to learn."),
        Column("exploring cost, %", "Share of the cost that was charged for explored requests."),
        Column(
            "answers, %",
            "Share of the delivered answers that each model gave"
            + (f": {' / '.join(zoo)}." if 0 < len(zoo) <= 4 else "."),
        ),
    )


def _policy_cells(summary: PolicySummary, scale: text.CostScale) -> tuple[Cell, ...]:
    return (
        Cell(summary.policy),
        Cell(scale.text(summary.cost)),
        Cell(text.ratio(summary.over_static_mix)),
        Cell(text.points(summary.margin)),
        Cell(
            text.of(summary.kept, summary.runs), "good" if summary.kept == summary.runs else "bad"
        ),
        Cell(text.percent(summary.worst_shortfall, 2)),
        Cell(text.percent(summary.below_1pp)),
        Cell(text.percent(summary.explored)),
        Cell(text.percent(summary.exploring_cost)),
        Cell(text.model_shares(summary.shares)),
    )


def _reference_cells(summary: ReferenceSummary, scale: text.CostScale) -> tuple[Cell, ...]:
    reached = summary.kept == summary.streams
    return (
        Cell(text.reference_title(summary.reference)),
        Cell(scale.text(summary.cost)),
        Cell(text.ratio(summary.over_static_mix)),
        Cell(text.points(summary.margin)),
        Cell(text.of(summary.kept, summary.streams), "" if reached else "bad"),
        Cell(text.percent(summary.worst_shortfall, 2)),
        *(Cell(text.NOTHING),) * 4,
    )


def _summary_note(
    results: Results, policies: Sequence[PolicySummary], references: Sequence[ReferenceSummary]
) -> str:
    notes = []
    zoo = next((tuple(s.shares) for s in policies if s.shares), ())
    if 0 < len(zoo) <= 4:
        notes.append(f"Answers by model: {' / '.join(zoo)}.")
    notes += [
        f"{text.reference_title(s.reference).capitalize()}: {s.detail}."
        for s in references
        if s.detail and s.kept
    ]
    if len({run.cell.cost_unit for run in results.runs}) > 1:
        notes.append("Costs differ in unit between streams: only the ratio is averaged.")
    labels = text.stream_labels((line.data, line.task) for line in results.references)
    static = reference_lines(results, "static_mix")
    if missed := [labels[key] for key, line in static.items() if line.cost_total is None]:
        notes.append(
            f"Alpha is out of reach of every single model and static mix on: {', '.join(missed)}. "
            "Ratios leave these streams out."
        )
    return " ".join(notes)
