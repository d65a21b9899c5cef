"""Fit a prior on recorded streams."""

from collections.abc import Sequence

import numpy as np

from messplus.core.types import Floats
from messplus.errors import DataError, require_range
from messplus.priors import Prior, fit
from messplus.priors.fit import OnStep
from messplus.replay.streams import Stream


def fit_streams(
    streams: Sequence[Stream],
    *,
    share: float = 1.0,
    shuffle: bool = True,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> Prior:
    """One prior over the requests of some streams of one zoo.

    Args:
        streams: Their models may be in any order; the prior's is that of the first.
        share: Part of each stream's requests to learn from, in (0, 1]: at least one of them.
        shuffle: Learn from random requests of each stream, in random order across streams; else
            from the first ones, in the recorded order, stream after stream.
        seed: Drives the order.
        on_step: Called after every request with (requests learned from, all of them).

    Raises:
        DataError: There are no streams, or their models, costs or features differ.
        SettingError: The share is out of range.
    """
    require_range("rows", share, "in (0, 1]", ok=0.0 < share <= 1.0)
    if not streams:
        raise DataError("a prior needs at least 1 stream, got 0")
    first, rng = streams[0], np.random.default_rng(seed)
    parts: list[tuple[Floats, Floats, Floats]] = []
    for stream in streams:
        _check_alike(first, stream)
        order = rng.permutation(stream.n_requests) if shuffle else np.arange(stream.n_requests)
        rows = order[: max(1, int(share * stream.n_requests))]
        columns = [stream.models.index(name) for name in first.models]
        score, cost = stream.score[rows][:, columns], stream.cost[rows][:, columns]
        parts.append((stream.features[rows], score, cost))
    features, score, cost = (np.concatenate(values) for values in zip(*parts, strict=True))
    mixed = rng.permutation(len(score)) if shuffle else np.arange(len(score))
    return fit(
        features[mixed],
        score[mixed],
        cost[mixed],
        models=first.models,
        cost_unit=first.cost_unit,
        encoding=first.encoding,
        on_step=on_step,
    )


def _check_alike(first: Stream, stream: Stream) -> None:
    """Raise a `DataError` unless one prior can be learned on both."""
    if differing := sorted(set(first.models) ^ set(stream.models)):
        raise DataError(
            f"{first.label} and {stream.label} differ in the models {', '.join(differing)}: fit "
            "each zoo on its own"
        )
    if first.cost_unit != stream.cost_unit:
        raise DataError(
            f"costs of {first.label} are in {first.cost_unit!r}, of {stream.label} in "
            f"{stream.cost_unit!r}: fit each unit on its own"
        )
    if first.encoding != stream.encoding:
        raise DataError(
            f"{first.label} and {stream.label} have other features ({first.encoding}; "
            f"{stream.encoding}): only several tasks in one stream are features themselves. Name "
            "tasks with --task, or fit each table on its own"
        )
