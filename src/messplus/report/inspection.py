"""What `messplus inspect` and `messplus fit` show of a table's models, and what there is to gain."""

from collections.abc import Sequence

import numpy as np

from messplus.priors import Prior
from messplus.replay.references import NAMES, Reference
from messplus.replay.streams import Stream
from messplus.report import text
from messplus.report.table import Cell, Column, Row, Table


def models_table(streams: Sequence[Stream]) -> Table:
    """Each model's mean cost and score on each stream of one data set."""
    labels = text.stream_labels((s.data, s.task) for s in streams)
    scale = text.cost_scale(
        streams[0].cost_unit, [cost for s in streams for cost in s.cost.mean(axis=0)]
    )
    columns = [
        Column("stream", "Data set or task that carries a promise of its own.", "left"),
        Column("requests", "Requests in the stream."),
        Column("α, %", "Promised share of satisfied requests."),
    ]
    for model in streams[0].models:
        columns += [
            Column(f"mean cost, {scale.unit}", "Mean cost per request.", group=model),
            Column("satisfied, %", "Mean score.", group=model),
        ]
    rows = []
    for stream in streams:
        cells = [
            Cell(labels[stream.data, stream.task]),
            Cell(text.number(stream.n_requests, 0)),
            Cell(text.percent(stream.alpha)),
        ]
        for cost, score in zip(stream.cost.mean(axis=0), stream.score.mean(axis=0), strict=True):
            reaches = score >= stream.alpha
            cells += [
                Cell(scale.text(float(cost))),
                Cell(text.percent(float(score)), "good" if reaches else ""),
            ]
        rows.append(Row(tuple(cells), "stream"))
    return Table(
        title=f"{streams[0].data}: models in the zoo's order, cheapest first",
        columns=tuple(columns),
        rows=tuple(rows),
        note="Green: reaches alpha by itself." if len(streams[0].models) > 1 else "",
    )


def references_table(references: Sequence[Reference], streams: Sequence[Stream]) -> Table:
    """What keeping each stream's promise would cost with hindsight: the whole stream, in all."""
    labels = text.stream_labels((s.data, s.task) for s in streams)
    cost = {(r.data, r.task, r.reference): r.cost_total for r in references}
    largest = {
        (s.data, s.task): float(s.cost[:, int(np.argmax(s.cost.mean(axis=0)))].sum())
        for s in streams
    }
    scale = text.cost_scale(streams[0].cost_unit, [*cost.values(), *largest.values()])
    columns = (
        Column("stream", "Data set or task that carries a promise of its own.", "left"),
        Column(f"dearest model, {scale.unit}", "Every request to the dearest model."),
        *(Column(f"{text.reference_title(n)}, {scale.unit}", "Hindsight cost.") for n in NAMES),
    )
    rows = [
        Row(
            (
                Cell(label),
                Cell(scale.text(largest[data, task])),
                *(Cell(scale.text(cost[data, task, name])) for name in NAMES),
            ),
            "stream",
        )
        for (data, task), label in labels.items()
    ]
    return Table(
        title="What the promise would cost with hindsight, for the whole stream",
        columns=columns,
        rows=tuple(rows),
        note=f"{text.NOTHING}: alpha is out of reach. A router has learned something about prompts "
        "once it beats the static mix.",
    )


def prior_table(prior: Prior) -> Table:
    """What a prior was learned from, one row per model."""
    scale = text.cost_scale(prior.cost_unit, prior.list_price)
    rows = [
        Row(
            (
                Cell(model),
                Cell(text.number(prior.n_requests, 0)),
                Cell(text.percent(satisfaction)),
                Cell(scale.text(cost)),
            ),
            "stream",
        )
        for model, satisfaction, cost in zip(
            prior.models, prior.satisfaction, prior.list_price, strict=True
        )
    ]
    columns = (
        Column("model", "Name, cheapest first.", "left"),
        Column("requests", "Requests learned from."),
        Column("satisfied, %", "Mean score on them."),
        Column(f"mean cost, {scale.unit}", "Mean cost per request."),
    )
    return Table(title="learned from", columns=columns, rows=tuple(rows))
