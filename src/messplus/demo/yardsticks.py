"""What a demo's requests would have cost otherwise, as far as recorded outcomes tell."""

from dataclasses import dataclass

import numpy as np

from messplus.core.types import Floats
from messplus.encoders import HashedNgrams
from messplus.replay.outcomes import OutcomeTable
from messplus.replay.references import Reference, cheapest_mix, clairvoyant, static_mix
from messplus.replay.streams import make_streams


@dataclass(frozen=True, slots=True, eq=False)
class Yardsticks:
    """Other ways to answer the requests of a script.

    Attributes:
        cheapest: Name of the model that costs least.
        largest: Of the one that costs most.
        largest_usd: What the largest charged for each request, shape (T,).
        mix_usd: What the cheapest blind mix that keeps the promise charges for each on average,
            shape (T,); it takes hindsight to know it. None: no mix keeps it.
        lines: Each way for the whole script, dearest first; those that cannot keep the promise have no
            cost, the cheapest model has one all the same.
    """

    cheapest: str
    largest: str
    largest_usd: Floats
    mix_usd: Floats | None
    lines: tuple[Reference, ...]


def yardsticks(outcomes: OutcomeTable, alpha: float) -> Yardsticks:
    """Measure by what was recorded of the requests.

    Args:
        outcomes: Of the requests, in the order in which they are asked.
        alpha: The promise, in (0, 1].
    """
    (stream,) = make_streams(outcomes, HashedNgrams(), alpha=alpha)
    cost, score = stream.cost.mean(axis=0), stream.score.mean(axis=0)
    mix = cheapest_mix(cost, score, alpha)

    def always(m: int) -> Reference:
        return Reference(
            data=stream.data,
            task=stream.task,
            alpha=alpha,
            reference=f"always {stream.models[m]}",
            cost_total=float(cost[m]) * stream.n_requests,
            cost_mean=float(cost[m]),
            satisfaction=float(score[m]),
        )

    largest = stream.n_models - 1
    return Yardsticks(
        cheapest=stream.models[0],
        largest=stream.models[largest],
        largest_usd=stream.cost[:, largest],
        mix_usd=None if mix is None else _mixed(stream.cost, mix.first, mix.second, mix.weight),
        lines=(always(largest), static_mix(stream), clairvoyant(stream), always(0)),
    )


def _mixed(cost: Floats, first: int, second: int, weight: float) -> Floats:
    return np.asarray(weight * cost[:, first] + (1.0 - weight) * cost[:, second])
