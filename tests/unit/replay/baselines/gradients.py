"""Gradients by central differences, to hold the written ones to."""

from collections.abc import Callable

import numpy as np

from messplus.core.types import Floats

STEP = 1e-6


def finite_differences(f: Callable[[Floats], float], at: Floats) -> Floats:
    """The gradient of a function of an array, in the array's shape."""
    gradient = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[place] = STEP
        gradient[place] = (f(at + step) - f(at - step)) / (2.0 * STEP)
    return gradient
