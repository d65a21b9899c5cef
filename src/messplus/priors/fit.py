"""Learn a prior from recorded outcomes: one pass, every model judged and billed on every request."""

from collections.abc import Callable, Sequence
from statistics import fmean

import numpy as np

from messplus.core.types import Floats, Request
from messplus.costs import LogLinear
from messplus.errors import DataError
from messplus.predictors.experts import experts
from messplus.priors.prior import Prior

SAMPLE = 200
"""Requests whose features are kept: what the price window of the policy holds."""

OnStep = Callable[[int, int], None]  # (requests learned from, all of them)


def fit(
    features: Floats,
    score: Floats,
    cost: Floats,
    *,
    models: Sequence[str],
    cost_unit: str,
    encoding: str,
    on_step: OnStep | None = None,
) -> Prior:
    """The prior that the adaptive policy's experts come to after these requests, in this order.

    The experts are weighted by their log scores on each request before they learned from it. Give
    the requests in random order if the recorded one is sorted by anything.

    Args:
        features: Of n requests, shape (n, d).
        score: Satisfaction in [0, 1] of every model's answer, shape (n, M).
        cost: What every answer cost, >= 0, in `cost_unit`, shape (n, M).
        models: Names, in ascending cost.
        cost_unit: "usd", "joule" or any other unit.
        encoding: Identity of the features: `Features.identity`, or `Stream.encoding`.
        on_step: Called after every request.

    Raises:
        DataError: There are no requests, or the shapes do not agree.
    """
    n, m = score.shape
    if n == 0:
        raise DataError("a prior needs at least 1 request, got 0")
    if len(features) != n or cost.shape != (n, m) or len(models) != m:
        raise DataError(
            f"{len(features)} feature vectors, scores {score.shape}, costs {cost.shape} and "
            f"{len(models)} models do not belong together"
        )
    satisfaction = tuple(score.mean(axis=0).tolist())
    list_price = tuple(cost.mean(axis=0).tolist())
    mixture, costs = experts(fmean(satisfaction)).mixture, LogLinear(list_price=list_price)
    state, bills = mixture.init(m, features.shape[1]), costs.init(m, features.shape[1])
    everyone = np.ones(m, dtype=np.bool_)
    for t in range(n):
        state = mixture.update(state, features[t], score[t], everyone)
        bills = costs.update(bills, Request(features=features[t]), cost[t], everyone)
        if on_step is not None:
            on_step(t + 1, n)
    alike, unlike, shared, apart = state.experts
    return Prior(
        models=tuple(models),
        cost_unit=cost_unit,
        encoding=encoding,
        satisfaction=satisfaction,
        blinds=(alike, unlike),
        shared=shared,
        apart=apart,
        log_weight=state.log_weight,
        log_blind=state.log_blind,
        bills=bills,
        list_price=list_price,
        n_requests=n,
        sample=features[-SAMPLE:].copy(),
    )
