"""The virtual queue: satisfaction owed so far (equation 2), and how its steps compose.

    Q <- max(0, Q + alpha - s)

A miss (s = 0) adds alpha to the debt and a hit (s = 1) pays back 1 - alpha.

One step is the map q -> max(q + a, b) with a = alpha - s and b = 0. Such maps are closed under
composition, so any run of steps, however long, is two floats. That is what lets many replicas feed
one queue: each ships the pair of its batch, and nothing is lost or counted twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from messplus.core.types import Floats


@dataclass(frozen=True, slots=True)
class QueueStep:
    """The map q -> max(q + a, b). The default is the map that changes nothing (for q >= 0).

    Attributes:
        a: What is added to the queue, in requests.
        b: What the queue is at least, afterwards, in requests.
    """

    a: float = 0.0
    b: float = 0.0

    def __call__(self, q: float) -> float:
        """The queue after this step."""
        return max(q + self.a, self.b)

    def then(self, after: "QueueStep") -> "QueueStep":
        """Both steps as one: `first.then(second)(q) == second(first(q))` for every q."""
        return QueueStep(self.a + after.a, max(self.b + after.a, after.b))


def step(alpha: float, satisfied: float) -> QueueStep:
    """The step that one delivered answer makes: a = alpha - s, never below an empty queue."""
    return QueueStep(alpha - satisfied, 0.0)


def merge(steps: Iterable[QueueStep]) -> QueueStep:
    """A run of steps as one step, in the order in which they are given."""
    merged = QueueStep()
    for one in steps:
        merged = merged.then(one)
    return merged


def path(alpha: float, satisfied: Floats) -> Floats:
    """The queue after each request of a stream that starts with nothing owed.

    Args:
        alpha: The promised share of satisfied requests, in (0, 1].
        satisfied: Satisfaction of the delivered answers in order, shape (T,).

    Returns:
        Q_2 .. Q_{T+1} of equation (2), shape (T,): debt minus its running minimum (Lindley).
    """
    debt = np.cumsum(alpha - satisfied)
    return np.asarray(debt - np.minimum(np.minimum.accumulate(debt), 0.0), dtype=np.float64)
