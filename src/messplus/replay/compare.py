"""Fair comparison of policies: equal satisfaction, what learning cost, and how sure one may be.

Two policies that end at different satisfaction cannot be compared by cost alone: near the best model's
satisfaction a point less may halve the bill. So a policy is run at several promises, and its cost is read
off where its *realised* satisfaction is alpha.
"""

import math

import numpy as np

from messplus.core.types import Floats

REPLICATES = 2000
"""Bootstrap samples behind an interval."""


def cost_at(alpha: float, satisfaction: Floats, cost: Floats) -> float:
    """Cost at which a policy would have satisfied a share alpha.

    Args:
        alpha: The share.
        satisfaction: Realised by runs of one policy at different promises, shape (K,).
        cost: Of the same runs, shape (K,), > 0.

    Returns:
        exp of the piecewise linear interpolation of log cost over satisfaction; NaN where alpha is
        outside of what was realised: nothing is extrapolated. Of runs with one satisfaction the
        geometric mean counts.
    """
    levels, place = np.unique(satisfaction, return_inverse=True)
    if not levels[0] <= alpha <= levels[-1]:
        return math.nan
    log_cost = np.bincount(place, weights=np.log(cost)) / np.bincount(place)
    return math.exp(float(np.interp(alpha, levels, log_cost)))


def break_even(exploration: float, baseline: float, serving: float) -> float:
    """Requests until exploration has paid back: C0 / (Cb - Cr), rounded up (SA-BEP).

    Source: supervision-aware break-even point, arXiv:2609.37402, without overhead per request.

    Args:
        exploration: C0, all that exploration was charged.
        baseline: Cb, cost per request of what would serve without a router.
        serving: Cr, cost per request with the router, once it has learned.

    Returns:
        A whole number of requests, 0 if nothing was explored; infinite if serving is no cheaper.
    """
    saved = baseline - serving
    return float(math.ceil(exploration / saved)) if saved > 0 else math.inf


def aiq(cost: Floats, quality: Floats, least: float, most: float) -> float:
    """Average improvement in quality: mean height of a router's cost-quality curve.

    The curve is the non-decreasing concave hull of its points, which mixing two settings reaches. Below
    its cheapest point it is that point's height, and above its dearest likewise. Source: RouterBench,
    arXiv:2403.12031, section 3.

    Args:
        cost: Mean cost at each setting of the router's knob, shape (K,).
        quality: Mean score at each, shape (K,).
        least: Cost where the average begins.
        most: Cost where it ends, > least.
    """
    corners: list[tuple[float, float]] = []
    for x, y in sorted(zip(cost.tolist(), quality.tolist(), strict=True)):
        if corners and y <= corners[-1][1]:
            continue  # dearer and no better
        if corners and x == corners[-1][0]:
            corners.pop()
        while len(corners) > 1 and _below(corners[-2], corners[-1], (x, y)):
            corners.pop()
        corners.append((x, y))
    xs, ys = np.array(corners).T
    grid = np.unique(np.concatenate(([least, most], xs[(xs > least) & (xs < most)])))
    heights = np.interp(grid, xs, ys)
    return float(np.sum(np.diff(grid) * (heights[1:] + heights[:-1]) / 2.0) / (most - least))


def geometric_interval(
    log_ratio: Floats, rng: np.random.Generator, *, level: float = 0.95
) -> tuple[float, float, float]:
    """Geometric mean of ratios over data sets, with a bootstrap interval.

    Data sets are drawn with replacement, and seeds within each: the interval speaks of other data sets
    like these, not only of other orders of the same.

    Args:
        log_ratio: Mean log ratio for each data set and seed, shape (D, S); NaN where there is none.
        rng: Draws the samples.
        level: Of the interval, in (0, 1).

    Returns:
        Mean, lower and upper end; all NaN if there is no ratio at all.
    """
    known = log_ratio[~np.isnan(log_ratio).all(axis=1)]
    if len(known) == 0:
        return math.nan, math.nan, math.nan
    counted = ~np.isnan(known)
    value = np.where(counted, known, 0.0)
    n, seeds = known.shape
    sets = rng.integers(n, size=(REPLICATES, n))
    drawn = sets[:, :, None], rng.integers(seeds, size=(REPLICATES, n, seeds))
    count = counted[drawn].sum(axis=2)
    # Where all seeds drawn of a data set are gaps, its own mean stands for them.
    own = value.sum(axis=1) / counted.sum(axis=1)
    mean = np.where(count > 0, value[drawn].sum(axis=2) / np.maximum(count, 1), own[sets])
    low, high = np.quantile(mean.mean(axis=1), [(1 - level) / 2, (1 + level) / 2])
    return math.exp(own.mean()), math.exp(low), math.exp(high)


def _below(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    """Whether b lies on or below the line from a to c; ascending in x."""
    return (b[1] - a[1]) * (c[0] - a[0]) <= (c[1] - a[1]) * (b[0] - a[0])
