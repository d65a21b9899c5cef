"""How often to explore: the paper's decaying schedule p_t = min(1, c / t^(1/4)).

The decay makes sure that the predictor sees Theta(T^(3/4)) explored requests, enough to learn,
while their share, and with it their cost, vanishes like T^(-1/4).
"""

import math

import numpy as np

DECAY = 0.25
"""Exponent of the schedule, from Algorithm 1."""


def probability(c: float, t: int) -> float:
    """p_t = min(1, c / t^(1/4)) for the t-th request, counted from 1."""
    return min(1.0, c / math.pow(t, DECAY))


def expected_count(c: float, n_requests: int, *, first: bool = True) -> float:
    """Expected number of explored requests among the first `n_requests`; exact, by summation.

    Args:
        c: Scale of the schedule, >= 0.
        n_requests: Length T of the stream.
        first: Whether the first request is always explored (Algorithm 1, line 3).

    Returns:
        sum_t p_t, about (4/3) c T^(3/4) for c <= 1 (lemma A.3: Theta(T^(3/4))).
    """
    if n_requests == 0:
        return 0.0
    t = np.arange(1, n_requests + 1)
    total = float(np.minimum(1.0, c / t**DECAY).sum())
    return total + (1.0 - probability(c, 1)) if first else total
