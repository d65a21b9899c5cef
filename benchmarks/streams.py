"""The recorded streams: the MESS+ authors' eight, and every other table at promises of our own."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from messplus.encoders import Encoder
from messplus.replay.readers import read_outcomes
from messplus.replay.serving import Rows
from messplus.replay.streams import Stream, make_streams

RECORDING = "messplus_llama3"
"""The MESS+ authors' recording, whose streams have promises of their own."""

LADDER = (0.5, 0.75, 0.9)
"""Promises on other tables: so far from the mean score of the cheapest model to that of the best."""

ONE_PROMISE = (0.75,)

MOST = 3500
"""Requests that are kept of a table where a page is made of many runs."""


def all_streams(
    data: Path,
    encoder: Encoder,
    *,
    promises: Sequence[float] = LADDER,
    most: int | None = None,
    only: Collection[str] = (),
) -> list[Stream]:
    """The recording's eight streams, and every other table once per promise.

    Args:
        data: Folder of tables.
        encoder: Request text to features.
        promises: On the other tables; they are the names of their tasks.
        most: Longer tables are sampled down to so many requests, before promises are made.
        only: Names of the other tables that are wanted. Empty: all.
    """
    streams: list[Stream] = []
    for path in sorted(data.glob("*.parquet")):
        table = read_outcomes(path).table
        if table.name == RECORDING:
            streams += make_streams(table, encoder)
        elif not only or table.name in only:
            (stream,) = make_streams(table, encoder, alpha=1.0)
            sample = stream if most is None else sampled(stream, most)
            streams += [promising(sample, part) for part in promises]
    return streams


def promising(stream: Stream, part: float) -> Stream:
    """With alpha so far from the cheapest to the best model's mean score."""
    score = stream.score.mean(axis=0)
    alpha = float(score[0] + part * (score.max() - score[0]))
    return replace(stream, alpha=alpha, task=f"{part:g}")


def sampled(stream: Stream, most: int) -> Stream:
    """At most so many requests, drawn at random but always the same, in recorded order."""
    if stream.n_requests <= most:
        return stream
    rows = np.random.default_rng(0).choice(stream.n_requests, most, replace=False)
    return of_rows(stream, np.sort(rows))


def of_rows(stream: Stream, rows: Rows) -> Stream:
    """These requests of a stream, in this order."""
    part = sha256(stream.digest.encode() + rows.astype(np.int64).tobytes())
    return replace(
        stream,
        score=stream.score[rows],
        cost=stream.cost[rows],
        features=stream.features[rows],
        tasks=tuple(stream.tasks[row] for row in rows) if stream.tasks else (),
        encoding_s=stream.encoding_s * len(rows) / stream.n_requests,
        digest=part.hexdigest(),
    )


def named(stream: Stream) -> str:
    """A stream with its promise, as the tables show it."""
    if stream.data == RECORDING:
        return f"{stream.task} (α = {stream.alpha:g})"
    return f"{stream.data}, {stream.task} (α = {stream.alpha:.3f})"
