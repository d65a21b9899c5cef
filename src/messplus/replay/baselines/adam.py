"""Adam (Kingma and Ba, arXiv:1412.6980, algorithm 1), for the routers that are trained by gradients.

A few lines of numpy rather than a framework: the models are one or two small matrices, and no router here
needs more than their gradient, which is written out and tested beside each loss.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

W = TypeVar("W", bound=NamedTuple)

BETA_1 = 0.9
BETA_2 = 0.999
SMALL = 1e-8


def descend(gradient: Callable[[W], W], start: W, steps: int, rate: float, decay: float = 0.0) -> W:
    """The weights after so many steps.

    Args:
        gradient: Of the loss at some weights; may draw a new batch at each call.
        start: Arrays of any shape, as a named tuple; not changed.
        steps: How many, >= 0.
        rate: Learning rate, > 0.
        decay: L2 penalty: this times the weights is added to their gradient, >= 0.
    """
    weights = start
    first = [np.zeros_like(w) for w in start]  # running mean of the gradient
    second = [np.zeros_like(w) for w in start]  # and of its square
    for t in range(1, steps + 1):
        moved = []
        for i, (w, slope) in enumerate(zip(weights, gradient(weights), strict=True)):
            g = slope + decay * w
            first[i] = BETA_1 * first[i] + (1.0 - BETA_1) * g
            second[i] = BETA_2 * second[i] + (1.0 - BETA_2) * g**2
            mean, square = first[i] / (1.0 - BETA_1**t), second[i] / (1.0 - BETA_2**t)
            moved.append(w - rate * mean / (np.sqrt(square) + SMALL))
        weights = type(start)._make(moved)
    return weights
